"""Tokens that a target gives: out of the record, yet known, usable and verifiable."""

import base64
import json

import pytest

from udckit.conformance import Redactor
from udckit.fakes import SigningKey, VerifyingKey


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey.generate()


def with_header(key: SigningKey, header: str) -> str:
    """Sign as `key` does, under a header that is written like this."""
    _, claims, _ = key.sign({"service_id": 7}).split(".")
    head = base64.urlsafe_b64encode(header.encode()).rstrip(b"=").decode()
    return f"{head}.{claims}.c2lnbmF0dXJl"


def test_token_in_an_answer_is_known_by_what_stands_for_it(key: SigningKey) -> None:
    redactor = Redactor()
    token = key.sign({"service_id": 7})

    text = redactor.text(json.dumps({"token": token}))
    placeholder = json.loads(text)["token"]
    facts = redactor.known(placeholder)

    assert token not in text
    assert facts is not None
    assert facts.claims == {"service_id": 7}
    assert redactor.revealed(f"Bearer {placeholder}") == f"Bearer {token}"
    assert VerifyingKey(key.public_pem).signed(redactor.revealed(placeholder))


@pytest.mark.parametrize("text", ["no token", "<token:t9>", "a <token:t1> and more", ""])
def test_text_that_stands_for_no_token_is_known_as_none(key: SigningKey, text: str) -> None:
    redactor = Redactor()
    redactor.text(key.sign({"service_id": 7}))

    assert redactor.known(text) is None


@pytest.mark.parametrize(
    "header",
    ['{"alg":"RS256"}', '{ "alg": "RS256" }', '{\n "alg": "RS256"}', '{\r\n"alg":"RS256"}'],
)
def test_token_is_taken_out_however_its_header_is_written(key: SigningKey, header: str) -> None:
    redactor = Redactor()
    token = with_header(key, header)

    text = redactor.text(f"Authorization: Bearer {token}")

    assert text == "Authorization: Bearer <token:t1>"
    facts = redactor.known("<token:t1>")
    assert facts is not None
    assert facts.header == {"alg": "RS256"}


@pytest.mark.parametrize(
    "text", ["http://newobject.example/x", "ew0.y.z", "seyAgent.run()", "ewogIdea.first"]
)
def test_words_that_only_begin_like_a_token_stay(text: str) -> None:
    assert Redactor().text(text) == text
