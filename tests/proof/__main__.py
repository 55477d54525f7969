"""`make proof`: measure what the kit catches and whom it blames wrongly, and write the page."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from proof.alarms import Judged
from proof.alarms_run import run_alarms
from proof.evidence import Evidence, circumstances
from proof.faults_run import run_lanes
from proof.lanes import LANES
from proof.page import page
from proof.sighting import Sighting

_DOCS: Final = Path(__file__).parents[2] / "docs"
_CORES: Final = os.cpu_count() or 1
_JOBS: Final = 3 * _CORES
"""Three for each core, kept warm: most of a run is waiting for the target."""


@dataclass(frozen=True, slots=True)
class Part:
    """Runs over right droplets: of which kind, how many over each, and until when of the time.

    `share` is of the whole time; what one part leaves over, the next may use.
    """

    kind: str
    repeats: int
    share: float
    load: int = 0


_FAULTS_UNTIL: Final = 0.55
"""The share of the time in which the faults have to be through; they come first."""


def main() -> int:
    """Run the parts one after the other within the time given; 1 where one is not as wanted."""
    given = _arguments()
    if given.page:
        _write(Evidence.read(given.out / "detection.json"), given.out)
        return 0
    began, tell = time.time(), _teller()
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        sightings = run_lanes(
            pool,
            ends=began + 60 * given.minutes * _FAULTS_UNTIL,
            seed=given.seed,
            names=frozenset(given.lanes),
            tell=tell,
        )
        runs: list[Judged] = []
        _kept(given, began, sightings, runs)
        for part in _parts(given):
            runs += run_alarms(
                pool,
                ends=began + 60 * given.minutes * part.share,
                seed=given.seed,
                repeats=part.repeats,
                kind=part.kind,
                load=part.load,
                tell=tell,
            )
            _kept(given, began, sightings, runs)
    bad = [each for each in sightings if (each.kills and not each.is_kill) or each.strange]
    cried = [each for each in runs if each.blamed or each.errors]
    tell(
        f"not as wanted: {len(bad)} of {len(sightings)} sightings, {len(cried)} of {len(runs)} runs"
    )
    return 1 if bad or cried else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proof", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=60, help="time for all of it (%(default)s)"
    )
    parser.add_argument("--jobs", type=int, default=_JOBS, help="at a time (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the shuffled orders (%(default)s)")
    parser.add_argument("--rounds", type=int, default=0, help="runs of every stage over the fleet")
    parser.add_argument("--quick", type=int, default=63, help="quick runs over each droplet")
    parser.add_argument("--loaded", type=int, default=21, help="quick runs more, under load")
    parser.add_argument("--repeats", type=int, default=50, help="fresh runs over the fleet")
    parser.add_argument("--out", type=Path, default=_DOCS, help="folder of page and JSON")
    parser.add_argument(
        "--lanes", nargs="*", default=[lane.name for lane in LANES], help="only these (%(default)s)"
    )
    parser.add_argument("--page", action="store_true", help="write the page from the JSON again")
    return parser.parse_args()


def _parts(given: argparse.Namespace) -> tuple[Part, ...]:
    """Give the parts in their order; runs of all stages wait for scenarios, and end the whole."""
    return (
        Part("quick", given.quick, 0.75),
        Part("quick", given.loaded, 0.8, load=_CORES),
        Part("whole", given.repeats, 0.98),
        Part("all", given.rounds, 1.0),
    )


def _kept(
    given: argparse.Namespace, began: float, sightings: list[Sighting], runs: list[Judged]
) -> None:
    """Write what there is so far, so that a run that is ended has not been for nothing."""
    about = circumstances(began=began, minutes=given.minutes, seed=given.seed)
    about |= {"wanted": {"quick": given.quick + given.loaded, "whole": given.repeats}}
    evidence = Evidence(about, tuple(sightings), tuple(runs))
    given.out.mkdir(parents=True, exist_ok=True)
    evidence.write(given.out / "detection.json")
    _write(evidence, given.out)


def _write(evidence: Evidence, folder: Path) -> None:
    (folder / "detection.md").write_text(page(evidence), encoding="utf-8")


def _teller() -> Callable[[str], None]:
    began = time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {what}", file=sys.stderr, flush=True)  # noqa: T201

    return tell


if __name__ == "__main__":
    sys.exit(main())
