"""Runs the lanes in pieces, each with a target of its own, until the time is over."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from typing import Final

from proof.lanes import LANES, Judge, Lane, Planted
from proof.sighting import Sighting

__all__ = ["put_in_front", "run_lanes"]

_PIECE: Final = 30
"""Faults before one target until it is stopped: enough to be worth its start."""


def run_lanes(
    pool: Executor, *, ends: float, seed: int, names: frozenset[str], tell: Callable[[str], None]
) -> list[Sighting]:
    """Put every fault in front of every target; give what was seen, in a stable order.

    `ends` is a moment of `time.time()`: what is not under way by then is left out. The faults come
    in a shuffled order.
    """
    seen: list[Sighting] = []
    under_way = {
        pool.submit(put_in_front, *each[:2], ends=ends, seed=seed, share=each[2:]): each
        for each in _pieces(names)
    }
    for done in as_completed(under_way):
        lane, target, piece, pieces = under_way[done]
        what = f"{lane} in front of {target}, {piece + 1} of {pieces}"
        try:
            came = done.result()
        except Exception as trouble:  # noqa: BLE001 - one target that is not to be had spoils no other
            tell(f"{what}: not run, {type(trouble).__name__}: {trouble}")
            continue
        seen += came
        bad = [each.fault for each in came if (each.kills and not each.is_kill) or each.strange]
        tell(f"{what}: {len(came)} in turn{', not as wanted: ' if bad else ''}{', '.join(bad)}")
    return sorted(seen, key=lambda each: (each.lane, each.fault, each.target))


def _pieces(names: frozenset[str]) -> list[tuple[str, str, int, int]]:
    """Cut the lanes into pieces: lane, target, number from 0, and of how many."""
    pieces = []
    for lane in LANES:
        for target in lane.targets if lane.name in names else ():
            count = max(1, -(-len(lane.faults_for(target)) // _PIECE))
            pieces += [(lane.name, target, number, count) for number in range(count)]
    return pieces


def put_in_front(
    name: str,
    target: str,
    *,
    ends: float,
    seed: int,
    only: frozenset[str] = frozenset(),
    share: tuple[int, int] = (0, 1),
) -> list[Sighting]:
    """Put a lane's faults, or `only` some by id, in front of one target, one after the other.

    A `share` of 2, 5 is every fifth of them, from the third on.
    """
    lane = _lane(name)
    faults = [each for each in lane.faults_for(target) if not only or each.id in only]
    random.Random(seed).shuffle(faults)  # noqa: S311 - an order, not a secret
    with lane.up(target) as judge:
        return list(_each(judge, faults[share[0] :: share[1]], ends))


def _each(judge: Judge, faults: Sequence[Planted], ends: float) -> Iterator[Sighting]:
    for fault in faults:
        if time.time() >= ends:
            return
        yield judge(fault)


def _lane(name: str) -> Lane:
    return next(lane for lane in LANES if lane.name == name)
