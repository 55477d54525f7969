"""What the commands know of their terminal: how wide, whether colours, and where words go."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import TextIO

import click

__all__ = ["complain", "encoding_of", "has_colours", "on_terminal", "width_of"]

_FALLBACK = 100
_WIDEST = 120


def has_colours(stream: TextIO) -> bool:
    """True on a terminal, unless NO_COLOR or a dumb terminal says otherwise."""
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def width_of() -> int:
    """Give the columns to write in."""
    return min(shutil.get_terminal_size((_FALLBACK, 24)).columns, _WIDEST)


def encoding_of(stream: TextIO) -> str | None:
    """Give the encoding that the output can spell."""
    return getattr(stream, "encoding", None)


def complain(message: str) -> None:
    """Say on standard error what went wrong; what a target wrote is shown, never obeyed."""
    lines = message.split("\n")
    if not all(line.isprintable() for line in lines):
        from udckit.reports import printable  # noqa: PLC0415 - a droplet's last lines, now and then

        lines = [printable(line) for line in lines]
    click.echo("udckit: " + "\n".join(lines), err=True)


def on_terminal() -> Callable[[str], None] | None:
    """Give what writes a line that updates; None where standard error is no terminal."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return None
    return lambda text: click.echo(text, nl=False, err=True)
