"""`make mutants`: change the kit's own code, one place at a time, and see whether a test fails.

The changes are made in a copy of what is committed, in an order drawn by lot, until the time is
over; the score is of those that were tried. Cosmic Ray makes the changes.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import os
import random
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_and_test, mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import TestOutcome, WorkItem

_HERE: Final = Path(__file__).parent
_ROOT: Final = _HERE.parents[1]
_PATIENCE: Final = 120.0
_WITHOUT: Final = ("core/NumberReplacer",)
"""Operators that change what no test should pin: a budget, a size, a number of tries."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Modules that are changed, and the tests that must see it."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def command(self) -> str:
        """The tests as one command line, with no plugin that they do not need."""
        words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        quoted = " ".join(f'"{word}"' for word in (*words, *self.tests))
        return f'{quoted} -o addopts="--import-mode=importlib --strict-markers"'


def main() -> int:
    """Mutate, print the score of each subject and its survivors; 1 where one is unexplained."""
    parser = argparse.ArgumentParser(prog="python -m mutation", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="subjects by name")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = yaml.safe_load((_HERE / "subjects.yaml").read_text("utf-8"))
    subjects = [Subject(row["name"], tuple(row["modules"]), tuple(row["tests"])) for row in rows]
    wanted = [each for each in subjects if not given.only or each.name in given.only]
    explained = set(yaml.safe_load((_HERE / "explained.yaml").read_text("utf-8")))
    unexplained = 0
    with _copy() as folder:
        os.chdir(folder)
        for each in wanted:
            ends = time.monotonic() + 60 * given.minutes / len(wanted)
            survivors, tried, there = _mutate(each, ends, given.seed)
            new = [told for told in survivors if told not in explained]
            killed = tried - len(survivors)
            share = f"{100 * killed / tried:.0f} %" if tried else "none tried"
            _say(f"{each.name}: {killed} of {tried} killed ({share}), of {there} there")
            for told in survivors:
                _say(f"  {'explained' if told in explained else 'survived'}: {told}")
            unexplained += len(new)
    return 1 if unexplained else 0


def _say(what: str) -> None:
    print(what, flush=True)  # noqa: T201 - a command speaks


@contextlib.contextmanager
def _copy() -> Iterator[Path]:
    """Give a copy of what is committed; the import name leads into it, not into the checkout."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packed = subprocess.run(
            ["git", "archive", "HEAD"], cwd=_ROOT, capture_output=True, check=True
        )
        subprocess.run(["tar", "-x", "-C", name], input=packed.stdout, check=True)
        os.environ["PYTHONPATH"] = os.pathsep.join((str(folder / "src"), str(folder / "tests")))
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        yield folder
        os.chdir(_ROOT)


def _mutate(subject: Subject, ends: float, seed: int) -> tuple[list[str], int, int]:
    """Try changes by lot; give the survivors, how many were tried, and how many there are."""
    with use_db("changes.sqlite") as changes:
        init([Path(each) for each in subject.modules], changes, {})
        items = [
            item for item in changes.work_items if item.mutations[0].operator_name not in _WITHOUT
        ]
    random.Random(seed).shuffle(items)  # noqa: S311 - an order, not a secret
    _must_pass(subject)
    survivors, tried = [], 0
    for item in items:
        if time.monotonic() >= ends:
            break
        result = mutate_and_test(item.mutations, subject.command, _PATIENCE)
        if result.test_outcome is TestOutcome.SURVIVED and _is_annotation(item):
            continue
        if result.test_outcome is TestOutcome.SURVIVED:
            survivors.append(_told(item, result.diff or ""))
        tried += result.test_outcome is not None
    return survivors, tried, len(items)


def _is_annotation(item: WorkItem) -> bool:
    """True where a change touches annotations alone: nothing reads them at run time."""
    change = item.mutations[0]
    before = Path(change.module_path).read_text("utf-8")
    operator = get_operator(change.operator_name)(**change.operator_args)
    after = mutate_code(before, operator, change.occurrence)
    return after is not None and _bare(before) == _bare(after)


def _bare(code: str) -> str:
    """Give the code without its annotations, so that two can be compared."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return ast.dump(tree)


def _must_pass(subject: Subject) -> None:
    """Without a change the tests pass, else every change would count as seen."""
    run = subprocess.run(shlex.split(subject.command), capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise SystemExit(f"The tests of {subject.name} fail unchanged:\n{run.stdout[-2000:]}")


def _told(item: WorkItem, diff: str) -> str:
    change = item.mutations[0]
    lines = [
        line[1:].strip() for line in diff.splitlines() if line[:1] == "+" and line[:3] != "+++"
    ]
    operator = change.operator_name.removeprefix("core/")
    where = f"{Path(change.module_path).as_posix()}:{change.start_pos[0]}"
    return f"{where} {operator}: {' '.join(lines)}"


if __name__ == "__main__":
    sys.exit(main())
