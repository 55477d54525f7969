"""The five endpoints as a whole: where they are, that they speak JSON, bare and lower case."""

from http import HTTPStatus
from typing import Final

from udckit.conformance import NotObserved, Observation, Probe, expect, operation_of, verifies
from udckit.conformance.suites.udc._ground import (
    LAST_OF_ALL,
    answer_at,
    answer_to_a_message,
    each_of,
    five,
    unknown_path,
)

_NOT_LET_IN: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

_WORDS: Final = {
    "getHealth": ("status",),
    "getState": ("status", "mode"),
    "postMessage": ("status",),
}
"""The members whose words the contract closes."""


@verifies("UDC-ALL-001")
def five_endpoints_answer_at_the_root(service: Probe) -> None:
    """The five endpoints answer at the server root, at these paths and methods."""
    routes = ("/health", "/capabilities", "/state", "/dependencies")
    asked = [answer_at(service, path) for path in routes]

    for seen in asked:
        expect(seen).served()
    if service.has_token:
        _answer_a_rightful_caller(*asked[2:])
    asked.append(answer_to_a_message(service))
    expect(asked[-1]).served()
    _shows_which_paths_there_are(service, asked)


def _answer_a_rightful_caller(*asked: Observation) -> None:
    """Hold that /state and /dependencies give a token's holder 200: no other row does.

    A token that is refused is AUTH-001's matter; 503 on both is an outage.
    """
    outage = () if any(seen.status == HTTPStatus.OK for seen in asked) else (503,)
    for seen in asked:
        if seen.status not in _NOT_LET_IN:
            expect(seen).status(200, *outage)


def _shows_which_paths_there_are(service: Probe, asked: list[Observation]) -> None:
    """Believe a 401 only of a target that says 404 where nothing is."""
    if not any(seen.status in _NOT_LET_IN for seen in asked):
        return
    if unknown_path(service).status != HTTPStatus.NOT_FOUND:
        raise NotObserved(
            "it turns the kit away whatever the path, which shows no endpoint",
            blocked_by="AUTH-001",
        )


@verifies("UDC-ALL-002", order=LAST_OF_ALL)
def bodies_are_json(service: Probe) -> None:
    """The five bodies are JSON, and say so in their media type."""
    each_of(service, five(service), lambda seen: expect(seen).json_body())


@verifies("UDC-ALL-003", order=LAST_OF_ALL)
def bodies_are_bare(service: Probe) -> None:
    """The five bodies are bare objects, without an envelope."""
    each_of(service, five(service), lambda seen: expect(seen).bare_object())


@verifies("UDC-ALL-006", order=LAST_OF_ALL)
def words_are_exact(service: Probe) -> None:
    """Words that the contract closes are spelled exactly, in lower case.

    Judged are /health `status`, /state `status` and `mode`, and a receipt's `status`, where they
    are strings: a wrong word fails here and in the member's own row, a member that is missing or
    no string in its own row alone.
    """
    each_of(service, five(service), _words)


def _words(seen: Observation) -> None:
    body = expect(seen).body()
    operation = operation_of(seen)
    for name in _WORDS.get(operation.id, ()) if operation else ():
        if isinstance(body.get(name), str):
            expect(seen).members(name)
