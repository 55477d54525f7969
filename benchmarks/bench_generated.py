"""Generated cases beside plain schemathesis: same droplet, same number of requests, one run.

A right droplet stands behind a proxy, and each planted fault of a droplet is put in force in turn.
Plain `schemathesis run` is given the contract's document and a valid token; ours is the lane of
`--effort quick`. Whoever says anything of the fault has found it. CPU is that of the processes that
generate, import and start included.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from faults import Fault, read_faults  # noqa: E402 - the tests' own proxy, once it is on the path
from faults.stand import Stand, stand  # noqa: E402 - likewise

from udckit.specs import surface  # noqa: E402 - likewise

BIN = Path(sys.executable).parent
FAULTS = ROOT / "tests" / "generated" / "faults" / "droplet.yaml"
REQUESTS = 300


@dataclass(slots=True)
class Sum:
    """What one side came to over all faults."""

    found: int = 0
    false: int = 0
    requests: int = 0
    wall: float = 0.0
    cpu: float = 0.0


def main() -> None:
    """Measure, and print one table."""
    faults = read_faults(FAULTS)
    ours, theirs = Sum(), Sum()
    with TemporaryDirectory() as folder, stand("plain_droplet") as droplet:
        document = Path(folder) / "udc.json"
        document.write_text(json.dumps(surface("udc").document))
        for fault in (None, *faults):
            _measure(ours, droplet, fault, lambda: _ours(droplet, Path(folder)))
            _measure(theirs, droplet, fault, lambda: _theirs(droplet, document))
    print(f"{'':<34}{'udckit':>10}{'schemathesis':>14}")
    for what, name in (
        (f"faults found, of {len(faults)}", "found"),
        ("alarms about the right droplet", "false"),
        ("requests", "requests"),
        ("wall, s", "wall"),
        ("CPU, s", "cpu"),
    ):
        print(f"{what:<34}{getattr(ours, name):>10.4g}{getattr(theirs, name):>14.4g}")
    print(f"{'wall, theirs over ours':<34}{theirs.wall / ours.wall:>10.2f}")


def _measure(
    total: Sum, droplet: Stand, fault: Fault | None, run: Callable[[], tuple[bool, int]]
) -> None:
    droplet.proxy.strike(fault)
    before, started = _cpu(), time.perf_counter()
    said, requests = run()
    total.wall += time.perf_counter() - started
    total.cpu += _cpu() - before
    total.requests += requests
    if fault is None:
        total.false += said
    else:
        total.found += said


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ours(droplet: Stand, folder: Path) -> tuple[bool, int]:
    words = ["explore", droplet.proxy.url, "--seed", "1", "--requests", str(REQUESTS)]
    run = subprocess.run(
        [BIN / "udckit", *words, "--kinds", "values,bytes", "--json"],
        cwd=folder,
        env={**os.environ, "UDCKIT_TOKEN": droplet.token},
        capture_output=True,
        text=True,
        check=False,
    )
    told = json.loads(run.stdout)
    return bool(told["findings"]), int(told["requests"])


def _theirs(droplet: Stand, document: Path) -> tuple[bool, int]:
    """Run it over the same document; its number of cases for an operation makes the same sum."""
    report = document.with_name("report.ndjson")
    words = ["run", str(document), "--url", droplet.proxy.url, "--seed", "1", "--no-color"]
    words += ["--header", f"Authorization: Bearer {droplet.token}", "--max-examples", "110"]
    words += ["--generation-deterministic", "--phases"]
    words += ["examples,coverage,fuzzing,stateful", "--report", "ndjson"]
    words += ["--report-ndjson-path", str(report), "--max-failures", "1000"]
    words += ["--checks", "not_a_server_error,response_schema_conformance,negative_data_rejection"]
    words += ["--exclude-path", "/callback", "--exclude-path", "/metrics"]
    run = subprocess.run(
        [BIN / "schemathesis", *words], capture_output=True, text=True, check=False
    )
    assert run.returncode in {0, 1}, run.stdout + run.stderr
    return run.returncode == 1, report.read_text().count('"request":')


if __name__ == "__main__":
    main()
