"""What the contract leaves open is accepted: a right droplet, changed within it, is not blamed.

These are the equivalent mutants of the fault catalogue; each says in its story why it is one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from faults import Fault
from faults.stand import Stand, stand
from proof.lanes import legal_faults


@pytest.fixture(scope="module")
def droplet() -> Iterator[Stand]:
    with stand("fake_droplet") as up:
        yield up


@pytest.mark.parametrize("change", legal_faults("droplet"), ids=lambda change: change.id)
def test_legal_change_is_blamed_for_nothing(droplet: Stand, change: Fault) -> None:
    seen = droplet.run(change)

    assert seen.struck, f"{change.id} changed nothing"
    assert seen.errors() == []
    assert sorted(map(seen.said, seen.failed("MUST"))) == [], change.story
    assert sorted(map(seen.said, seen.failed("SHOULD") - set(change.also))) == [], change.story
    assert {each.stage: each.word for each in seen.outcomes.stages}["shape"] == "certified"


@pytest.mark.parametrize("role", ["droplet", "registry", "orchestrator"])
def test_legal_change_kills_nothing(role: str) -> None:
    assert [change.id for change in legal_faults(role) if change.kills] == []
