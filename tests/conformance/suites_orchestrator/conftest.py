"""Right Orchestrators behind the fault proxy, each brought up once."""

import contextlib
from collections.abc import Callable, Iterator

import pytest
from faults.role_stand import Make, RoleStand, role_stand

Stands = Callable[[Make], RoleStand]


@pytest.fixture(scope="session")
def orchestrators() -> Iterator[Stands]:
    up: dict[Make, RoleStand] = {}
    with contextlib.ExitStack() as stack:

        def give(make: Make) -> RoleStand:
            if make not in up:
                up[make] = stack.enter_context(role_stand("orchestrator", make))
            return up[make]

        yield give
