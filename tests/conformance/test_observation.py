"""What a check sees of an exchange, and the command that asks it again."""

from __future__ import annotations

import base64
import shlex

import pytest

from udckit.conformance import MISSING, Answer, Exchange, Observation, Request, curl, quote
from udckit.conformance.observation import Tally

JSON = (("Content-Type", "application/json"),)


def seen(
    body: str, *headers: tuple[str, str], encoding: str = "text", truncated: bool = False
) -> Observation:
    answer = Answer(200, headers or JSON, body, encoding, truncated)
    return Observation(
        Exchange(1, "http://h", Request("GET", "/health"), 5.0, 0.5, answer), Tally()
    )


def nothing(trouble: str = "timeout") -> Observation:
    return Observation(
        Exchange(1, "http://h", Request("GET", "/health"), 5.0, 0.5, trouble=trouble), Tally()
    )


def sent(method: str, target: str, *headers: tuple[str, str], body: str | None = None) -> str:
    return curl(Exchange(1, "http://h:1", Request(method, target, headers, body), 0.0, 0.0))


def test_observation_reads_json() -> None:
    observation = seen('{"status": "healthy"}')

    assert observation.json == {"status": "healthy"}
    assert observation.member("status") == "healthy"
    assert observation.member("version") is MISSING
    assert observation.json_trouble is None


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        ("", "the body is empty"),
        ("<html>", "Expecting value"),
        ('{"a": NaN}', "NaN is no JSON"),
        ('{"a": Infinity}', "Infinity is no JSON"),
        ('{"a": -Infinity}', "-Infinity is no JSON"),
        ('\ufeff{"a": 1}', "byte order mark"),
        ('{"a": 1,}', "Expecting property name"),
        ("[" * 100_000, "nested too deep"),
        ('{"a": 1} {"b": 2}', "Extra data"),
    ],
)
def test_observation_says_why_a_body_is_no_json(body: str, trouble: str) -> None:
    observation = seen(body)

    assert observation.json is MISSING
    assert observation.member("a") is MISSING
    assert trouble in (observation.json_trouble or "")


def test_observation_reads_a_number_of_any_length() -> None:
    assert seen('{"n": ' + "9" * 5000 + "}").json == {"n": float("inf")}


def test_observation_reads_a_lone_surrogate() -> None:
    assert seen('{"a": "\\ud800"}').member("a") == "\ud800"


def test_observation_of_a_cut_body_knows_no_json() -> None:
    observation = seen('{"a": 1}', truncated=True)

    assert observation.json is MISSING
    assert "longer than" in (observation.json_trouble or "")


def test_observation_of_bytes_shows_them_as_text() -> None:
    observation = seen(base64.b64encode(b"a\xffb").decode(), encoding="base64")

    assert observation.text == "a\ufffdb"
    assert observation.json_trouble == "the body is not UTF-8"


def test_observation_without_an_answer_has_nothing() -> None:
    observation = nothing()

    assert not observation.answered
    assert observation.status is None
    assert observation.text == ""
    assert observation.json is MISSING
    assert observation.header("content-type") is None
    assert observation.media_type == ""
    assert observation.json_trouble == "no complete answer in time"


def test_observation_joins_headers_as_http_does() -> None:
    observation = seen("{}", ("X-A", "1"), ("x-a", "2"))

    assert observation.headers("X-a") == ["1", "2"]
    assert observation.header("X-A") == "1, 2"


@pytest.mark.parametrize(
    ("told", "claims"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/problem+json", True),
        ("text/plain", False),
        ("application/jsonp", False),
        ("", False),
    ],
)
def test_observation_knows_a_json_media_type(told: str, claims: bool) -> None:
    assert seen("{}", ("Content-Type", told)).claims_json is claims


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (MISSING, "nothing"),
        (None, "null"),
        ("ü", '"ü"'),
        ({"a": [1]}, '{"a": [1]}'),
        ({1, 2}, "{1, 2}"),
    ],
)
def test_value_is_quoted_as_json(value: object, text: str) -> None:
    assert quote(value) == text


def test_value_that_is_long_is_quoted_in_part() -> None:
    assert len(quote("x" * 5000)) == 200
    assert quote("x" * 5000).endswith("…")


# The command that asks again


def test_curl_of_a_reading_is_short() -> None:
    usual = (("Accept", "*/*"), ("User-Agent", "udckit"))

    assert sent("GET", "/health", *usual) == "curl -i http://h:1/health"


def test_curl_takes_the_token_from_the_environment() -> None:
    command = sent("GET", "/state", ("Authorization", "Bearer <token:t1>"))

    assert command == 'curl -i -H "Authorization: Bearer $UDCKIT_TOKEN" http://h:1/state'


def test_curl_repeats_a_header_that_is_out_of_the_ordinary() -> None:
    command = sent("GET", "/", ("Accept", "text/odd"), ("User-Agent", "x"), ("X-Id", "a b"))

    assert shlex.split(command)[2:-1] == [
        "-H",
        "Accept: text/odd",
        "-H",
        "User-Agent: x",
        "-H",
        "X-Id: a b",
    ]


def test_curl_sends_a_body_as_it_was_sent() -> None:
    body = '{"from_service": "it\'s me", "payload": {"$HOME": "`id`"}}'
    command = sent("POST", "/message", *JSON, body=body)

    assert shlex.split(command)[shlex.split(command).index("--data-raw") + 1] == body
    assert "-X" not in command


def test_curl_adds_no_content_type_that_was_not_sent() -> None:
    """Without a word curl would call any body a form."""
    assert "-H Content-Type: " in sent("POST", "/message", body="{}")


def test_curl_of_a_large_body_names_a_file() -> None:
    assert "--data-binary @request-body" in sent("POST", "/message", *JSON, body="x" * 3000)


@pytest.mark.parametrize(
    ("method", "target", "words"),
    [
        ("HEAD", "/health", "curl -I http://h:1/health"),
        ("DELETE", "/state", "curl -i -X DELETE http://h:1/state"),
        ("GET", "/a/../b", "curl -i --path-as-is http://h:1/a/../b"),
        ("GET", "/x?a=1&b=2", "curl -i 'http://h:1/x?a=1&b=2'"),
    ],
)
def test_curl_asks_for_the_same(method: str, target: str, words: str) -> None:
    assert sent(method, target) == words
