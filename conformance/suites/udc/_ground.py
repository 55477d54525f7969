"""The ground that checks stand on: shared readings, and a message that is accepted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, Final

from udckit.conformance import (
    ANONYMOUS,
    VALID,
    Ask,
    NotObserved,
    Observation,
    Probe,
    expect,
)

__all__ = [
    "BRACKET",
    "LAST_OF_ALL",
    "ONCE_IT_IS_ASKED",
    "accepted",
    "alike",
    "answer_at",
    "answer_to_a_message",
    "demands_reply_to",
    "each_of",
    "five",
    "lets_nobody_in",
    "message_with",
    "query",
    "query_with_reply_to",
    "reading",
    "receipt",
    "refusals",
    "unknown_path",
    "whoever_we_are",
]

BRACKET: Final = 8
"""Negative probes between two accepted twins (catalogue, *Before you probe*)."""

ONCE_IT_IS_ASKED: Final = 60
"""The order of checks that look at all answers of the run, not at the first alone."""

LAST_OF_ALL: Final = ONCE_IT_IS_ASKED + 1
"""The order of those that look at all five endpoints so, after what their members' rows need."""

_NOT_LET_IN: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

_REFUSED: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_NOT_TO_BE_FETCHED: Final = "http://udckit-probe.invalid/callback"

Reader = Callable[[], Observation]


def whoever_we_are(service: Probe) -> Any:
    """Give the valid token where there is one; a droplet that lets everybody in shows more."""
    return VALID if service.has_token else ANONYMOUS


def answer_at(service: Probe, path: str) -> Observation:
    """Ask a route once in a run, as a rightful caller where the kit is one; whatever it answers."""
    if path == "/health" or service.has_token:
        return service.read(path)
    return service.once(f"{path} without a token", Ask("GET", path, token=ANONYMOUS))


def answer_to_a_message(service: Probe) -> Observation:
    """Send the run's one valid message; whatever it is answered."""
    return service.once("a valid message", service.a_message(token=whoever_we_are(service)))


def reading(service: Probe, path: str) -> Observation:
    """Read a route as a rightful caller, or as nobody in particular where that is enough."""
    return _let_in(service, answer_at(service, path))


def query(service: Probe) -> Observation:
    """Give the run's one valid message with its answer."""
    return _let_in(service, answer_to_a_message(service))


def receipt(service: Probe, **members: Any) -> Observation:
    """Send one more message; members given replace those of a valid one."""
    ask = service.a_message(token=whoever_we_are(service), **members)
    return _let_in(service, service.send(ask))


def alike(service: Probe, seen: Observation) -> list[Observation]:
    """Give a reading, and each other answer of the run so far to the same plain call.

    What is right at the first look may be wrong at the second: from a cache, in another worker,
    under a burst. An answer of another status, to headers of a check's own, or of an instance that
    was started for something else is another row's matter.
    """
    return [seen, *(each for each in service.so_far() if _is_alike(each, seen))]


def _is_alike(each: Observation, seen: Observation) -> bool:
    asked, wanted = each.exchange, seen.exchange
    return (
        asked.number != wanted.number
        and asked.base == wanted.base
        and asked.request.method == wanted.request.method
        and asked.request.target == wanted.request.target
        and each.status == seen.status
        and ("Accept", "*/*") in asked.request.headers
    )


def five(service: Probe) -> tuple[Reader, ...]:
    """Give readers of the five endpoints; the message is the last, for it may not be sent."""
    return (
        lambda: reading(service, "/health"),
        lambda: reading(service, "/capabilities"),
        lambda: reading(service, "/state"),
        lambda: reading(service, "/dependencies"),
        lambda: query(service),
    )


def each_of(
    service: Probe, readers: Iterable[Reader], judge: Callable[[Observation], object]
) -> None:
    """Judge each reading, and all answers like it.

    One that cannot be judged hides no breach, and allows no pass.
    """
    missing: NotObserved | None = None
    for read in readers:
        try:
            for seen in alike(service, read()):
                judge(seen)
        except NotObserved as outcome:
            missing = missing or outcome
    if missing is not None:
        raise missing


def accepted(service: Probe, seen: Observation) -> Observation:
    """Give a message back that was accepted; without one nothing can be judged by its like."""
    expect(seen).if_served()
    if seen.status == HTTPStatus.OK:
        return seen
    cause = "UDC-MSG-002"
    if seen.status in _NOT_LET_IN or lets_nobody_in(service):
        cause = "AUTH-001"
    elif demands_reply_to(service, seen):
        cause = "UDC-MSG-004"
    raise NotObserved(f"a valid message is answered {seen.status}", blocked_by=cause)


def demands_reply_to(service: Probe, refused: Observation) -> bool:
    """True where a message that was refused without `reply_to` is accepted with one."""
    return refused.status in _REFUSED and query_with_reply_to(service).status == HTTPStatus.OK


def query_with_reply_to(service: Probe) -> Observation:
    """Send a valid message once in a run whose `reply_to` nobody can fetch."""
    ask = service.a_message(token=whoever_we_are(service), reply_to=_NOT_TO_BE_FETCHED)
    return service.once("a valid message with reply_to", ask)


def message_with(service: Probe, payload: bytes) -> Ask:
    """Make a valid message around a payload that is written by hand."""
    head = json.dumps({"from_service": service.identity.service_name, "message_type": "query"})
    body = b'%b, "payload": %b}' % (head[:-1].encode(), payload)
    return Ask("POST", "/message", whoever_we_are(service), body=body)


def refusals(service: Probe, asks: Iterable[tuple[str, Ask]]) -> Iterator[tuple[str, Observation]]:
    """Send what should be refused; give it where valid messages are accepted before and after."""
    accepted(service, query(service))
    waiting: list[tuple[str, Observation]] = []
    for what, ask in asks:
        waiting.append((what, service.once(what, ask)))
        if len(waiting) == BRACKET:
            accepted(service, receipt(service))
            yield from waiting
            waiting = []
    if waiting:
        accepted(service, receipt(service))
        yield from waiting


def lets_nobody_in(service: Probe) -> bool:
    """True where /state, asked with the same token, is not served to the kit either."""
    shut = {*_NOT_LET_IN, HTTPStatus.SERVICE_UNAVAILABLE}
    return service.has_token and service.read("/state").status in shut


def unknown_path(service: Probe) -> Observation:
    """Ask for what looks like nothing, once in a run."""
    return service.once("an unknown path", Ask("GET", "/udckit-nothing-is-here"))


def _let_in(service: Probe, seen: Observation) -> Observation:
    """Where the kit came without a token and was turned away, the token is what is missing."""
    if not service.has_token and seen.status in _NOT_LET_IN:
        raise NotObserved(service.tokens.why_none, blocked_by="AUTH-001")
    return seen
