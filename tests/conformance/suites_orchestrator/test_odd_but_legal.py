"""A right Orchestrator may be odd: no false alarm."""

from collections.abc import Callable
from pathlib import Path

import pytest
from faults import Fault, read_faults
from faults.role_stand import Make, RoleStand
from faults.role_tests import is_let_be

ODD = read_faults(Path(__file__).parent / "odd_but_legal.yaml")
Stands = Callable[[Make], RoleStand]


@pytest.mark.parametrize("oddity", ODD, ids=lambda oddity: oddity.id)
def test_odd_orchestrator_raises_no_alarm(orchestrators: Stands, oddity: Fault) -> None:
    is_let_be(orchestrators("fake"), oddity)
