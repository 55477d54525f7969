"""Redaction: no usable secret comes through, and what may be known of it does."""

from __future__ import annotations

import base64
import json
import time

import pytest

from udckit.conformance import Redactor, TokenFacts
from udckit.conformance.redaction import PASSWORD, PRIVATE_KEY
from udckit.fakes import FakeRegistry, SigningKey

KEY = SigningKey.generate("of these tests")


@pytest.fixture(scope="module")
def token() -> str:
    return KEY.sign({"service_id": 7, "service_name": "ledger", "exp": int(time.time()) + 60})


@pytest.fixture(scope="module")
def another() -> str:
    return KEY.sign({"service_id": 8, "service_name": "archive", "exp": int(time.time()) + 60})


def test_token_becomes_a_reference(token: str) -> None:
    assert Redactor().text(f"Bearer {token}") == "Bearer <token:t1>"


def test_same_token_keeps_its_reference(token: str, another: str) -> None:
    redactor = Redactor()

    told = [redactor.text(each) for each in (token, another, token)]

    assert told == ["<token:t1>", "<token:t2>", "<token:t1>"]


def test_facts_of_a_token_are_told_once(token: str) -> None:
    told: list[TokenFacts] = []
    redactor = Redactor(on_token=told.append)

    redactor.text(token)
    redactor.text(f'{{"token": "{token}"}}')

    assert len(told) == 1
    assert told[0].claims["service_name"] == "ledger"
    assert told[0].header["alg"] == "RS256"


def test_facts_hold_no_signature(token: str) -> None:
    facts = Redactor().facts_of(token)

    assert token.split(".")[2] not in json.dumps(facts.as_json())


def test_facts_say_who_signed_and_what_for(token: str) -> None:
    redactor = Redactor(signed_by=lambda each: "authority" if each == token else "unknown")
    redactor.issued(token, "the kit's valid token")

    facts = redactor.facts_of(token)

    assert (facts.signed_by, facts.issued_as) == ("authority", "the kit's valid token")


def test_facts_survive_their_line_of_the_record(token: str) -> None:
    facts = Redactor().facts_of(token)

    assert TokenFacts.from_json(json.loads(json.dumps(facts.as_json()))) == facts


def test_reference_is_put_back_to_be_sent(token: str) -> None:
    redactor = Redactor()
    shown = redactor.text(f"Bearer {token}")

    assert redactor.revealed(shown) == f"Bearer {token}"
    assert redactor.revealed("Bearer <token:t99>") == "Bearer <token:t99>"


def test_reference_of_one_run_means_nothing_to_another(token: str) -> None:
    assert Redactor().known(Redactor().text(token)) is None


@pytest.mark.parametrize(
    "around",
    [
        "Authorization: Bearer {}",
        '{{"token":"{}","service_id":7}}',
        "/state?token={}&x=1",
        "session={}; Path=/",
        "token={}.",
        "<{}>",
        "{}\n{}",
    ],
)
def test_token_is_found_wherever_it_stands(token: str, around: str) -> None:
    cleaned = Redactor().text(around.format(token, token))

    assert token.split(".")[2] not in cleaned
    assert "<token:t1>" in cleaned


def test_token_without_a_signature_is_a_token_too(token: str) -> None:
    unsigned = token.rsplit(".", 1)[0]

    assert Redactor().text(f"{unsigned}.") == "<token:t1>"
    assert Redactor().text(unsigned) == "<token:t1>"


@pytest.mark.parametrize("text", ["eyJub3QgYSB0b2tlbg", "eye.contact", "see 1.2.3", "Bearer abc"])
def test_text_that_is_no_token_is_left_alone(text: str) -> None:
    assert Redactor().text(text) == text


def test_token_with_nonsense_inside_is_a_token_without_facts() -> None:
    facts = Redactor().facts_of("eyJhbGciOiJSUzI1NiJ9.bm9uc2Vuc2U.c2ln")

    assert (facts.header, facts.claims) == ({"alg": "RS256"}, None)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("postgresql://app:hunter2@db:5432/x", f"postgresql://app:{PASSWORD}@db:5432/x"),
        ("redis://:hunter2@cache:6379/0", f"redis://:{PASSWORD}@cache:6379/0"),
        ("postgres+asyncpg://a:b%40c@db/x", f"postgres+asyncpg://a:{PASSWORD}@db/x"),
        ("postgres://app:hun@ter2@db/x", f"postgres://app:{PASSWORD}@db/x"),
        ('{"host": "mysql://u:p@h"}', f'{{"host": "mysql://u:{PASSWORD}@h"}}'),
        ("a://b:c@d and e://f:g@h", f"a://b:{PASSWORD}@d and e://f:{PASSWORD}@h"),
    ],
)
def test_password_of_a_dsn_is_taken_out(text: str, cleaned: str) -> None:
    assert Redactor().text(text) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "http://registry:8000/register",
        "http://registry:8000/x?mail=me@example.org",
        "mail me@example.org, see http://a.example/b",
        "postgresql://app@db/x",
    ],
)
def test_address_without_a_password_is_left_alone(text: str) -> None:
    assert Redactor().text(text) == text


