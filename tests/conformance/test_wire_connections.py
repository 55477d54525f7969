"""The wire's connections: kept, replaced where they ended, never mixed up."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hostile import HostileServer, Line, answer

from udckit.conformance._wire import SIZE_LIMIT, Outgoing, Returned, Wire

Ask = Callable[..., Returned]


@contextmanager
def asking(url: str) -> Iterator[Ask]:
    """Give an asker with one wire of its own."""
    wire = Wire(url)

    def ask(limit: int = SIZE_LIMIT) -> Returned:
        return wire.send(Outgoing("GET", "/health", deadline=5.0, limit=limit))

    try:
        yield ask
    finally:
        wire.close()


def nothing(line: Line) -> None:
    """Read a request, and close."""
    line.request()


def resetting(line: Line) -> None:
    line.request()
    line.reset()


def saying_close(line: Line) -> None:
    line.request()
    line.send(answer(b"{}", "Connection: close"))


def test_wire_says_that_nothing_came() -> None:
    with HostileServer(nothing) as server, asking(server.url) as ask:
        assert ask().trouble == "reset"


def test_wire_says_that_the_connection_was_reset() -> None:
    with HostileServer(resetting) as server, asking(server.url) as ask:
        assert ask().trouble == "reset"


def test_wire_says_that_nobody_listens() -> None:
    with HostileServer(Line.hang) as server:
        url = server.url

    with asking(url) as ask:
        assert ask().trouble == "refused"


def test_kept_connection_that_ended_is_replaced_once() -> None:
    """The first connection serves one request and takes a second without an answer."""
    asked: list[int] = []

    def script(line: Line) -> None:
        while line.request():
            asked.append(line.number)
            if line.number == 1 and len(asked) > 1:
                return
            line.send(answer())

    with HostileServer(script) as server, asking(server.url) as ask:
        troubles = [ask().trouble for _ in range(3)]

    assert troubles == [None, None, None]
    assert asked == [1, 1, 2, 2]


def test_kept_connection_that_ended_while_idle_is_replaced() -> None:
    with HostileServer(once) as server, asking(server.url) as ask:
        assert [ask().trouble for _ in range(3)] == [None, None, None]
        assert server.connections == 3


def once(line: Line) -> None:
    """Answer one request as if more were welcome, and close."""
    line.request()
    line.send(answer())


def test_server_that_always_hangs_up_is_asked_twice_and_no_more() -> None:
    asked: list[int] = []

    def script(line: Line) -> None:
        while line.request():
            asked.append(line.number)
            if len(asked) > 1:
                return
            line.send(answer())

    with HostileServer(script) as server, asking(server.url) as ask:
        troubles = [ask().trouble for _ in range(2)]

    assert troubles == [None, "reset"]
    assert asked == [1, 1, 2]


def test_fresh_connection_that_is_closed_is_not_asked_again() -> None:
    with HostileServer(nothing) as server, asking(server.url) as ask:
        assert ask().trouble == "reset"
        assert server.connections == 1


def test_connection_that_says_close_is_not_kept() -> None:
    with HostileServer(saying_close) as server, asking(server.url) as ask:
        assert [ask().trouble for _ in range(3)] == [None, None, None]
        assert server.connections == 3


def test_connection_is_kept_where_nothing_speaks_against_it() -> None:
    def script(line: Line) -> None:
        while line.request():
            line.send(answer())

    with HostileServer(script) as server, asking(server.url) as ask:
        assert [ask().trouble for _ in range(5)] == [None] * 5
        assert server.connections == 1


def test_answer_after_a_cut_body_is_not_taken_for_the_next() -> None:
    """What was left unread of a large answer never becomes the beginning of another."""
    large = answer(b"x" * 400_000) + answer(b'{"stale": true}')

    def script(line: Line) -> None:
        line.request()
        line.send(large if line.number == 1 else answer(b'{"fresh": true}'))
        line.hang()

    with HostileServer(script) as server, asking(server.url) as ask:
        first, second = ask(limit=1000), ask()

    assert first.truncated
    assert second.body == b'{"fresh": true}'


def test_answer_that_nobody_asked_for_is_not_taken_for_the_next() -> None:
    """A second answer behind the first never becomes the answer to another request."""

    def script(line: Line) -> None:
        for turn in itertools.count(1):
            if not line.request():
                return
            unasked = answer(b'{"stale": true}') if turn == 1 and line.number == 1 else b""
            line.send(answer(b'{"turn": %d}' % turn) + unasked)

    with HostileServer(script) as server, asking(server.url) as ask:
        bodies = [ask().body for _ in range(2)]

    assert b'{"stale": true}' not in bodies
