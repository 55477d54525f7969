"""An Orchestrator's own rows: two right ones keep them, and each fault is seen."""

from collections.abc import Callable

import pytest
from faults import Fault, all_faults
from faults.role_stand import Make, RoleStand
from faults.role_tests import (
    is_certified_in_shape,
    is_of_later_stages,
    is_seen,
    keeps_its_own_rows,
    unkilled,
)

MAKES = ("fake", "aiohttp")
FAULTS = all_faults("orchestrator")
Stands = Callable[[Make], RoleStand]


@pytest.mark.parametrize("make", MAKES)
def test_right_orchestrator_is_certified_in_shape(orchestrators: Stands, make: Make) -> None:
    is_certified_in_shape(orchestrators(make))


@pytest.mark.parametrize("make", MAKES)
def test_right_orchestrator_keeps_each_row_of_its_own(orchestrators: Stands, make: Make) -> None:
    keeps_its_own_rows(orchestrators(make))


def test_each_row_of_an_orchestrator_is_killed_by_a_fault() -> None:
    assert unkilled("orchestrator") == []


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("udckit.conformance.suites.orchestrator._worker.WITHIN", 1.5)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_fault_is_blamed_on_its_rows_alone(orchestrators: Stands, fault: Fault) -> None:
    is_seen(orchestrators("fake"), fault, attributed=True)


@pytest.mark.parametrize(
    "fault",
    [each for each in FAULTS if not each.needs and not is_of_later_stages(each)],
    ids=lambda fault: fault.id,
)
def test_fault_is_seen_on_the_other_orchestrator(orchestrators: Stands, fault: Fault) -> None:
    is_seen(orchestrators("aiohttp"), fault, attributed=False)
