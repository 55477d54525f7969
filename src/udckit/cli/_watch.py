"""`udckit certify --watch`: again when a file below the current folder changes, or on Enter."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from udckit.cli._screen import has_colours

__all__ = ["changed_since", "snapshot", "watch"]

_LOOK_EVERY: Final = 0.5
_NOT_LOOKED_INTO: Final = frozenset({"node_modules", "__pycache__", "venv", "build", "dist"})
_CLEAR: Final = "\x1b[2J\x1b[H"

Snapshot = dict[str, tuple[int, int]]


def watch(reports: Path) -> int:
    """Run the same command without --watch, again and again, until Ctrl-C.

    Each run is a process of its own: it imports what was just saved.
    """
    words = [word for word in sys.argv[1:] if word != "--watch"]
    code = 0
    try:
        while True:
            if has_colours(sys.stdout):
                click.echo(_CLEAR, nl=False)
            before = snapshot(Path(), reports)
            again = [sys.executable, "-m", "udckit.cli", *words]
            code = subprocess.run(again, check=False).returncode  # noqa: S603 - this very program
            click.echo("watching: save a file, or press Enter; Ctrl-C ends", err=True)
            _wait_for_a_change(before, reports)
    except KeyboardInterrupt:
        return code


def _wait_for_a_change(before: Snapshot, reports: Path) -> None:
    listening = sys.stdin is not None and sys.stdin.isatty()
    while not changed_since(before, snapshot(Path(), reports)):
        if not listening:
            time.sleep(_LOOK_EVERY)
        elif select.select([sys.stdin], [], [], _LOOK_EVERY)[0]:
            sys.stdin.readline()
            return


def snapshot(folder: Path, reports: Path) -> Snapshot:
    """Note when each file below a folder was last written, and how long it is."""
    return {path: (facts.st_mtime_ns, facts.st_size) for path, facts in _files(folder, reports)}


def changed_since(before: Snapshot, now: Snapshot) -> bool:
    """True where a file was written, made or removed."""
    return before != now


def _files(folder: Path, reports: Path) -> Iterator[tuple[str, os.stat_result]]:
    left_out = reports.resolve()
    for root, folders, files in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and name not in _NOT_LOOKED_INTO
            and (Path(root) / name).resolve() != left_out
        ]
        for name in files:
            path = os.path.join(root, name)  # noqa: PTH118 - a tenth of the cost, twice a second
            try:
                yield path, os.stat(path)  # noqa: PTH116 - likewise
            except OSError:
                continue
