"""50,000 requests from Locust, a master and two workers, against the fakes on loopback.

    python benchmarks/load_fakes.py --locust path/to/locust

No error, no lost journal entry, no lost task, memory bounded: exit status 0. The processes that it
starts are ended by their ids.
"""

import argparse
import contextlib
import csv
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from udckit.fakes import FakeDroplet, FakeOrchestrator, FakeRegistry

HERE = Path(__file__).parent
WORKERS = 3
MOST_MEGABYTES = 512


@contextlib.contextmanager
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Whatever is put into the list is ended at the end."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        yield started
    finally:
        for process in started:
            if process.poll() is None:
                process.terminate()
        for process in started:
            process.wait()


def locust_run(
    program: str, folder: Path, environment: dict[str, str], users: int
) -> dict[str, int]:
    """Run master and workers to the end; gives requests and failures as Locust counted them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    common = [program, "-f", str(HERE / "locustfile.py")]
    master = [*common, "--master", "--master-bind-port", port, "--headless", "--only-summary"]
    master += ["--expect-workers", "2", "-u", str(users), "-r", str(users), "-t", "5m"]
    master += ["--csv", str(folder / "load")]
    worker = [*common, "--worker", "--master-host", "127.0.0.1", "--master-port", port]
    env = {**os.environ, **environment}
    with processes() as started:
        for command in (master, worker, worker):
            log = (folder / f"{len(started)}.log").open("wb")
            started.append(subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=folder))
            log.close()
        code = started[0].wait(timeout=400)
    if code:
        print((folder / "0.log").read_text()[-3000:])
    with (folder / "load_stats.csv").open(newline="") as file:
        total = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
    return {"requests": int(total["Request Count"]), "failures": int(total["Failure Count"])}


def settled(orchestrator: FakeOrchestrator, seconds: float) -> bool:
    """Whether every task is finished within so many seconds."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if all(task.is_finished for task in orchestrator.tasks):
            return True
        time.sleep(0.2)
    return False


def main() -> int:
    """Run the load and judge what is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    beside = shutil.which("locust", path=str(Path(sys.executable).parent))
    parser.add_argument("--locust", default=beside or shutil.which("locust"), help="the program")
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--users", type=int, default=60)
    asked = parser.parse_args()
    if asked.locust is None:
        print("no locust here: pip install locust, or give --locust")
        return 2
    with contextlib.ExitStack() as stack:
        room = 2 * asked.requests
        registry = stack.enter_context(FakeRegistry(journal_entries=room))
        orchestrator = stack.enter_context(
            FakeOrchestrator(registry=registry, journal_entries=room)
        )
        for fake in (registry, orchestrator):
            fake.journal.most_bytes = 1 << 30
        workers = [
            stack.enter_context(
                FakeDroplet(
                    name=f"udckit-load-worker-{number}",
                    droplet_id=100 + number,
                    registry=registry,
                    orchestrator=orchestrator,
                    capabilities=["udckit-load"],
                )
            )
            for number in range(WORKERS)
        ]
        for one in workers:
            orchestrator.journal.wait_for(json={"service_name": one.name}, answered=200)
        own = len(registry.journal) + len(orchestrator.journal)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = {
            "REGISTRY_URL": registry.url,
            "ORCHESTRATOR_URL": orchestrator.url,
            "UDCKIT_LOAD_REQUESTS": str(asked.requests),
        }
        started = time.monotonic()
        counted = locust_run(asked.locust, folder, environment, asked.users)
        took = time.monotonic() - started
        finished = settled(orchestrator, 60)
        posted = len(orchestrator.journal.find(path="/tasks", method="POST", answered=201))
        beats = sum(len(orchestrator.journal.find(json={"service_name": w.name})) for w in workers)
        seen = registry.journal.total + orchestrator.journal.total - own - (beats - WORKERS)
        refetched = len(registry.journal.find(path="/auth/public-key"))
        served = [
            e
            for fake in (registry, orchestrator)
            for e in fake.journal
            if (e.answered or 0) >= 500  # noqa: PLR2004 - the 5xx
        ]
        faults = registry.journal.own_faults + orchestrator.journal.own_faults
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        claims = {
            f"{counted['requests']} requests, {counted['failures']} failures": (
                counted["requests"] >= asked.requests and counted["failures"] == 0
            ),
            f"{seen - refetched} of them in the journals, {registry.journal.dropped} dropped": (
                seen - refetched >= counted["requests"]
                and registry.journal.dropped == orchestrator.journal.dropped == 0
            ),
            f"{posted} tasks posted, {len(orchestrator.tasks)} known, finished: {finished}": (
                posted == len(orchestrator.tasks) and finished
            ),
            f"{len(served)} answers of 5xx, {len(faults)} faults of the fakes": (
                not served and not faults
            ),
            f"{megabytes:.0f} MB at most": megabytes <= MOST_MEGABYTES,
        }
    for claim, holds in claims.items():
        print(f"{'ok  ' if holds else 'NOT '} {claim}")
    print(f"     {took:.0f} s, {counted['requests'] / took:.0f} requests a second")
    return int(not all(claims.values()))


if __name__ == "__main__":
    sys.exit(main())
