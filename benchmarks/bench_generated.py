"""Generated cases beside plain schemathesis: same targets, same number of requests, one run.

A right droplet, Registry and Orchestrator stand behind a proxy each, and planted faults that no
hand-written check sees are put in force in turn: every third one of the files in their order, for
plain schemathesis takes long; EVERY=1 takes all. Ours is `udckit explore` with the two kinds of
case that `--effort quick` sends, but 300 requests of them; plain `schemathesis run` is given the
contract's document, a valid token and all that it does by default, with `--max-examples` such that
it sends no fewer. Requests are counted by the proxy: twins, shrinking and refused ones included.

A fault is found by whoever raises an alarm that is not raised about the right service. CPU is that
of the processes that generate, import and start included.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from faults import Fault, read_faults  # noqa: E402 - the tests' own proxy, once it is on the path
from faults.proxy import FaultProxy  # noqa: E402 - likewise
from faults.role_stand import Role, role_stand  # noqa: E402 - likewise
from faults.stand import stand  # noqa: E402 - likewise

from udckit.specs import surface  # noqa: E402 - likewise

BIN: Final = Path(sys.executable).parent
FAULTS: Final = ROOT / "tests" / "generated" / "faults"
ROLES: Final[tuple[Role, ...]] = ("registry", "orchestrator")
EVERY: Final = int(os.environ.get("EVERY", "3"))
REQUESTS: Final = 300
FEW, TRIES, CLOSE, MORE = 200, 6, 1.15, 1.04

Alarms = frozenset[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Target:
    """A right service behind its proxy, and how it is made as new."""

    role: str
    proxy: FaultProxy
    token: str
    forget: Callable[[], None] | None


@dataclass(slots=True)
class Sum:
    """What one side came to over all faults, of which `missed` are those it said nothing of.

    `usual` are its alarms about the right service of the role at hand.
    """

    false: int = 0
    requests: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    missed: list[str] = field(default_factory=list)
    usual: Alarms = frozenset()


def main() -> None:
    """Measure role by role, the sides in turn under each fault, and print one table."""
    ours, theirs, total, examples = Sum(), Sum(), 0, {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        for role in ("droplet", *ROLES):
            faults = read_faults(FAULTS / f"{role}.yaml")[::EVERY]
            total += len(faults)
            with _target(role) as target:
                count = examples[role] = _examples(target, folder, faults[0])
                for fault in (None, *faults):
                    _measure(ours, target, fault, partial(_ours, folder=folder))
                    _measure(theirs, target, fault, partial(_theirs, folder=folder, examples=count))
    _table(ours, theirs, total)
    told = ", ".join(f"{role} {count}" for role, count in examples.items())
    print(f"schemathesis' --max-examples: {told}")
    for side, one in (("udckit", ours), ("schemathesis", theirs)):
        print(f"{side} missed: {', '.join(one.missed) or 'none'}")


def _table(ours: Sum, theirs: Sum, total: int) -> None:
    print(f"{'':<34}{'udckit':>10}{'schemathesis':>14}")
    rows: list[tuple[str, Callable[[Sum], float]]] = [
        (f"faults found, of {total}", lambda one: total - len(one.missed)),
        ("alarms about right services", lambda one: one.false),
        ("requests", lambda one: one.requests),
        ("wall, s", lambda one: one.wall),
        ("CPU, s", lambda one: one.cpu),
    ]
    for what, of in rows:
        print(f"{what:<34}{of(ours):>10.5g}{of(theirs):>14.5g}")
    print(f"{'wall, theirs over ours':<34}{theirs.wall / ours.wall:>10.2f}")


@contextmanager
def _target(role: str) -> Iterator[Target]:
    own: Role | None = next((each for each in ROLES if each == role), None)
    if own is not None:
        with role_stand(own, "fake") as up:
            yield Target(role, up.proxy, str(up.authority.tokens.valid), up.forget)
    else:
        with stand("plain_droplet") as droplet:
            yield Target(role, droplet.proxy, droplet.token, None)


def _measure(
    side: Sum, target: Target, fault: Fault | None, run: Callable[[Target], Alarms]
) -> None:
    """Run one side in front of the right service, or under a fault."""
    started, used = time.perf_counter(), _cpu()
    alarms, requests = _counted(target, fault, run)
    side.wall += time.perf_counter() - started
    side.cpu += _cpu() - used
    side.requests += requests
    if fault is None:
        side.usual = alarms
        side.false += len(alarms)
    elif not alarms - side.usual:
        side.missed.append(fault.id)


def _counted(
    target: Target, fault: Fault | None, run: Callable[[Target], Alarms]
) -> tuple[Alarms, int]:
    if target.forget is not None:
        target.forget()
    target.proxy.strike(fault)
    before = target.proxy.carried
    return run(target), target.proxy.carried - before


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _examples(target: Target, folder: Path, fault: Fault) -> int:
    """Find how many examples make plain schemathesis send as much as ours does, or a bit more.

    As much as ours sends in front of the right service, or while it shrinks what it finds of the
    first fault. What is tried for this is not counted.
    """
    wanted = max(_counted(target, each, partial(_ours, folder=folder))[1] for each in (None, fault))
    count, enough = FEW, 0
    for _ in range(TRIES):
        _, sent = _counted(target, None, partial(_theirs, folder=folder, examples=count))
        if sent >= wanted:
            enough = min(enough or count, count)
            if sent <= wanted * CLOSE:
                break
        count = math.ceil(count * wanted * MORE / sent)
    assert enough, f"no --max-examples makes it send {wanted} requests"
    return enough


def _ours(target: Target, folder: Path) -> Alarms:
    words = ["explore", target.proxy.url, "--role", target.role, "--seed", "1", "--json"]
    words += ["--requests", str(REQUESTS), "--kinds", "values,bytes"]
    run = subprocess.run(
        [BIN / "udckit", *words],
        cwd=folder,
        env={**os.environ, "UDCKIT_TOKEN": target.token},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout, run.stderr
    return frozenset((each["cause"],) for each in json.loads(run.stdout)["findings"])


def _theirs(target: Target, folder: Path, examples: int) -> Alarms:
    """Run it over the role's document; an alarm is an operation, a check and a status."""
    document = folder / f"{target.role}.json"
    report = folder / "report.ndjson"
    name = "udc" if target.role == "droplet" else target.role
    document.write_text(json.dumps(surface(name).document))
    words = ["run", str(document), "--url", target.proxy.url, "--seed", "1", "--no-color"]
    words += ["--header", f"Authorization: Bearer {target.token}"]
    words += ["--max-examples", str(examples)]
    words += ["--report", "ndjson", "--report-ndjson-path", str(report)]
    run = subprocess.run(
        [BIN / "schemathesis", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode in {0, 1}, run.stdout + run.stderr
    return frozenset(_alarms_in(report))


def _alarms_in(report: Path) -> Iterator[tuple[Any, ...]]:
    for line in report.read_text(encoding="utf-8").splitlines():
        scenario = json.loads(line).get("ScenarioFinished")
        if scenario is None:
            continue
        recorder = scenario["recorder"]
        for case, checks in recorder.get("checks", {}).items():
            asked = recorder.get("interactions", {}).get(case) or {}
            status = (asked.get("response") or {}).get("status_code")
            for check in checks:
                if check["status"] == "failure":
                    failure = check["failure_info"]["failure"]
                    yield failure["operation"], failure["type"], status


if __name__ == "__main__":
    main()
