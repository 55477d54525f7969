"""A Registry's own rows: two right ones that share no code keep them, and each fault is seen."""

from collections.abc import Callable

import pytest
from faults import Fault, all_faults
from faults.role_stand import Make, RoleStand
from faults.role_tests import is_certified_in_shape, is_seen, keeps_its_own_rows, unkilled

MAKES = ("fake", "aiohttp")
FAULTS = all_faults("registry")
Stands = Callable[[Make], RoleStand]


@pytest.mark.parametrize("make", MAKES)
def test_right_registry_is_certified_in_shape(registries: Stands, make: Make) -> None:
    is_certified_in_shape(registries(make))


@pytest.mark.parametrize("make", MAKES)
def test_right_registry_keeps_each_row_of_its_own(registries: Stands, make: Make) -> None:
    keeps_its_own_rows(registries(make))


def test_each_row_of_a_registry_is_killed_by_a_fault() -> None:
    assert unkilled("registry") == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_fault_is_blamed_on_its_rows_alone(registries: Stands, fault: Fault) -> None:
    is_seen(registries("fake"), fault, attributed=True)


@pytest.mark.parametrize(
    "fault", [each for each in FAULTS if not each.needs], ids=lambda fault: fault.id
)
def test_fault_is_seen_on_the_other_registry(registries: Stands, fault: Fault) -> None:
    is_seen(registries("aiohttp"), fault, attributed=False)
