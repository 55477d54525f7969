"""The wire against servers that answer as no server should: bounded, and told as it was."""

from __future__ import annotations

import gzip
import itertools
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hostile import HostileServer, Line, answer

from udckit.conformance._wire import SIZE_LIMIT, Outgoing, Returned, Wire

SHORT = 0.4
"""Seconds that an exchange may take here."""

SLACK = 1.5
"""Seconds that a loaded machine may add."""

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

Script = Callable[[Line], None]
Asker = Callable[..., Returned]


@pytest.fixture
def asking() -> Iterator[Callable[[Script], Asker]]:
    """Give an asker for a server that follows a script; both end with the test."""
    with ExitStack() as stack:

        def start(script: Script) -> Asker:
            server = stack.enter_context(HostileServer(script))
            wire = Wire(server.url)
            stack.callback(wire.close)

            def ask(deadline: float = SHORT, limit: int = SIZE_LIMIT) -> Returned:
                outgoing = Outgoing("GET", "/health", deadline=deadline, limit=limit)
                begun = time.monotonic()
                returned = wire.send(outgoing)
                assert time.monotonic() - begun < deadline + SLACK
                return returned

            return ask

        yield start


def once(content: bytes) -> Script:
    """Answer each request with the same bytes, and close where the client does."""

    def script(line: Line) -> None:
        while line.request():
            line.send(content)

    return script


def closing(content: bytes) -> Script:
    """Answer one request with these bytes, and close."""

    def script(line: Line) -> None:
        line.request()
        line.send(content)

    return script


def then(*steps: Callable[[Line], None]) -> Script:
    """Read a request, then do one thing after another."""

    def script(line: Line) -> None:
        line.request()
        for step in steps:
            step(line)

    return script


# Bounded in time


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(then(Line.hang), id="accepts and hangs"),
        pytest.param(Line.hang, id="hangs without reading"),
        pytest.param(then(lambda line: line.drip(OK * 9, 0.05)), id="drips its head"),
        pytest.param(
            then(
                lambda line: line.send(OK + b"Content-Length: 500\r\n\r\n"),
                lambda line: line.drip(b"x" * 500, 0.05),
            ),
            id="drips its body",
        ),
        pytest.param(
            then(
                lambda line: line.send(CHUNKED),
                lambda line: line.drip(b"1\r\nx\r\n" * 200, 0.02),
            ),
            id="drips its chunks",
        ),
        pytest.param(
            then(lambda line: line.send(OK + b"Content-Length: 5\r\n\r\nxy"), Line.hang),
            id="stops in the middle of the body",
        ),
        pytest.param(then(lambda line: line.send(OK), Line.hang), id="never ends its head"),
        pytest.param(
            then(lambda line: line.pour(b"HTTP/1.1 103 Early Hints\r\n\r\n")), id="floods with 1xx"
        ),
        pytest.param(
            then(lambda line: line.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 50, 0.005)),
            id="drips 1xx",
        ),
    ],
)
def test_wire_ends_with_the_deadline(asking: Callable[[Script], Asker], script: Script) -> None:
    returned = asking(script)()

    assert (returned.trouble, returned.detail) == ("timeout", "0.4 s")
    assert returned.status == 0


def test_wire_that_timed_out_asks_again_on_a_fresh_connection(
    asking: Callable[[Script], Asker],
) -> None:
    def script(line: Line) -> None:
        line.request()
        if line.number == 1:
            line.hang()
        line.send(answer(b'{"n": 2}'))

    ask = asking(script)

    assert ask().trouble == "timeout"
    assert ask().body == b'{"n": 2}'


# Bounded in size


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            then(
                lambda line: line.send(CHUNKED),
                lambda line: line.pour(b"10000\r\n" + b"x" * 65536 + b"\r\n"),
            ),
            id="chunks without end",
        ),
        pytest.param(
            then(
                lambda line: line.send(OK + b"Content-Length: 52428800\r\n\r\n"),
                lambda line: line.pour(b"y" * 65536),
            ),
            id="fifty megabytes",
        ),
        pytest.param(
            then(lambda line: line.send(OK + b"\r\n"), lambda line: line.pour(b"z" * 65536)),
            id="a body without a length, without end",
        ),
        pytest.param(
            then(
                lambda line: line.send(
                    answer(gzip.compress(b"\0" * 80_000_000), "Content-Encoding: gzip")
                )
            ),
            id="a gzip bomb",
        ),
        pytest.param(
            then(
                lambda line: line.send(
                    answer(zlib.compress(b"\0" * 80_000_000), "Content-Encoding: deflate")
                )
            ),
            id="a deflate bomb",
        ),
    ],
)
def test_wire_cuts_what_is_too_large(asking: Callable[[Script], Asker], script: Script) -> None:
    returned = asking(script)(deadline=10.0)

    assert returned.trouble is None
    assert returned.truncated
    assert len(returned.body) == SIZE_LIMIT


