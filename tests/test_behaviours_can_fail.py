"""Every check of what a droplet sends can fail: each fault of behaviour is seen under its own id.

They are switches of FakeDroplet, played on a clock that is moved by hand.
"""

from __future__ import annotations

import pytest
from acting import judged, plays, rows_shown_by
from faults.behaving import Misbehaviour, misbehaviours

from udckit.conformance import all_checks


@pytest.mark.parametrize("fault", [pytest.param(each, id=each.id) for each in misbehaviours()])
def test_misbehaviour_is_seen_and_nothing_else_is_blamed(fault: Misbehaviour) -> None:
    recordings = plays(fault.kills, fault.behaviour)

    seen = judged(recordings, rows_shown_by(recordings.by_name))

    failed = {row for row, each in seen.items() if each.verdict == "fail"}
    assert set(fault.kills) - failed == set(), fault.story
    assert failed - {*fault.kills, *fault.also} == set(), fault.story


def test_misbehaviours_are_told_apart() -> None:
    names = [each.id for each in misbehaviours()]

    assert len(names) == len(set(names))
    assert {row for each in misbehaviours() for row in each.kills} <= set(all_checks())
