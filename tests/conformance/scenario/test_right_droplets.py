"""Right droplets are blamed for nothing, whatever they do otherwise than most."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any, Final

import pytest
from acting import ActingDroplet, judged, play

from udckit.conformance import Verdict, all_checks
from udckit.conformance.scenario import SCENARIOS, Recordings, Runner, surround
from udckit.conformance.scenario.belief import all_serving
from udckit.conformance.scenario.outage_scenario import DEPENDENCIES
from udckit.fakes import ManualClock

RIGHT: Final[Mapping[str, tuple[Mapping[str, Any], Collection[str]]]] = {
    "plain": ({}, SCENARIOS),
    "late first beat": (
        {"first_beat_after": 64},
        ("calm", "orchestrator-away", "token-refused"),
    ),
    "drifting by three seconds": ({"beat_every": 63}, ("calm", "orchestrator-away")),
    "fast by four seconds": ({"beat_every": 56}, ("calm", "orchestrator-away")),
    "exits when it cannot register": (
        {"exits_when_registration_fails": True},
        ("registry-down", "registry-odd"),
    ),
    "unhealthy until it is registered": (
        {"unready_health": "unhealthy"},
        ("registry-down", "registry-odd"),
    ),
    "service_id alone": ({"beat": {"service_name": None}}, ("calm",)),
    "no metrics": ({"beat": {"metrics": None}}, ("calm",)),
    "registers after ten seconds": ({"registers_after": 10}, ("calm", "settings")),
    "says 401 without a key": ({"keyless_status": 401}, ("registry-down",)),
    "renews on refusal only": ({"renews_before_expiry": False}, ("registry-odd",)),
    "remembers peers for a quarter of a minute": ({"endpoint_kept": 15}, ("peers",)),
    "passes a bad gateway on": ({"failed_peer": 502, "unknown_peer": 502}, ("peers",)),
}
"""What each does otherwise, and the scenarios in which that shows."""

ADVISED: Final[Mapping[str, frozenset[str]]] = {
    "late first beat": frozenset({"ORCH-CLIENT-013"}),
    "exits when it cannot register": frozenset({"REG-CLIENT-016"}),
    "service_id alone": frozenset({"ORCH-CLIENT-014"}),
    "no metrics": frozenset({"ORCH-CLIENT-006"}),
    "says 401 without a key": frozenset({"AUTH-030"}),
    "passes a bad gateway on": frozenset({"ERR-016"}),
}
"""The SHOULDs of which it is warned, and may be."""

UNSHOWN: Final = frozenset({"UDC-HEALTH-013"})
"""What a droplet that is never unhealthy does not show."""


class Pair(ActingDroplet):
    """A first worker that is asked, and a second that registers and beats beside it."""

    second: ActingDroplet

    def start(self, environment: Mapping[str, str]) -> None:
        super().start(environment)
        self.second.start(environment)


def verdicts(behaviour: Mapping[str, Any], played: Collection[str]) -> Mapping[str, Verdict]:
    """Judge what these scenarios show alone."""
    shown = {row: set(all_serving(row)) - {DEPENDENCIES} for row in all_checks()}
    rows = [row for row, scenarios in shown.items() if scenarios and scenarios <= set(played)]
    return judged(Recordings({name: play(name, behaviour) for name in played}), sorted(rows))


@pytest.mark.parametrize("kind", RIGHT)
def test_right_droplet_is_blamed_for_nothing(kind: str) -> None:
    seen = verdicts(*RIGHT[kind])

    assert {row: one.message for row, one in seen.items() if one.verdict == "error"} == {}
    blamed = {row: one.observed for row, one in seen.items() if one.verdict == "fail"}
    assert set(blamed) <= ADVISED.get(kind, frozenset()), blamed


def test_right_droplet_passes_everything_that_it_is_asked() -> None:
    seen = verdicts({"message_status": "processing", "work_takes": 2}, SCENARIOS)

    unseen = {row: one.message for row, one in seen.items() if one.verdict != "pass"}
    assert set(unseen) == UNSHOWN, unseen


def test_droplet_without_a_trigger_owes_nothing_about_peers() -> None:
    seen = judged(
        Recordings({name: play(name, {}, ()) for name in ("peers", "settings")}),
        ["DISC-001", "DISC-008", "ERR-011", "UDC-CB-001"],
    )

    assert {one.verdict for one in seen.values()} == {"not_applicable"}


def test_beats_of_two_workers_are_counted_by_their_token() -> None:
    clock = ManualClock(time.time())
    with surround(clock) as around:
        pair = Pair(clock, {})
        pair.second = ActingDroplet(clock, {"first_beat_after": 15})
        seen = Runner(SCENARIOS["calm"], pair, around).play()
        pair.second.stop()

    rows = ["ORCH-CLIENT-001", "ORCH-CLIENT-004", "REG-CLIENT-004", "REG-CLIENT-014"]
    words = {row: one.verdict for row, one in judged(Recordings({"calm": seen}), rows).items()}
    assert words == {**dict.fromkeys(rows, "pass"), "REG-CLIENT-014": "fail"}