def test_wire_keeps_a_body_that_just_fits(asking: Callable[[Script], Asker]) -> None:
    returned = asking(once(answer(b"x" * 1000)))(limit=1000)

    assert (len(returned.body), returned.truncated) == (1000, False)


def test_wire_unpacks_what_was_packed_unasked(asking: Callable[[Script], Asker]) -> None:
    packed = answer(gzip.compress(b'{"status": "healthy"}'), "Content-Encoding: gzip")

    assert asking(once(packed))().body == b'{"status": "healthy"}'


def test_wire_gives_what_only_claims_to_be_packed(asking: Callable[[Script], Asker]) -> None:
    returned = asking(once(answer(b'{"a": 1}', "Content-Encoding: gzip")))()

    assert returned.body == b'{"a": 1}'


# What is no HTTP, and what is odd HTTP


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x00\xff\x13garbage\r\n\r\n", id="garbage"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 banana OK\r\n\r\n", id="a status that is a word"),
        pytest.param(
            OK + b"Content-Length: 5\r\nContent-Length: 7\r\n\r\nhello12", id="two lengths"
        ),
        pytest.param(OK + b"Content-Length: -5\r\n\r\nhello", id="a negative length"),
        pytest.param(OK + b"Content-Length: many\r\n\r\nhello", id="a length in words"),
        pytest.param(CHUNKED + b"zz\r\nhello\r\n0\r\n\r\n", id="a chunk's size in no digits"),
        pytest.param(CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n", id="a negative chunk"),
        pytest.param(CHUNKED + b"5\r\nhello world\r\n0\r\n\r\n", id="a chunk longer than it says"),
        pytest.param(CHUNKED + b"5\r\nhel", id="a chunk that is cut"),
        pytest.param(OK + b"Content-Length: 50\r\n\r\nhello", id="a body that is cut"),
        pytest.param(OK + b": nameless\r\n\r\n{}", id="a header without a name"),
        pytest.param(OK + b"no colon here\r\n\r\n{}", id="a header without a colon"),
        pytest.param(
            OK + b"".join(b"X-%d: y\r\n" % n for n in range(100_000)) + b"\r\n{}",
            id="a hundred thousand headers",
        ),
        pytest.param(OK + b"X-Long: " + b"y" * 5_000_000 + b"\r\n\r\n{}", id="a header of 5 MB"),
    ],
)
def test_wire_says_what_is_no_http(asking: Callable[[Script], Asker], content: bytes) -> None:
    returned = asking(closing(content))(deadline=5.0)

    assert returned.trouble in {"protocol", "reset"}
    assert returned.status == 0
    assert len(returned.detail) <= 120


@pytest.mark.parametrize(
    ("content", "body"),
    [
        pytest.param(CHUNKED + b"2;x=y\r\n{}\r\n0\r\n\r\n", b"{}", id="a chunk with an extension"),
        pytest.param(CHUNKED + b"2\r\n{}\r\n0\r\nX-T: 1\r\n\r\n", b"{}", id="a trailer"),
        pytest.param(CHUNKED + b"0000002\r\n{}\r\n000\r\n\r\n", b"{}", id="zeros before a size"),
        pytest.param(CHUNKED + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", b"{}", id="a chunk for each byte"),
        pytest.param(
            OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", b"{}", id="one length twice"
        ),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n{}", b"{}", id="HTTP/1.0"),
        pytest.param(b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n{}", b"{}", id="no reason"),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\n" * 30 + answer(), b"{}", id="thirty times 100"
        ),
        pytest.param(answer(b"\xff\xfe\x00"), b"\xff\xfe\x00", id="bytes that are no UTF-8"),
        pytest.param(answer(b'{"a": NaN}'), b'{"a": NaN}', id="NaN"),
    ],
)
def test_wire_reads_odd_http(
    asking: Callable[[Script], Asker], content: bytes, body: bytes
) -> None:
    returned = asking(closing(content))()

    assert (returned.trouble, returned.status, returned.body) == (None, 200, body)


def test_wire_keeps_headers_as_they_were_sent(asking: Callable[[Script], Asker]) -> None:
    returned = asking(once(answer(b"{}", "X-Twice: a", "x-twice: b", "X-Name: gr\xfcn")))()

    assert returned.headers[2:] == (("X-Twice", "a"), ("x-twice", "b"), ("X-Name", "gr\xc3\xbcn"))


def test_wire_follows_no_redirect(asking: Callable[[Script], Asker]) -> None:
    asked = []

    def script(line: Line) -> None:
        for turn in itertools.count():
            head = line.request()
            if not head:
                return
            asked.append(head.split(b" ")[1])
            line.send(answer(b"", f"Location: /again/{turn}", status="302 Found"))

    returned = asking(script)()

    assert returned.status == 302
    assert asked == [b"/health"]
