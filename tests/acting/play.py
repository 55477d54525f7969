"""Plays one scenario, and judges rows from its recording, twice: live and from the record."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from acting.droplet import ActingDroplet
from acting.platform import ActingPlatform
from udckit.conformance import Verdict, all_checks, dump
from udckit.conformance.judge import judge
from udckit.conformance.scenario import (
    SCENARIOS,
    Recording,
    Recordings,
    Runner,
    scenarios_for,
    subjects_in,
    surround,
)
from udckit.conformance.scenario.belief import all_serving
from udckit.conformance.trigger import Trigger, read_trigger
from udckit.fakes import ManualClock
from udckit.specs import catalogue

__all__ = ["TRIGGERS", "judged", "play", "play_role", "plays", "rows_shown_by"]

_OF_RECORDINGS: Final = frozenset({"recording", "recordings"})


TRIGGERS = tuple(
    map(
        read_trigger, ("GET /peers/{peer}", "POST /peer-messages/{peer} {}", "POST /delegations {}")
    )
)
"""What makes a FakeDroplet call a peer, send it a message, and give work away."""


def play(
    name: str, behaviour: Mapping[str, Any], triggers: Sequence[Trigger] = TRIGGERS
) -> Recording:
    """Play a scenario by name with a droplet of this behaviour."""
    clock = ManualClock(time.time())
    with surround(clock) as around:
        target = ActingDroplet(clock, behaviour, peer=around.peer.url)
        return Runner(SCENARIOS[name], target, around, triggers=triggers).play()


def plays(rows: Collection[str], behaviour: Mapping[str, Any]) -> Recordings:
    """Play what these rows need."""
    return Recordings({each.name: play(each.name, behaviour) for each in scenarios_for(rows)})


def play_role(
    role: str, rows: Collection[str], hard_coded: Mapping[str, str] | None = None, **facts: Any
) -> Recordings:
    """Play what these rows need with a fake Registry or Orchestrator."""
    seen = {}
    for scenario in scenarios_for(rows, role):
        clock = ManualClock(time.time())
        with surround(clock) as around:
            target = ActingPlatform(role, clock, hard_coded or {}, **facts)
            seen[scenario.name] = Runner(scenario, target, around).play()
    return Recordings(seen)


def rows_shown_by(names: Collection[str], role: str = "droplet") -> list[str]:
    """Name the rows of a role that at least one of these scenarios shows something of."""
    return [
        row
        for row, check in all_checks().items()
        if check.wants in _OF_RECORDINGS
        and role in catalogue()[row].roles
        and not set(names).isdisjoint(all_serving(row))
    ]


def judged(
    recordings: Recordings, rows: Collection[str], role: str = "droplet"
) -> dict[str, Verdict]:
    """Judge rows from recordings; judged again from their lines, each says the same."""
    lines = [line for each in recordings.by_name.values() for line in each.as_lines()]
    live = _judged(recordings, rows, role)
    again = _judged(Recordings.of(lines), rows, role)
    assert {row: dump(one.as_json()) for row, one in live.items()} == {
        row: dump(one.as_json()) for row, one in again.items()
    }
    return live


def _judged(recordings: Recordings, rows: Collection[str], role: str) -> dict[str, Verdict]:
    checks, verdicts = all_checks(), dict[str, Verdict]()
    subjects = subjects_in(recordings)
    for row in rows:
        check = checks[row]
        subject = subjects[check.wants](row)
        verdicts[row] = judge(catalogue()[row], check, subject, verdicts, role=role)
    return verdicts
