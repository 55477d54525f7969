"""What the contract leaves open is accepted by generated cases as well; each day another part."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator

import pytest
from faults import Fault
from faults.role_stand import RoleStand, role_stand
from faults.stand import Stand, stand
from proof.lanes import legal_faults

from udckit.conformance.generated.lane import bears_on

PARTS = int(os.environ.get("PARTS", "8"))
"""PARTS=1 judges all of them."""

TURN = int(os.environ.get("TURN", datetime.datetime.now(datetime.UTC).toordinal()))
ROLES = ("droplet", "registry", "orchestrator")
CHANGES = [
    pytest.param(role, change, id=f"{role}-{change.id}")
    for role in ROLES
    for change in legal_faults(role)[TURN % PARTS :: PARTS]
]


@pytest.fixture(scope="module")
def stands() -> Iterator[dict[str, Stand | RoleStand]]:
    with (
        stand("fake_droplet") as droplet,
        role_stand("registry", "fake") as registry,
        role_stand("orchestrator", "fake") as orchestrator,
    ):
        yield {"droplet": droplet, "registry": registry, "orchestrator": orchestrator}


@pytest.mark.parametrize(("role", "change"), CHANGES)
def test_legal_change_is_blamed_for_nothing(
    role: str, change: Fault, stands: dict[str, Stand | RoleStand]
) -> None:
    seen = stands[role].run(change, only=tuple(sorted(bears_on(role))), effort="quick")

    assert seen.errors() == []
    assert sorted(map(seen.said, seen.failed("MUST"))) == [], f"TURN={TURN}: {change.story}"
    should = seen.failed("SHOULD") - set(change.also)
    assert sorted(map(seen.said, should)) == [], f"TURN={TURN}: {change.story}"
