"""POST /heartbeat: what is taken for a beat, and what is not."""

from typing import Any

from udckit.conformance import MISSING, VALID, Ask, Probe, expect, verifies
from udckit.conformance.suites.orchestrator._acts import (
    a_beat,
    beat,
    refused_beside_twins,
    taken,
)

OWNER = "ORCH-HB-001"
MISTYPED: dict[str, tuple[Any, ...]] = {
    "status": (MISSING, None, {}, []),
    "metrics": ([], ["udckit"], "abc"),
    "service_id": ("abc", {}, []),
}
"""Values that no scalar coercion saves (CONF-46), and a member that is missing."""

UNKNOWN_WORDS = ("healthy", "up", "")
SOMEBODY_ELSE = 1_000_003


@verifies("ORCH-HB-001")
def a_valid_beat_is_taken(service: Probe) -> None:
    """A valid beat is answered with a 2xx."""
    seen = beat(service)

    expect(seen).accepted()


@verifies("ORCH-HB-003")
def a_beat_may_name_the_service_by_its_number(service: Probe) -> None:
    """A beat with a service_id and no service_name is taken."""
    taken(beat(service), owner=OWNER)
    seen = service.send(a_beat(service, service_name=MISSING))

    expect(seen).accepted()


@verifies("ORCH-HB-008")
def a_beat_may_name_the_service_by_its_name(service: Probe) -> None:
    """A beat with a service_name and no service_id is taken; a contradiction is no accident."""
    taken(beat(service), owner=OWNER)
    seen = service.send(a_beat(service, service_id=MISSING))

    expect(seen).accepted()
    contradictory = service.send(a_beat(service, service_name="udckit-somebody-else"))
    if contradictory.status not in range(200, 300):
        expect(contradictory).status(400, 403, 422)


@verifies("ORCH-HB-004")
def a_beat_may_lack_metrics(service: Probe) -> None:
    """A beat without metrics is taken."""
    taken(beat(service), owner=OWNER)
    seen = service.send(a_beat(service, metrics=MISSING))

    expect(seen).accepted()


@verifies("ORCH-HB-005")
def a_beat_for_somebody_else_is_forbidden(service: Probe) -> None:
    """A beat for another service than the token's is refused with 403."""
    taken(beat(service), owner=OWNER)
    other = service.identity.service_id + SOMEBODY_ELSE
    seen = service.send(a_beat(service, service_id=other, service_name="udckit-somebody-else"))

    expect(seen).status(403)


@verifies("ORCH-HB-006")
def an_invalid_beat_is_refused(service: Probe) -> None:
    """A beat with a member that is missing or mistyped is refused with 400 or 422."""
    asks = [
        a_beat(service, **{member: value})
        for member, values in MISTYPED.items()
        for value in values
    ]
    asks.append(Ask("POST", "/heartbeat", VALID, []))

    for seen in refused_beside_twins(service, asks, a_beat(service), owner=OWNER):
        expect(seen).status(400, 422)


@verifies("ORCH-HB-009")
def an_unknown_status_word_is_refused(service: Probe) -> None:
    """A beat whose status is no word of /state is refused with 400 or 422."""
    asks = [a_beat(service, status=word) for word in UNKNOWN_WORDS]

    for seen in refused_beside_twins(service, asks, a_beat(service), owner=OWNER):
        expect(seen).status(400, 422)
