"""Right droplets are blamed for nothing, whatever they do otherwise than most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from acting import judged, play

from udckit.conformance import Verdict, all_checks
from udckit.conformance.scenario import SCENARIOS, Recordings

ALL: Final = tuple(SCENARIOS)
RIGHT: Final[Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]]] = {
    "plain": ({}, ALL),
    "processing": ({"message_status": "processing", "work_takes": 2}, ("calm", "token-refused")),
    "late first beat": ({"first_beat_after": 64}, ALL),
    "drifting by three seconds": ({"beat_every": 63}, ("calm",)),
    "fast by four seconds": ({"beat_every": 56}, ("calm",)),
    "exits when it cannot register": (
        {"exits_when_registration_fails": True},
        ("registry-down", "registry-odd"),
    ),
    "service_id alone": ({"beat": {"service_name": None}}, ("calm",)),
    "no metrics": ({"beat": {"metrics": None}}, ("calm",)),
    "registers after ten seconds": ({"registers_after": 10}, ALL),
}
"""What each does otherwise, and the scenarios in which that shows."""

ADVISED: Mapping[str, frozenset[str]] = {
    "late first beat": frozenset({"ORCH-CLIENT-013"}),
    "exits when it cannot register": frozenset({"REG-CLIENT-016"}),
    "service_id alone": frozenset({"ORCH-CLIENT-014"}),
    "no metrics": frozenset({"ORCH-CLIENT-006"}),
}
"""The SHOULDs of which it is warned, and may be."""


def verdicts(scenario: str, behaviour: Mapping[str, Any]) -> Mapping[str, Verdict]:
    rows = sorted(SCENARIOS[scenario].serves & set(all_checks()))
    return judged(Recordings({scenario: play(scenario, behaviour)}), rows)


@pytest.mark.parametrize(
    ("kind", "scenario"), [(kind, one) for kind, (_, where) in RIGHT.items() for one in where]
)
def test_right_droplet_is_blamed_for_nothing(kind: str, scenario: str) -> None:
    seen = verdicts(scenario, RIGHT[kind][0])

    assert {row: one for row, one in seen.items() if one.verdict == "error"} == {}
    blamed = {row: one.observed for row, one in seen.items() if one.verdict == "fail"}
    assert set(blamed) <= ADVISED.get(kind, frozenset()), blamed


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_right_droplet_passes_what_it_is_asked(scenario: str) -> None:
    seen = verdicts(scenario, {"message_status": "processing"})

    unseen = {row: one.message for row, one in seen.items() if one.verdict != "pass"}
    assert set(unseen) <= {"UDC-CB-001"}, unseen
