"""Every check of outages accepts a right droplet, and sees each wrong habit under its own id."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

import pytest
from acting import judged
from faults.behaving import Misbehaviour, misbehaviours
from leaning import play_outages

from udckit.conformance import Verdict
from udckit.conformance.scenario import Recording, Recordings
from udckit.conformance.scenario.outage_scenario import OUTAGE_ROWS

ALL: Final = ("database", "redis", "external-api")
RIGHT: Final[Mapping[str, Mapping[str, Any]]] = {
    "plain": {},
    "looks every 40 s": {"looks_every": 40.0},
    "503 while unhealthy": {"unhealthy_status": 503},
    "nothing listed as optional": {"lists": ("database",)},
}


def _judged(recording: Recording, rows: Collection[str]) -> Mapping[str, Verdict]:
    return judged(Recordings({recording.scenario: recording}), sorted(rows))


@cache
def _played(kinds: tuple[str, ...], habits: tuple[tuple[str, Any], ...]) -> Recording:
    return play_outages(kinds, dict(habits))


@pytest.mark.parametrize("kind", RIGHT)
def test_right_droplet_passes_every_row_of_outages(kind: str) -> None:
    seen = _judged(_played(ALL, tuple(RIGHT[kind].items())), OUTAGE_ROWS)

    assert {
        row: (one.verdict, one.message, one.observed) for row, one in seen.items()
    } == dict.fromkeys(OUTAGE_ROWS, ("pass", "", None))


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.id) for f in misbehaviours("outage")])
def test_wrong_habit_is_seen(fault: Misbehaviour) -> None:
    kinds = ("redis",) if fault.id.startswith("redis-never") else _needed(fault)
    habits = {k: tuple(v) if isinstance(v, list) else v for k, v in fault.behaviour.items()}

    seen = _judged(_played(kinds, tuple(habits.items())), fault.kills)

    survivors = {row: each.message for row, each in seen.items() if each.verdict != "fail"}
    assert survivors == {}, fault.story


def _needed(fault: Misbehaviour) -> tuple[str, ...]:
    """Give the kinds without which the fault cannot show: fewer outages are sooner over."""
    if "UDC-HEALTH-010" in fault.kills:
        return ("external-api",)
    if fault.id.startswith("redis") or "OPS-CACHE-001" in fault.kills:
        return ("redis",)
    return ("database",)


def test_what_was_not_declared_is_not_observed() -> None:
    seen = _judged(_played(("redis",), ()), ["UDC-HEALTH-011", "OPS-DB-001", "UDC-HEALTH-009"])

    assert {row: one.verdict for row, one in seen.items()} == {
        "UDC-HEALTH-011": "not_observed",
        "OPS-DB-001": "not_observed",
        "UDC-HEALTH-009": "pass",
    }
    assert "[dependencies.database]" in seen["UDC-HEALTH-011"].message
