"""Judges each droplet of the known-good fleet again and again, in shuffled order, partly loaded."""

from __future__ import annotations

import contextlib
import logging
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, as_completed
from functools import partial
from pathlib import Path
from typing import Final

from fleet_support import REFERENCE, Member, fleet, member, missing

from proof.alarms import Judged
from udckit.conformance import Options, RunRecord, certify
from udckit.conformance.target import launch
from udckit.fakes import FakeOrchestrator, FakeRegistry

__all__ = ["members", "quick", "run_alarms", "whole"]

_STARTUP: Final = 60.0
_QUICK_AT_A_TIME: Final = 21
"""Quick runs against one droplet before it is stopped: starting it costs more than judging it."""

_STAGES: Final[Mapping[str, tuple[str, ...] | None]] = {
    "all": None,
    "whole": ("shape", "security"),
}
"""What is asked of a droplet that is freshly launched; nothing named is every stage."""


def members() -> tuple[Member, ...]:
    """Give the right droplets that this machine can run, the reference among them."""
    return tuple(each for each in (*fleet(), REFERENCE) if missing(each) is None)


def run_alarms(
    pool: Executor,
    *,
    ends: float,
    seed: int,
    repeats: int,
    kind: str,
    load: int,
    tell: Callable[[str], None],
) -> list[Judged]:
    """Judge each member `repeats` times, until the time is over; `load` programs keep cores busy.

    `kind` is all, whole or quick. First comes a shuffled round of all members, then another.
    """
    dice = random.Random(seed)  # noqa: S311 - an order, not a secret
    names = [each.name for each in members()]
    at_a_time = _QUICK_AT_A_TIME if kind == "quick" else 1
    rounds = [
        (name, min(at_a_time, repeats - done))
        for done in range(0, repeats, at_a_time)
        for name in dice.sample(names, len(names))
    ]
    judge = partial(_JUDGES[kind], ends=ends, loaded=load > 0)
    runs: list[Judged] = []
    with _busy(load):
        under_way = [pool.submit(judge, name, times) for name, times in rounds]
        for done in as_completed(under_way):
            try:
                runs += done.result()
            except Exception as trouble:  # noqa: BLE001 - told, and not counted as a run
                tell(f"a {kind} run did not come about: {type(trouble).__name__}: {trouble}")
    blamed = sum(bool(each.blamed or each.errors) for each in runs)
    tell(f"{len(runs)} {kind} runs over {len(names)} droplets, {blamed} with blame")
    return sorted(runs, key=lambda each: (each.member, each.kind))


def whole(
    name: str, times: int = 1, *, ends: float, loaded: bool = False, kind: str = "whole"
) -> list[Judged]:
    """Launch a member, judge the stages of this kind, and stop it; nothing once time is over."""
    runs: list[Judged] = []
    while len(runs) < times and time.time() < ends:
        with tempfile.TemporaryDirectory() as folder:
            options = Options(
                launch=member(name).command,
                stages=_STAGES[kind],
                startup=_STARTUP,
                report_dir=Path(folder),
            )
            runs.append(_judged(name, kind, certify(options), loaded=loaded))
    return runs


def quick(name: str, times: int, *, ends: float, loaded: bool = False) -> list[Judged]:
    """Launch a member against fakes, and judge its stage 1 so many times, while there is time."""
    runs: list[Judged] = []
    if time.time() >= ends:
        return runs
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeRegistry() as registry,
        FakeOrchestrator(registry=registry) as orchestrator,
    ):
        environment = {
            "REGISTRY_URL": registry.url,
            "ORCHESTRATOR_URL": orchestrator.url,
            "SERVICE_NAME": f"proof-{name.replace('_', '-')}",
            "DROPLET_ID": "4711",
        }
        with launch(member(name).command, environment, startup=_STARTUP) as running:
            registry.journal.wait_for(operation="registerService", answered=201, timeout=20)
            options = Options(
                url=running.url,
                registry=registry.url,
                stages=("shape",),
                report_dir=Path(folder),
            )
            while len(runs) < times and time.time() < ends:
                runs.append(_judged(name, "quick", certify(options), loaded=loaded))
    return runs


_JUDGES: Final[Mapping[str, Callable[..., list[Judged]]]] = {
    "all": partial(whole, kind="all"),
    "whole": whole,
    "quick": quick,
}


def _judged(name: str, kind: str, record: RunRecord, *, loaded: bool) -> Judged:
    footer = record.footer or {}
    said = {
        row: f"expected {each.expected}, observed {each.observed}"
        for row, each in record.verdicts.items()
        if each.verdict == "fail" and each.level == "MUST"
    }
    return Judged(
        member=name,
        kind=kind,
        loaded=loaded,
        words={row: each.verdict for row, each in record.verdicts.items()},
        blamed=said,
        errors={
            row: each.message for row, each in record.verdicts.items() if each.verdict == "error"
        },
        stages=dict(footer.get("stages", {})),
        exit_code=int(footer.get("exit_code", 3)),
        requests=int(footer.get("requests_sent", 0)),
        seconds=float(footer.get("seconds", 0.0)),
    )


@contextlib.contextmanager
def _busy(programs: int) -> Iterator[None]:
    """Keep that many cores busy meanwhile."""
    logging.getLogger("udckit").setLevel(logging.ERROR)
    words: Sequence[str] = (sys.executable, "-c", "while True: pass")
    burning = [subprocess.Popen(words) for _ in range(programs)]
    try:
        yield
    finally:
        for each in burning:
            each.kill()
            each.wait()
