"""What all formats of one run cost together, and that they are the same bytes when written again.

The record is that of a real run of a right droplet, stages 1 and 2. Everything is CPU of one
process, with the modules imported, so that a busy machine changes little; `allure` is the folder of
results, without Allure's own renderer. The ratio is to reading the record, which each of them has
to do anyway.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from udckit import fakes
from udckit.conformance import Options, certify
from udckit.reports._format import read_run
from udckit.reports.formats import formats, render

ROUNDS = 5
TARGET = 1.0


def main() -> None:
    """Measure, and print one table."""
    with TemporaryDirectory() as folder:
        path = _recorded(Path(folder))
        run = read_run(path)
        reading = _median(lambda: read_run(path))
        _say("the record", f"{path.stat().st_size / 1000:.0f} kB")
        _say("reading it", f"{reading * 1000:.1f} ms")
        total = 0.0
        for name in formats():
            first = render(name, [run])
            assert render(name, [read_run(path)]) == first, f"{name} is not the same bytes again"
            seconds = _median(lambda name=name: render(name, [run]))  # type: ignore[misc]  # a loop
            total += seconds
            size = sum(map(len, first.values()))
            _say(f"  {name}", f"{seconds * 1000:8.1f} ms  {size / 1000:8.0f} kB")
        _say(f"all together (target: under {TARGET:.0f} s)", f"{total:.3f} s")
        _say("ratio to reading the record", f"{total / reading:.0f}")


def _recorded(folder: Path) -> Path:
    with (
        fakes.FakeRegistry() as registry,
        fakes.FakeOrchestrator(registry=registry) as orchestrator,
        fakes.FakeDroplet(registry=registry, orchestrator=orchestrator) as droplet,
    ):
        stages = ("shape", "security")
        certify(Options(url=droplet.url, registry=registry.url, stages=stages, report_dir=folder))
    return folder / "run.jsonl"


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_seconds(work) for _ in range(ROUNDS))


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _say(what: str, figure: str) -> None:
    print(f"{what:<46} {figure}")


if __name__ == "__main__":
    main()
