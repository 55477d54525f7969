"""Faults that no hand-written check kills, each killed by a generated case alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import Fault, read_faults
from faults.role_stand import RoleStand, role_stand
from faults.stand import Stand, stand

from udckit.conformance import dump, rejudge
from udckit.conformance.generated.lane import bears_on

FOLDER = Path(__file__).parent / "faults"
FAULTS = {
    role: read_faults(FOLDER / f"{role}.yaml") for role in ("droplet", "registry", "orchestrator")
}
STAGES = ("shape", "security")
ADVISED = {"UDC-MSG-020"}
"""A SHOULD that the plain droplet does not keep, with or without them."""

FEWEST = 15
"""Planted faults that only generated cases may see."""


Runs = Stand | RoleStand


@pytest.fixture(scope="session")
def stands() -> Iterator[dict[str, Runs]]:
    with contextlib.ExitStack() as stack:
        yield {
            "droplet": stack.enter_context(stand("plain_droplet")),
            "registry": stack.enter_context(role_stand("registry", "fake")),
            "orchestrator": stack.enter_context(role_stand("orchestrator", "fake")),
        }


@pytest.mark.parametrize("role", FAULTS)
def test_no_hand_written_check_sees_any_of_them(role: str, stands: dict[str, Runs]) -> None:
    """All of them are in force at once, and the stages are as clean as without any."""
    strikes = tuple(strike for fault in FAULTS[role] for strike in fault.strikes)
    everything = Fault("all-of-them", "All is wrong that only generated cases see.", strikes, ())

    seen = stands[role].run(everything, stages=STAGES)

    blamed = {row for row, one in seen.outcomes.verdicts.items() if one.verdict == "fail"}
    assert [seen.said(row) for row in sorted(blamed - ADVISED)] == []


@pytest.mark.parametrize(
    ("role", "fault"),
    [pytest.param(role, each, id=each.id) for role, faults in FAULTS.items() for each in faults],
)
def test_generated_case_kills(role: str, fault: Fault, stands: dict[str, Runs]) -> None:
    seen = stands[role].run(fault, only=fault.kills, effort="quick")

    assert seen.struck, f"{fault.id} struck nothing"
    assert seen.errors() == []
    assert [seen.said(row) for row in fault.kills if seen.word(row) != "fail"] == []
    assert all(seen.outcomes.verdicts[row].culprit for row in fault.kills)
    again = rejudge(seen.record)
    assert {name: dump(each.as_json()) for name, each in again.items()} == {
        name: dump(each.as_json()) for name, each in seen.record.verdicts.items()
    }


@pytest.mark.parametrize("role", FAULTS)
def test_right_one_is_blamed_for_nothing(role: str, stands: dict[str, Runs]) -> None:
    seen = stands[role].run(only=tuple(sorted(bears_on(role))), effort="quick")

    blamed = {row for row, one in seen.outcomes.verdicts.items() if one.verdict == "fail"}
    assert [seen.said(row) for row in sorted(blamed)] == []
    assert seen.errors() == []


def test_there_are_enough_of_them() -> None:
    assert sum(map(len, FAULTS.values())) >= FEWEST
