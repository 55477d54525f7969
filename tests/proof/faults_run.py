"""Runs the lanes: each target comes up once, in a process of its own, until the time is over."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from proof.lanes import LANES, Lane
from proof.sighting import Sighting

__all__ = ["put_in_front", "run_lanes"]


def run_lanes(
    *, ends: float, jobs: int, seed: int, names: frozenset[str], tell: Callable[[str], None]
) -> list[Sighting]:
    """Put every fault in front of every target; give what was seen, in a stable order.

    `ends` is a moment of `time.time()`: what is not under way by then is left out, and the faults
    come in one shuffled order for all targets of a lane, so that what was done is comparable.
    """
    work = [(lane.name, target) for lane in LANES if lane.name in names for target in lane.targets]
    work.sort(key=lambda each: -len(_lane(each[0]).faults_for(each[1])))
    seen: list[Sighting] = []
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        under_way = {pool.submit(put_in_front, *each, ends=ends, seed=seed): each for each in work}
        for done in as_completed(under_way):
            lane, target = under_way[done]
            try:
                came = done.result()
            except Exception as trouble:  # noqa: BLE001 - one target that is not to be had spoils no other
                tell(f"{lane} in front of {target}: not run, {type(trouble).__name__}: {trouble}")
                continue
            seen += came
            killed = sum(each.is_kill for each in came)
            tell(f"{lane} in front of {target}: {killed} of {len(came)} seen")
    return sorted(seen, key=lambda each: (each.lane, each.fault, each.target))


def put_in_front(
    name: str, target: str, *, ends: float, seed: int, only: frozenset[str] = frozenset()
) -> list[Sighting]:
    """Put a lane's faults, or `only` some by id, in front of one target, one after the other."""
    lane = _lane(name)
    with lane.up(target) as judge:
        return list(_each(lane, target, judge, ends, seed, only))


def _each(
    lane: Lane,
    target: str,
    judge: Callable[..., Sighting],
    ends: float,
    seed: int,
    only: frozenset[str],
) -> Iterator[Sighting]:
    faults = [each for each in lane.faults() if not only or each.id in only]
    random.Random(seed).shuffle(faults)  # noqa: S311 - an order, not a secret
    for fault in faults:
        if time.time() >= ends:
            return
        if lane.strikes(target, fault):
            yield judge(fault)


def _lane(name: str) -> Lane:
    return next(lane for lane in LANES if lane.name == name)
