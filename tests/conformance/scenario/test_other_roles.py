"""A Registry and an Orchestrator are launched too: stages integration and resilience of theirs."""

from __future__ import annotations

import pytest
from acting import judged, play_role, rows_shown_by
from faults.behaving import Misbehaviour, misbehaviours

from udckit.conformance import all_checks
from udckit.conformance.scenario import outage_scenario, scenarios_of
from udckit.specs import catalogue

OUTAGES = outage_scenario(["database", "redis"])
ROLES = ("registry", "orchestrator")


def rows_of(role: str) -> list[str]:
    """Name the rows of a role that recordings show, but for those of declared dependencies."""
    checks = all_checks()
    return [
        row.id
        for row in catalogue().values()
        if role in row.roles
        and row.id in checks
        and checks[row.id].wants in {"recording", "recordings"}
        and OUTAGES is not None
        and row.id not in OUTAGES.serves
    ]


@pytest.mark.parametrize("role", ROLES)
def test_every_row_of_a_role_that_recordings_show_is_served(role: str) -> None:
    served = frozenset().union(*(each.serves for each in scenarios_of(role).values()))
    single = [row for row in rows_of(role) if all_checks()[row].wants == "recording"]

    assert [row for row in single if row not in served] == []


@pytest.mark.parametrize("role", ROLES)
def test_right_one_keeps_each_row_that_applies(role: str) -> None:
    served = frozenset().union(*(each.serves for each in scenarios_of(role).values()))
    rows = [row for row in rows_of(role) if row in served]

    seen = judged(play_role(role, rows), rows, role)

    unseen = {
        row: (one.verdict, one.observed or one.message)
        for row, one in seen.items()
        if one.verdict not in {"pass", "not_applicable"}
    }
    assert unseen.keys() <= {"UDC-MSG-019"}, unseen


@pytest.mark.parametrize(
    ("role", "fault"),
    [
        pytest.param(role, fault, id=fault.id)
        for role in ROLES
        for fault in misbehaviours(f"launched/{role}")
    ],
)
def test_one_that_is_wrong_is_blamed_for_that_alone(role: str, fault: Misbehaviour) -> None:
    recordings = play_role(role, fault.kills, fault.behaviour)

    seen = judged(recordings, rows_shown_by(recordings.by_name, role), role)

    failed = {row for row, each in seen.items() if each.verdict == "fail"}
    assert set(fault.kills) - failed == set(), fault.story
    assert failed - {*fault.kills, *fault.also} == set(), fault.story


OF_OUTAGES = ("ERR-014", "ERR-015", "UDC-HEALTH-007", "UDC-HEALTH-013")


@pytest.mark.parametrize("role", ROLES)
def test_one_that_leans_on_the_other_side_and_bears_its_outage_is_right(role: str) -> None:
    seen = judged(play_role(role, OF_OUTAGES, {"LEANS": "right"}), OF_OUTAGES, role)

    words = {row: one.verdict for row, one in seen.items()}
    assert words.pop("UDC-HEALTH-013") == "not_observed", "it is never unwell"
    assert set(words.values()) == {"pass"}, seen


def test_registry_that_asks_nobody_has_nothing_to_log() -> None:
    seen = judged(play_role("registry", OF_OUTAGES), OF_OUTAGES, "registry")

    assert seen["ERR-015"].verdict == "not_applicable"
    assert seen["ERR-014"].verdict == seen["UDC-HEALTH-007"].verdict == "pass"
