"""Report formats by name: a module of this room that has a FORMAT is one, and nothing lists it."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from udckit import reports
from udckit.conformance import InvocationError
from udckit.reports._format import Files, Format, Run
from udckit.reports._seen import ended

__all__ = ["format_named", "formats", "render", "write"]

_FOLDER: Final = "/"


@cache
def formats() -> Mapping[str, Format]:
    """Give every format by its name, in the order of the names."""
    found: dict[str, Format] = {}
    for module in pkgutil.iter_modules(reports.__path__, f"{reports.__name__}."):
        if module.name.rpartition(".")[2].startswith("_"):
            continue
        each = getattr(importlib.import_module(module.name), "FORMAT", None)
        if isinstance(each, Format):
            found[each.name] = each
    return dict(sorted(found.items()))


def format_named(name: str) -> Format:
    """Give a format by its name.

    Raises:
        InvocationError: there is none of that name; the message suggests the nearest.
    """
    known = formats()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
        raise InvocationError(f"There is no format {name!r}. {hint}")
    return known[name]


def render(name: str, runs: Sequence[Run], *, today: float | None = None) -> Files:
    """Write runs in a format, in memory: the same bytes each time.

    `today` is the moment by which age is reckoned; without it the youngest run is of today.

    Raises:
        InvocationError: no such format, no run, or several for a format of one.
    """
    chosen = format_named(name)
    if not runs:
        raise InvocationError("No record was given, so nothing can be said.")
    if len(runs) > 1 and not chosen.many:
        raise InvocationError(
            f"{chosen.name} speaks of one run, and {len(runs)} records were given; "
            "--format board puts many on one page."
        )
    moment = max(ended(each.record) for each in runs) if today is None else today
    return chosen.write(runs, moment)


def write(
    name: str, runs: Sequence[Run], path: Path, *, today: float | None = None
) -> tuple[Path, ...]:
    """Write runs in a format to a file, or into a folder where the format has many files.

    Raises:
        InvocationError: as `render`, and where the path cannot be written.
    """
    files = render(name, runs, today=today)
    is_folder = format_named(name).file.endswith(_FOLDER)
    targets = {path / each if is_folder else path: content for each, content in files.items()}
    try:
        (path if is_folder else path.parent).mkdir(parents=True, exist_ok=True)
        for target, content in targets.items():
            target.write_bytes(content)
    except OSError as trouble:
        raise InvocationError(f"The report cannot be written: {trouble}") from trouble
    return tuple(targets)
