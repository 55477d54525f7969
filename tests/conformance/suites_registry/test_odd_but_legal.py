"""A right Registry may be odd: no false alarm, and no verdict where nothing can be told."""

from collections.abc import Callable
from pathlib import Path

import pytest
from faults import Fault, read_faults
from faults.role_stand import Make, RoleStand
from faults.role_tests import is_let_be

ODD = read_faults(Path(__file__).parent / "odd_but_legal.yaml")
Stands = Callable[[Make], RoleStand]


@pytest.mark.parametrize("oddity", ODD, ids=lambda oddity: oddity.id)
def test_odd_registry_raises_no_alarm(registries: Stands, oddity: Fault) -> None:
    is_let_be(registries("fake"), oddity)


def test_listing_in_pages_is_not_judged_by_its_first(registries: Stands) -> None:
    paged = next(each for each in ODD if each.id == "a-listing-in-pages")

    seen = registries("fake").run(paged, only=("REG-SVC-005",))

    assert seen.word("REG-SVC-005") == "not_observed"
    assert "pages" in seen.said("REG-SVC-005")


def test_directory_that_needs_a_moment_is_waited_for(registries: Stands) -> None:
    late = next(each for each in ODD if each.id == "the-directory-needs-a-moment")

    seen = registries("fake").run(late, only=("REG-SVC-001",))

    assert seen.word("REG-SVC-001") == "pass"
