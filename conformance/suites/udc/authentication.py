"""The positive control of every token probe: a valid token is let in."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Final

from udckit.conformance import (
    Ask,
    NotObserved,
    Observation,
    Probe,
    expect,
    operation_of,
    verifies,
)
from udckit.conformance.suites.udc._ground import answer_to_a_message

_NOT_LET_IN: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_SUCCESS: Final = range(200, 300)
_OWNERS: Final = {
    "getState": "UDC-STATE-002",
    "getDependencies": "UDC-DEPS-002",
    "postMessage": "UDC-MSG-002",
    "getServiceByName": "REG-SVC-001",
    "postHeartbeat": "ORCH-HB-001",
}


def _of_every_role(service: Probe) -> Iterator[Observation]:
    yield service.read("/state")
    yield service.read("/dependencies")
    if service.settings.safety != "read-only":
        yield answer_to_a_message(service)


def _of_a_registry(service: Probe) -> Iterator[Observation]:
    name = service.identity.service_name
    yield service.get(f"/services/by-name/{name}")


def _of_an_orchestrator(service: Probe) -> Iterator[Observation]:
    if service.settings.safety != "read-only":
        beat = {"service_id": service.identity.service_id, "status": "active"}
        yield service.send(Ask("POST", "/heartbeat", json=beat))


_PROTECTED: Final[dict[str, tuple[Callable[[Probe], Iterator[Observation]], ...]]] = {
    "droplet": (_of_every_role,),
    "registry": (_of_every_role, _of_a_registry),
    "orchestrator": (_of_every_role, _of_an_orchestrator),
}
"""What each role protects, asked with a valid token; another role's routes are one more row."""


@verifies("AUTH-001")
def a_valid_token_is_accepted(service: Probe) -> None:
    """Every protected endpoint lets a valid token in.

    One that answers something else, such as a 500, refuses nobody and accepts nobody: it is another
    row's failure, and no pass of this one.
    """
    if not service.has_token:
        raise NotObserved(service.tokens.why_none)
    unknown: Observation | None = None
    for readers in _PROTECTED[service.settings.role]:
        for seen in readers(service):
            if seen.status in _NOT_LET_IN:
                expect(seen).holds(False, expected="a valid token that is accepted")
            elif seen.status is not None and seen.status in _SUCCESS:
                expect(seen).holds(True, expected="")
            else:
                unknown = unknown or seen
    if unknown is not None:
        told = unknown.status or unknown.exchange.trouble_in_words
        raise NotObserved(
            f"{unknown.call} answered {told} to a valid token", blocked_by=_owner(unknown)
        )


def _owner(seen: Observation) -> str | None:
    """Name the row that judges what a valid request is answered."""
    if seen.status is None or not seen.served or seen.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "UDC-ALL-001"
    operation = operation_of(seen)
    return _OWNERS.get(operation.id) if operation is not None else None
