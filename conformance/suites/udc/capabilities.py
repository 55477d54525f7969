"""GET /capabilities: who may ask, what it says of the droplet, and that it stays the same."""

import re
from http import HTTPStatus
from typing import Any, Final

from udckit.conformance import ANONYMOUS, NotObserved, Probe, expect, quote, verifies
from udckit.conformance.suites.udc._ground import ONCE_IT_IS_ASKED, alike, lets_nobody_in, reading

_GARBAGE: Final = "udckit"
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {})
_VERSION: Final = re.compile("(?<![a-z])version|Version|VERSION")
"""A member's name that speaks of a version; `conversion_rate` does not."""


@verifies("UDC-CAP-001")
def capabilities_answer_a_valid_token(service: Probe) -> None:
    """/capabilities answers 200 to a valid token; without one 200 or 401 (CONF-01)."""
    if lets_nobody_in(service):
        raise NotObserved("the kit is let in nowhere", blocked_by="AUTH-001")
    if service.has_token:
        expect(service.read("/capabilities")).if_served().status(200)
    anonymous = service.get("/capabilities", token=ANONYMOUS)
    garbage = service.get("/capabilities", token=_GARBAGE)

    if not service.has_token:
        expect(anonymous).if_served()
        if anonymous.status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise NotObserved("503: an outage, or no key yet", blocked_by="AUTH-001")
    expect(anonymous).status(200, 401)
    expect(garbage).status_below()
    service.read("/capabilities")


@verifies("UDC-CAP-002", order=ONCE_IT_IS_ASKED)
def capabilities_has_five_members(service: Probe) -> None:
    """The body of /capabilities has its five members, each of the right type."""
    seen = reading(service, "/capabilities")

    for each in alike(service, seen):
        expect(each).members("service_name", "droplet_id", "capabilities", "supported_operations")
        endpoints = expect(each).member("integration_endpoints")
        expect(each).holds(
            isinstance(endpoints, list),
            expected="`integration_endpoints` a list",
            observed=quote(endpoints),
        )


@verifies("UDC-CAP-003", order=ONCE_IT_IS_ASKED)
def endpoints_say_path_method_and_description(service: Probe) -> None:
    """Each integration endpoint has a path, a method and a description."""
    seen = reading(service, "/capabilities")
    if not isinstance(expect(seen).optional("integration_endpoints"), list):
        raise NotObserved("/capabilities has no list of integration endpoints")

    for each in alike(service, seen):
        expect(each).members("integration_endpoints")


@verifies("UDC-CAP-006", order=30)
def capabilities_stay_the_same(service: Probe) -> None:
    """Two readings of /capabilities give the same body."""
    first = service.read("/capabilities")
    before = expect(first).body()
    later = service.read_later("/capabilities", after=first, seconds=2.0)

    after = expect(later).body()
    names = sorted({*before, *after})
    changed = next((name for name in names if before.get(name) != after.get(name)), "")
    expect(later).holds(
        not changed,
        expected=f"the same body as before, with `{changed}` {quote(before.get(changed))}",
        observed=f"`{changed}` {quote(after.get(changed))}",
    )


@verifies("UDC-CAP-007")
def capabilities_name_a_version(service: Probe) -> None:
    """The body of /capabilities has version information, under whatever name."""
    seen = reading(service, "/capabilities")

    expect(seen).holds(
        _names_a_version(expect(seen).body()),
        expected="version information, such as a member `version`",
        observed=f"the members {', '.join(sorted(expect(seen).body())) or 'none'}",
    )


def _names_a_version(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_names_a_version, value))
    return isinstance(value, dict) and any(
        (_VERSION.search(name) and inner not in _EMPTY) or _names_a_version(inner)
        for name, inner in value.items()
    )
