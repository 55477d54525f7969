"""Registrations and look-ups known to hurt, under names of the kit's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote as percent

from udckit.conformance.generated.hurting import IDS, KEYS, NAMES, long
from udckit.conformance.generated.sending import Cases, a_registration, changed
from udckit.conformance.observation import MISSING
from udckit.conformance.probe import VALID, Ask, Probe

__all__ = ["look_ups", "registrations"]

_FACTS: Final[Mapping[str, tuple[Any, ...]]] = {
    "capabilities": (
        *(["udckit", {"a": 1}], ["udckit", ["b"]], [[]], [], [""], ["ä 漢"], ["udckit"] * 50),
        *("udckit", {"a": 1}, None, MISSING),
    ),
    "port": (0, -1, 65_536, 2**31, 65_535, 1, 8_010.0, "8010", "port"),
    "version": ({"major": 1}, ["1"], "", "v1.0.0-rc.1+build.5", long(300), None, MISSING),
    "health_endpoint": ({"path": "/"}, ["/"], "/", "/h?x=1", "health", "/ä"),
    "droplet_id": (2**31, 2**53 + 1, 2**63, 0, -1, {"id": 1}, ["1"], "ten"),
    "udc_compliant": (False, None, "yes", {"is": True}),
    "host": ("2001:db8::1", "[2001:db8::1]", "", "ü.invalid", {"name": "h"}),
    "name": (None, MISSING, {"udckit": 1}, ["udckit"]),
    **{key: ("udckit",) for key in KEYS if key},
}
_NEVER: Final = (2**53 + 1, 2**53 + 3, 9_000_000_000_000_007, 2**62 + 1)
"""Numbers that no Registry has given."""

_A_MOMENT: Final = 1.6
_LOOKED_FOR: Final = 7
"""One in so many of the names that may have been refused is looked for."""


def registrations(service: Probe) -> Cases:
    """Register, with facts that hurt and under names that hurt; look up who was registered."""
    every = [(name, value) for name, values in _FACTS.items() for value in values]
    for number, (member, value) in enumerate(every):
        name = f"udckit-never-{number}"
        yield changed(a_registration(name), {member: value})
        if number % _LOOKED_FOR == 0:
            yield _by_name(name)
    late: list[str] = []
    for _ in range(2):
        yield from _registered("udckit-twice", looks=2, late=late)
    for number in _NEVER:
        yield Ask("GET", f"/services/{number}", VALID)
    for number, odd in enumerate(NAMES):
        yield from _registered(f"udckit-{number}-{odd}", looks=1 + number % 2, late=late)
    if late:
        service.wait(_A_MOMENT)
    for name in late:
        yield _by_name(name)


def _registered(name: str, *, looks: int, late: list[str]) -> Cases:
    """Register and look up, by name and number; who is not found yet is looked up later."""
    seen = yield a_registration(name)
    if seen.status is None or seen.status // 100 != 2:  # noqa: PLR2004 - the 2xx
        return
    number = seen.member("service_id")
    for _ in range(looks):
        found = yield _by_name(name)
        if found.status != 200 and name not in late:  # noqa: PLR2004 - OK
            late.append(name)
    for _ in range(looks if isinstance(number, int) else 0):
        yield Ask("GET", f"/services/{number}", VALID)


def _by_name(name: str) -> Ask:
    return Ask("GET", f"/services/by-name/{percent(name, safe='')}", VALID)


def look_ups() -> Cases:
    """Ask for ids and names that nobody has, spelled as no id is."""
    for each in IDS:
        coded = each if each.startswith("%") else percent(each, safe="")
        yield Ask("GET", f"/services/by-name/{coded}", VALID)
        yield Ask("GET", f"/services/{coded}", VALID)
