"""`make proof`: measure what the kit catches and whom it blames wrongly, and write the page."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from proof.alarms_run import run_alarms
from proof.evidence import Evidence, circumstances
from proof.faults_run import run_lanes
from proof.lanes import LANES
from proof.page import page

_DOCS: Final = Path(__file__).parents[2] / "docs"
_SHARES: Final = {"faults": 0.5, "whole": 0.3, "quick": 0.12, "loaded": 0.08}
"""What each part may take of the time given; what one part leaves over, the next may use."""


def main() -> int:
    """Run the parts one after the other within the time given; 1 where one is not as wanted."""
    given = _arguments()
    if given.page:
        _write(Evidence.read(given.out / "detection.json"), given.out)
        return 0
    began, tell = time.time(), _teller()
    deadlines = _deadlines(began, given.minutes)
    sightings = run_lanes(
        ends=deadlines["faults"],
        jobs=given.jobs,
        seed=given.seed,
        names=frozenset(given.lanes),
        tell=tell,
    )
    runs = []
    for part, repeats, load in (
        ("whole", given.repeats, 0),
        ("quick", given.quick, 0),
        ("loaded", given.quick // 4, os.cpu_count() or 1),
    ):
        runs += run_alarms(
            ends=deadlines[part],
            jobs=given.jobs * 2 if part != "loaded" else given.jobs,
            seed=given.seed,
            repeats=repeats,
            kind="whole" if part == "whole" else "quick",
            load=load,
            tell=tell,
        )
    about = circumstances(began=began, minutes=given.minutes, seed=given.seed)
    evidence = Evidence(about, tuple(sightings), tuple(runs))
    evidence.write(given.out / "detection.json")
    _write(evidence, given.out)
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
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--seed", type=int, default=1, help="of the shuffled orders (%(default)s)")
    parser.add_argument("--repeats", type=int, default=50, help="whole runs over the fleet")
    parser.add_argument("--quick", type=int, default=80, help="quick runs over each droplet")
    parser.add_argument("--out", type=Path, default=_DOCS, help="folder of page and JSON")
    parser.add_argument(
        "--lanes", nargs="*", default=[lane.name for lane in LANES], help="only these (%(default)s)"
    )
    parser.add_argument("--page", action="store_true", help="write the page from the JSON again")
    return parser.parse_args()


def _deadlines(began: float, minutes: float) -> dict[str, float]:
    """Say until when each part may go on."""
    spent, deadlines = 0.0, {}
    for part, share in _SHARES.items():
        spent += share
        deadlines[part] = began + 60 * minutes * spent
    return deadlines


def _write(evidence: Evidence, folder: Path) -> None:
    (folder / "detection.md").write_text(page(evidence), encoding="utf-8")


def _teller() -> Callable[[str], None]:
    began = time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {what}", file=sys.stderr, flush=True)  # noqa: T201

    return tell


if __name__ == "__main__":
    sys.exit(main())
