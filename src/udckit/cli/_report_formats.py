"""What `udckit report` does with --format and --against: files for machines, two runs compared."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from udckit.cli._screen import complain, encoding_of, has_colours, width_of
from udckit.conformance import EXIT, InvocationError, read_record
from udckit.reports import compare, comparison_text
from udckit.reports._format import read_run
from udckit.reports.formats import format_named, render, write

__all__ = ["against", "written"]

_FOLDER = "/"


def written(name: str, paths: Sequence[Path], output: Path | None) -> int:
    """Write records in a format: to a file or folder, or on standard output; give the exit code."""
    try:
        runs = [read_run(path) for path in paths]
        today = time.time()
        chosen = format_named(name)
        if output is None and not chosen.file.endswith(_FOLDER):
            for content in render(name, runs, today=today).values():
                sys.stdout.buffer.write(content)
            return EXIT["certified"]
        target = output or paths[0].parent / chosen.file
        files = write(name, runs, target, today=today)
    except InvocationError as mistake:
        complain(str(mistake))
        return EXIT["invocation"]
    told = f"{len(files)} files in {target}" if len(files) > 1 else str(target)
    click.echo(f"{chosen.name}: {told}", err=True)
    return EXIT["certified"]


def against(path: Path, before: Path) -> int:
    """Print what changed since an earlier run; exit code 1 where a MUST is broken that was not."""
    try:
        now, then = read_record(path), read_record(before)
    except InvocationError as mistake:
        complain(str(mistake))
        return EXIT["invocation"]
    text = comparison_text(
        now,
        then,
        width=width_of(),
        colour=has_colours(sys.stdout),
        encoding=encoding_of(sys.stdout),
    )
    click.echo(text, nl=False, color=True)
    return EXIT["broken"] if compare(now, then).broken else EXIT["certified"]
