"""The same accelerated run again and again while both cores are busy: the same verdicts, no flake.

    python -m benchmarks.soak [TIMES]

Ends with exit code 1 where two runs differ in a verdict, or where anything is left running.
"""

import multiprocessing
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bench_scenarios import REFERENCE, played

TIMES = 20


def main() -> int:
    """Repeat, compare, and look what was left."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    seen: list[dict[str, str]] = []
    repeated: Counter[str] = Counter()
    with _busy(os.cpu_count() or 1):
        for number in range(1, times + 1):
            with TemporaryDirectory() as folder:
                record, seconds = played(REFERENCE, None, Path(folder))
            seen.append({row: each.verdict for row, each in record.verdicts.items()})
            again = [line["again"] for line in record.lines("clock") if "again" in line]
            speed, why = next(
                (line["factor"], line["why"]) for line in record.lines("clock") if "factor" in line
            )
            repeated.update(again)
            differs = _differences(seen[0], seen[-1])
            print(
                f"{number:>3} of {times}  {seconds:6.1f} s  x{speed:g}"
                f"{'' if speed > 1 else f' ({why})'}  again: "
                f"{', '.join(again) or 'nothing'}  differs from the first: {differs or 'nothing'}",
                flush=True,
            )
    flakes = sorted({row for each in seen for row in _differences(seen[0], each)})
    left = _left_running()
    print(f"rows whose verdict was not always the same: {', '.join(flakes) or 'none'}")
    print(f"scenarios repeated, more slowly or in real time: {dict(repeated) or 'none'}")
    print(f"left running: {', '.join(left) or 'nothing'}")
    return 1 if flakes or left else 0


def _differences(one: dict[str, str], other: dict[str, str]) -> list[str]:
    return sorted(row for row in one if one[row] != other.get(row))


@contextmanager
def _busy(cores: int) -> Iterator[None]:
    """Keep every core at work meanwhile."""
    burners = [multiprocessing.Process(target=_burn, daemon=True) for _ in range(cores)]
    for each in burners:
        each.start()
    try:
        yield
    finally:
        for each in burners:
            each.terminate()
            each.join()


def _burn() -> None:
    while True:
        sum(range(100_000))


def _left_running() -> list[str]:
    """Name the processes, the threads and the shared memory of ours that outlived the runs."""
    ours = str(os.getpid())
    children = [
        f"process {each.parent.name}"
        for each in Path("/proc").glob("[0-9]*/stat")
        if _parent(each) == ours
    ]
    threads = [
        f"thread {each.name}"
        for each in threading.enumerate()
        if each is not threading.main_thread() and each.name.startswith("udckit")
    ]
    memory = [f"memory {each.name}" for each in Path("/dev/shm").glob(f"*udckit-{ours}-*")]  # noqa: S108 - where POSIX shared memory is
    return [*children, *threads, *memory]


def _parent(stat: Path) -> str:
    try:
        return stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
