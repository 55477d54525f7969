"""POST /register: what it refuses, and that a name is only ever data."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from udckit.conformance import MISSING, Ask, NotObserved, Observation, Probe, expect, verifies
from udckit.conformance.suites._left_behind import HOSTILE_NAMES
from udckit.conformance.suites.registry._acts import (
    a_registration,
    by_name,
    found,
    item_of,
    listed,
    name_of,
    refused_beside_twins,
    registered,
)

MISTYPED: dict[str, tuple[Any, ...]] = {
    "name": ({}, []),
    "droplet_id": ([], {}, "abc", 10.5),
    "port": (0, -1, 65536, "abc", {}, []),
    "health_endpoint": ({}, []),
    "capabilities": ("udckit-probing", {}, [{}]),
    "version": ({}, []),
}
"""Values that no scalar coercion saves (CONF-46), and ports that there are not."""

NO_OBJECTS = (b"[]", b'"udckit"', b"", b'{"name": "udckit-cut-off", "port":')

OTHER_PORT = 8099


@verifies("REG-REGISTER-003")
def an_invalid_registration_is_refused_and_registers_nothing(service: Probe) -> None:
    """A member that is missing or mistyped, or a port that is none, is refused, and no more."""
    registered(service)
    unused = by_name(name_of(service, "refused"))
    before = service.get(unused) if service.has_token else None

    for seen in refused_beside_twins(service, _invalid(service)):
        expect(seen).status(400, 422)
    if before is not None and before.status == 404:  # noqa: PLR2004 - the name is free
        expect(service.get(unused)).status(404)


def _invalid(service: Probe) -> Iterator[Ask]:
    """Make registrations that are wrong in one thing each, under a name that nobody has."""
    for member, values in MISTYPED.items():
        for value in (MISSING, None, *values):
            yield a_registration(service, "refused", **{member: value})
    for body in NO_OBJECTS:
        yield replace(a_registration(service, "refused"), json=MISSING, body=body)


@verifies("REG-REGISTER-007")
def a_name_is_not_taken_over(service: Probe) -> None:
    """A name that another droplet holds is refused with 409, and stays with its holder."""
    registered(service)
    holder = service.send(a_registration(service, "held"))
    if holder.status != 201:  # noqa: PLR2004 - Created
        raise NotObserved("a further name is not registered", blocked_by="REG-REGISTER-001")
    number = service.identity.droplet_id
    seen = service.send(a_registration(service, "held", droplet_id=number, port=OTHER_PORT))

    expect(seen).status(409)
    shown = service.get(by_name(name_of(service, "held")))
    if shown.member("port") is not MISSING:
        expect(shown).holds(
            shown.member("port") != OTHER_PORT, expected="the port that its holder registered"
        )


@verifies("REG-REGISTER-010")
def a_hostile_name_is_data(service: Probe) -> None:
    """SQL or path text in a name is registered or refused, and harms nobody else's entry."""
    registered(service)
    known = found(service)
    before = _is_listed(service, service.get("/services"))
    for number, name in enumerate(HOSTILE_NAMES):
        seen = service.send(a_registration(service, f"hostile-{number}", name=name))
        if seen.status != 201:  # noqa: PLR2004 - Created: the other right answer is a refusal
            expect(seen).turned_down(or_closed=True)
        else:
            expect(seen).status(201)

    if known.status == 200:  # noqa: PLR2004 - OK
        expect(service.get(by_name(name_of(service, "peer")))).status(200)
    if before:
        after = service.get("/services")
        expect(after).holds(
            _is_listed(service, after), expected="a listing that still holds who was registered"
        )


def _is_listed(service: Probe, seen: Observation) -> bool:
    number = registered(service).member("service_id")
    items = listed(seen) or []
    return item_of(items, name_of(service, "peer"), number) is not MISSING
