"""The scenario of outages: Redis, an external API and the database, each lost and given back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from udckit.conformance.scenario.acts import Act, Await, Launch, Note, Scenario, Stop
from udckit.conformance.scenario.outage_acts import Notice, Outage, OutageAct, Recovery, Slowly

__all__ = ["DEPENDENCIES", "OUTAGE_ROWS", "outage_scenario"]

DEPENDENCIES: Final = "dependencies"
OUTAGE_ROWS: Final = frozenset(
    {
        *("UDC-HEALTH-007", "UDC-HEALTH-009", "UDC-HEALTH-010", "UDC-HEALTH-011"),
        *("UDC-HEALTH-013", "OPS-DB-001", "OPS-DB-002", "OPS-CACHE-001", "ERR-014"),
        *("OPS-ENV-004", "UDC-STATE-006"),
        *("UDC-DEPS-003", "UDC-DEPS-004", "UDC-DEPS-005"),
    }
)

_UDC: Final = ("/health", "/dependencies", "/state", "/capabilities")
_WELL_WITHIN: Final = 95.0


def outage_scenario(kinds: Collection[str]) -> Scenario | None:
    """Write the script for the kinds that were declared; None where there are none."""
    if not kinds:
        return None
    everything = tuple(sorted(kinds))
    script: tuple[Act, ...] = (
        Launch(),
        Await("registered", "registry", "POST /register", within=30.0),
        Notice("well", ("healthy",), up=everything, within=_WELL_WITHIN),
        *(act for kind in ("redis", "external-api", "database") for act in _cut(kind, kinds)),
        *_hung(kinds),
        Note("all well"),
        Stop(),
    )
    return Scenario(
        name=DEPENDENCIES,
        story="What it depends on goes away and comes back: Redis, an external API, its database.",
        script=script,
        serves=OUTAGE_ROWS,
        length=100.0 + 120.0 * len(everything),
    )


def _cut(kind: str, kinds: Collection[str]) -> Iterator[OutageAct]:
    if kind not in kinds:
        return
    worse = ("unhealthy",) if kind == "database" else ("degraded", "unhealthy")
    yield Outage(kind, "cut")
    yield Notice(f"{kind} missed", worse, down=(kind,))
    yield Recovery(f"{kind} restored")
    yield Notice(f"{kind} back", ("healthy",), up=(kind,))
    yield Slowly(1.0, _UDC)


def _hung(kinds: Collection[str]) -> Iterator[OutageAct]:
    if "redis" in kinds:
        yield Outage("redis", "hang")
        yield Slowly(3.0, _UDC)
    if "database" in kinds:
        yield Outage("database", "hang")
        yield Slowly(4.0, ("/health",))
    if {"redis", "database"} & set(kinds):
        yield Recovery("hang over")
