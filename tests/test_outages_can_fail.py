"""Every check of outages accepts a right droplet, and sees each wrong habit under its own id."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final

import pytest
from acting import judged
from faults.behaving import Misbehaviour, misbehaviours
from leaning import habits_of, kinds_needed, play_outages

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
    recording = _played(kinds_needed(fault), tuple(habits_of(fault).items()))

    seen = _judged(recording, OUTAGE_ROWS)

    failed = {row for row, each in seen.items() if each.verdict == "fail"}
    assert set(fault.kills) - failed == set(), fault.story
    assert failed - {*fault.kills, *fault.also} == set(), fault.story


def test_what_was_not_declared_is_not_observed() -> None:
    seen = _judged(_played(("redis",), ()), ["UDC-HEALTH-011", "OPS-DB-001", "UDC-HEALTH-009"])

    assert {row: one.verdict for row, one in seen.items()} == {
        "UDC-HEALTH-011": "not_observed",
        "OPS-DB-001": "not_observed",
        "UDC-HEALTH-009": "pass",
    }
    assert "[dependencies.database]" in seen["UDC-HEALTH-011"].message