def test_private_key_is_taken_out() -> None:
    text = f"key: {KEY.private_pem}end"

    assert Redactor().text(text).startswith(f"key: {PRIVATE_KEY}")
    assert "BEGIN" not in Redactor().text(text)


def test_private_key_in_json_is_taken_out() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIIE\nabc\n-----END PRIVATE KEY-----\n"

    assert "MIIE" not in Redactor().text(json.dumps({"key": pem}))


def test_private_key_that_is_cut_off_is_taken_out() -> None:
    assert Redactor().text("-----BEGIN PRIVATE KEY-----\nMIIE") == PRIVATE_KEY


def test_public_key_is_left_alone() -> None:
    with FakeRegistry() as registry:
        assert Redactor().text(registry.public_key_pem) == registry.public_key_pem


def test_secret_of_the_operator_is_taken_out() -> None:
    redactor = Redactor(secrets=("s3cr3t-value", "short"))

    assert redactor.text("X-Key: s3cr3t-value; short") == "X-Key: <secret>; short"


def test_text_without_secrets_comes_back_untouched() -> None:
    text = '{"status": "healthy", "uptime_seconds": 12}'

    assert Redactor().text(text) is text


@pytest.mark.parametrize(
    "text",
    [
        "host=db user=droplet password=hunter2 dbname=droplet",
        "host=db user=droplet password='hunter2' dbname=droplet",
        "host = db user = droplet password = hunter2 dbname = droplet",
        "password = hunter2 host = db",
        r"host=db password='it\'s hunter2' dbname=droplet",
        r"host=db password=hunter2\ and\ more dbname=droplet",
        'Settings(user="droplet", password="hunter2")',
        "Settings(user='droplet', password='hunter2')",
        r'{"note": "host=db password=\"hunter2\" dbname=droplet"}',
        "PGPASSWORD=hunter2 psql",
        "DB_PASSWORD='hunter2'",
        "jdbc:postgresql://db/droplet?user=droplet&password=hunter2",
        "Server=db;User Id=droplet;Pwd=hunter2;",
    ],
)
def test_password_in_keyword_form_is_taken_out(text: str) -> None:
    """As libpq, JDBC, ADO and a settings object's repr write it."""
    cleaned = Redactor().text(text)

    assert "hunter2" not in cleaned
    assert "more" not in cleaned
    assert PASSWORD in cleaned
    assert Redactor().text(cleaned) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "password=",
        "password = at least eight characters",
        "let password = '';",
        "a password of 8 signs = good",
        "compass=north",
        "<input type='password' name='word'>",
    ],
)
def test_word_password_alone_is_no_password(text: str) -> None:
    assert Redactor().text(text) == text


def test_password_in_a_json_member_is_taken_out() -> None:
    assert "hunter2" not in Redactor().text('{"user": "me", "password": "hunter2"}')


@pytest.mark.parametrize("header", ['{ "alg": "RS256" }', '{"alg":"RS256"}', '{"alg": "RS256"}'])
def test_token_is_one_however_its_header_is_spaced(header: str) -> None:
    segments = [base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in _two(header)]
    token = ".".join([*segments, "c2lnbmF0dXJl" * 4])
    redactor = Redactor()

    assert token not in redactor.text(f"Bearer {token}")
    assert redactor.facts_of(token).header == {"alg": "RS256"}
    assert redactor.facts_of(token).claims == {"service_id": 7}


def _two(header: str) -> tuple[bytes, bytes]:
    return header.encode(), b'{"service_id":7}'


def test_what_begins_like_a_token_is_one_though_nobody_can_read_it() -> None:
    cut = "eyJhbGciOiJSUzI1N.eyJzZXJ2aWNlX2lkIjo3fQ.c2lnbmF0dXJl"

    assert cut not in Redactor().text(f"it said {cut}")
