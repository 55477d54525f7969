"""What stages integration and resilience take, accelerated and in real time, on this machine.

Beside the seconds of each run: the share of them that is the contract's own waiting, which is how
long the longest scenario lasted on the target's clock, over its speed. Targets, on two cores and
the reference droplet: under 45 s accelerated, under 240 s in real time.

    python benchmarks/bench_scenarios.py [--only-accelerated] [LAUNCH]
"""

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from udckit.conformance import Options, RunRecord, certify

PYTHON = sys.executable
EXAMPLES = Path(__file__).parents[1] / "examples"
REFERENCE = f"{PYTHON} -m uvicorn --app-dir {EXAMPLES} reference_droplet.app:app --port {{port}}"
STAGES = ("integration", "resilience")


def main() -> None:
    """Measure, and print one table."""
    words = sys.argv[1:]
    quickly = "--only-accelerated" in words
    launch = next((word for word in words if not word.startswith("--")), REFERENCE)
    accelerated = _bench("accelerated", launch, None)
    if not quickly:
        real = _bench("real time", launch, 1.0)
        print(f"{'real time over accelerated':<44}{real / accelerated:.1f}")


def played(launch: str, speed: float | None, folder: Path) -> tuple[RunRecord, float]:
    """Certify a launched droplet in both stages; give the record, and the seconds that it took."""
    options = Options(launch=launch, stages=STAGES, speed=speed, max_time=900.0, report_dir=folder)
    began = time.monotonic()
    record = certify(options)
    return record, time.monotonic() - began


def _bench(name: str, launch: str, speed: float | None) -> float:
    with TemporaryDirectory() as folder:
        record, seconds = played(launch, speed, Path(folder))
    factor = max([line["factor"] for line in record.lines("clock") if "factor" in line], default=1)
    again = [
        f"{line['again']} by {line['by']} ({' '.join(line['rows'])})"
        for line in record.lines("clock")
        if "again" in line
    ]
    waiting = _longest(record, "real" if factor == 1 else "x") / factor
    stages = {} if record.footer is None else record.footer["stages"]
    print(f"{name}: seconds".ljust(44) + f"{seconds:.1f}")
    print(f"{name}: times as fast as the machine".ljust(44) + f"{factor:g}")
    print(f"{name}: the contract's own waiting".ljust(44) + f"{waiting / seconds:.0%}")
    print(f"{name}: repeated".ljust(44) + (", ".join(again) or "nothing"))
    print(f"{name}: stages".ljust(44) + ", ".join(f"{one} {stages.get(one)}" for one in STAGES))
    return seconds


def _longest(record: RunRecord, clock: str) -> float:
    """Give the length of the longest scenario, in seconds of the target."""
    ends = [
        float(line["fact"]["at"])
        for line in record.lines("scene")
        if line["what"] == "note" and line["clock"].startswith(clock)
    ]
    return max(ends, default=0.0)


if __name__ == "__main__":
    main()
