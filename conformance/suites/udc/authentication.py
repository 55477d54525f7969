"""The positive control of every token probe: a valid token is let in."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Final

from udckit.conformance import Ask, NotObserved, Observation, Probe, expect, verifies
from udckit.conformance.suites.udc._ground import answer_to_a_message

_NOT_LET_IN: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


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
    """Every protected endpoint lets a valid token in."""
    if not service.has_token:
        raise NotObserved(service.tokens.why_none)
    for readers in _PROTECTED[service.settings.role]:
        for seen in readers(service):
            if seen.status in _NOT_LET_IN:
                expect(seen).holds(False, expected="a valid token that is accepted")
            elif seen.status is not None and seen.status < HTTPStatus.MULTIPLE_CHOICES:
                expect(seen).holds(True, expected="")
