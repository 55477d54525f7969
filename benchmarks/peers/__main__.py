"""Put the same faults before the kit and its peers, and the same right droplets; write a table.

Run as `python -m benchmarks.peers` with `tests` on PYTHONPATH (`make peers` does): the faults and
the fleet are those of the tests. A fault is detected where a contender blames something that it
does not blame on the same droplet without the fault.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from benchmarks.peers.contenders import CONTENDERS, Found
from benchmarks.peers.run import DROPLET, faults_seen, right_ones
from benchmarks.peers.table import Row, table

_PAGE: Final = Path(__file__).parents[2] / "docs" / "comparison.md"
_SHARE_OF_FAULTS: Final = 0.7
_JOBS: Final = 2 * (os.cpu_count() or 1)
"""Two for each core: a contender waits for the droplet most of the time."""


def main() -> int:
    """Compare until the time is over, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=_JOBS, help="side by side (%(default)s)")
    parser.add_argument("--out", type=Path, default=_PAGE)
    given = parser.parse_args()
    began = time.time()
    ends = began + given.minutes * 60
    until = began + given.minutes * 60 * _SHARE_OF_FAULTS
    detected: dict[str, list[tuple[bool, int, Found]]] = defaultdict(list)
    cried: dict[str, dict[str, Found]] = defaultdict(dict)
    context = get_context("spawn")
    with ProcessPoolExecutor(given.jobs, mp_context=context) as pool:
        strands = range(given.jobs)
        in_front = partial(faults_seen, ends=until, seed=given.seed, strands=given.jobs)
        for seen in pool.map(in_front, strands):
            for name, each in seen.items():
                detected[name] += each
        shown_to = partial(right_ones, ends=ends, seed=given.seed, strands=given.jobs)
        for said in pool.map(shown_to, strands):
            for name, by in said.items():
                cried[name].update(by)
    rows = [Row(each.name, each.what, detected[each.name], cried[each.name]) for each in CONTENDERS]
    given.out.write_text(table(rows, DROPLET, time.time() - began, given.jobs), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
