"""An exchange is facts: what goes into the record comes out of it."""

from __future__ import annotations

import json

import pytest

from udckit.conformance import Answer, Exchange, Request

ASKED = Request("POST", "/message?a=1", (("Accept", "*/*"), ("accept", "twice")), '{"a": "ü"}')
EXCHANGES = [
    pytest.param(
        Exchange(
            1,
            "http://127.0.0.1:1",
            ASKED,
            1_790_000_000.25,
            0.001,
            Answer(200, (("X-A", "gr\xfcn"), ("x-a", "")), '{"b": "\U0001f600"}'),
        ),
        id="an answer",
    ),
    pytest.param(
        Exchange(
            2,
            "http://[::1]:1/base",
            Request("GET", "/health"),
            0.0,
            0.0,
            Answer(503, (), "AP8=", encoding="base64", truncated=True),
        ),
        id="bytes that were cut",
    ),
    pytest.param(
        Exchange(
            3,
            "http://127.0.0.1:1",
            Request("POST", "/message", (), "AP8=", encoding="base64"),
            0.0,
            10.0,
            trouble="timeout",
            detail="10 s",
        ),
        id="no answer",
    ),
    pytest.param(
        Exchange(
            4, "http://127.0.0.1:1", Request("POST", "/message", (), ""), 0.0, 0.0, trouble="reset"
        ),
        id="an empty body",
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_exchange_survives_its_line_of_the_record(exchange: Exchange) -> None:
    line = json.loads(json.dumps(exchange.as_json()))

    assert Exchange.from_json(line) == exchange


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_exchange_is_a_line_of_its_kind(exchange: Exchange) -> None:
    line = exchange.as_json()

    assert (line["kind"], line["n"]) == ("exchange", exchange.number)


@pytest.mark.parametrize(
    ("trouble", "detail", "words"),
    [
        ("refused", "", "the connection was refused"),
        ("timeout", "10 s", "no complete answer in time (10 s)"),
        ("reset", "", "the connection was closed without an answer"),
        ("protocol", "illegal status line", "what came back is not HTTP (illegal status line)"),
        ("tls", "", "the TLS handshake failed"),
        ("unsent", "the 5 s of --max-time are over", "not asked (the 5 s of --max-time are over)"),
    ],
)
def test_exchange_without_an_answer_says_why(trouble: str, detail: str, words: str) -> None:
    exchange = Exchange(
        1, "http://x", Request("GET", "/"), 0.0, 0.0, trouble=trouble, detail=detail
    )

    assert exchange.trouble_in_words == words
