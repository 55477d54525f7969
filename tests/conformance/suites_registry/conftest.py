"""Right Registries behind the fault proxy, each brought up once."""

import contextlib
from collections.abc import Callable, Iterator

import pytest
from faults.role_stand import Make, RoleStand, role_stand

Stands = Callable[[Make], RoleStand]


@pytest.fixture(scope="session")
def registries() -> Iterator[Stands]:
    up: dict[Make, RoleStand] = {}
    with contextlib.ExitStack() as stack:

        def give(make: Make) -> RoleStand:
            if make not in up:
                up[make] = stack.enter_context(role_stand("registry", make))
            return up[make]

        yield give
