"""The scenarios as data: few, and each row that is judged from recordings has its own."""

from __future__ import annotations

import pytest
from acting import play

from udckit.conformance import all_checks
from udckit.conformance.scenario import SCENARIOS, scenarios_for
from udckit.conformance.scenario.belief import all_serving
from udckit.conformance.scenario.expected import expected_seconds
from udckit.specs import catalogue

MOST = 8


def judged_by(*wants: str) -> list[str]:
    return [row for row, check in all_checks().items() if check.wants in wants]


def test_scenarios_are_eight_or_fewer() -> None:
    assert len(SCENARIOS) <= MOST


def test_row_that_is_judged_from_a_recording_is_served_by_one_scenario() -> None:
    assert {
        row: all_serving(row) for row in judged_by("recording") if len(all_serving(row)) != 1
    } == {}


def test_row_that_is_judged_from_recordings_is_served() -> None:
    assert [row for row in judged_by("recordings") if not all_serving(row)] == []


def test_scenario_serves_rows_that_bind_a_droplet_and_have_a_check() -> None:
    for each in SCENARIOS.values():
        for row in each.serves:
            assert {"droplet", "orchestrator"} & catalogue()[row].roles, row
            assert all_checks()[row].wants in {"recording", "recordings"}, row


def test_only_the_scenarios_that_serve_are_played() -> None:
    assert [one.name for one in scenarios_for(["ORCH-CLIENT-008"])] == ["orchestrator-away"]
    assert scenarios_for(["UDC-HEALTH-001"]) == ()


@pytest.mark.parametrize("name", ["calm", "registry-down", "token-refused"])
def test_what_a_scenario_should_take_is_within_a_factor_of_two(name: str) -> None:
    notes = play(name, {}).notes
    took = notes[-1].at - notes[0].at

    said = expected_seconds(SCENARIOS[name], has_trigger=True)

    assert took / 2 <= said <= took * 2
