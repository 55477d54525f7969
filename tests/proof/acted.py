"""Judges what droplets, Registries and Orchestrators do by themselves: beats, retries, recovery.

Every row that the scenarios of a fault show is judged, so that blame beside it would be seen.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

from acting import judged, play_role, plays, rows_shown_by
from faults.behaving import Misbehaviour
from leaning import habits_of, kinds_needed, play_outages

from proof.sighting import Sighting
from udckit.conformance.scenario import Recordings
from udckit.conformance.scenario.outage_scenario import OUTAGE_ROWS

__all__ = ["launched", "misbehaving", "without_what_it_leans_on"]

Judge = Callable[[Any], Sighting]


@contextlib.contextmanager
def misbehaving(target: str) -> Iterator[Judge]:
    """Play what a FakeDroplet of this behaviour does, on a clock that is moved by hand."""

    def judge(fault: Misbehaviour) -> Sighting:
        began = time.monotonic()
        seen = plays(fault.kills, fault.behaviour)
        return _sighting("behaviour", target, fault, seen, rows_shown_by(seen.by_name), began)

    yield judge


@contextlib.contextmanager
def without_what_it_leans_on(target: str) -> Iterator[Judge]:
    """Play outages of what a small droplet leans on, for one of these habits."""

    def judge(fault: Misbehaviour) -> Sighting:
        began = time.monotonic()
        recording = play_outages(kinds_needed(fault), habits_of(fault))
        seen = Recordings({recording.scenario: recording})
        return _sighting("outage", target, fault, seen, OUTAGE_ROWS, began)

    yield judge


def launched(role: str) -> Callable[[str], contextlib.AbstractContextManager[Judge]]:
    """Give the way to start a fake Registry or Orchestrator that was set up by hand."""

    @contextlib.contextmanager
    def up(target: str) -> Iterator[Judge]:
        def judge(fault: Misbehaviour) -> Sighting:
            began = time.monotonic()
            seen = play_role(role, fault.kills, fault.behaviour)
            rows = rows_shown_by(seen.by_name, role)
            return _sighting(f"launched {role}", target, fault, seen, rows, began, role)

        yield judge

    return up


def _sighting(
    lane: str,
    target: str,
    fault: Misbehaviour,
    recordings: Recordings,
    rows: Collection[str],
    began: float,
    role: str = "droplet",
) -> Sighting:
    seen = judged(recordings, sorted({*rows, *fault.kills}), role)
    failed = {row for row, verdict in seen.items() if verdict.verdict == "fail"}
    return Sighting(
        lane=lane,
        fault=fault.id,
        target=target,
        kills=fault.kills,
        failed=tuple(row for row in fault.kills if row in failed),
        strange=tuple(sorted(failed - {*fault.kills, *fault.also})),
        errors=tuple(f"{row} error" for row in seen if seen[row].verdict == "error"),
        seconds=round(time.monotonic() - began, 3),
    )
