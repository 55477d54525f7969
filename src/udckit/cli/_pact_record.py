"""`udckit pact record`: a droplet's own pact, from a launch or from a run that was recorded."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from udckit._door import options_from
from udckit.cli._pact_ending import code_of
from udckit.cli._screen import complain
from udckit.conformance import EXIT, InvocationError, read_record
from udckit.conformance.pacts import (
    Listened,
    Recorded,
    listen_to,
    read_from,
    recorded,
    write_recorded,
)
from udckit.reports import printable

__all__ = ["record"]

_OF_THE_KIT = "udckit-"
"""How what the kit calls a droplet that nobody named begins."""


def record(typed: Mapping[str, Any]) -> int:
    """Record as typed; give the exit code."""
    return code_of(lambda: _record(typed))


def _record(typed: Mapping[str, Any]) -> int:
    heard = _heard(typed)
    what = recorded(
        heard.seen, name=typed["name"], version=typed["version"], incomplete=heard.incomplete
    )
    if typed["name"] is None and what.name.startswith(_OF_THE_KIT):
        raise InvocationError(
            f"{what.name} is what the kit called the droplet when it started it: say by --name "
            "under which name its contracts go to the broker."
        )
    files = write_recorded(what, typed["output"])
    click.echo(f"{what.name} {what.version}, recorded from what it sent")
    for pact in files:
        count = len(pact.interactions)
        click.echo(f"✓ {pact.path}: {count} interaction{'s' * (count > 1)}")
        for one in pact.interactions:
            click.echo(f"    {printable(one.description)}")
    return _told(what, heard)


def _heard(typed: Mapping[str, Any]) -> Listened:
    if typed["path"] is not None:
        if typed["launch"] or typed["app"]:
            raise InvocationError("Give a record or --launch, not both.")
        return read_from(read_record(typed["path"]))
    reaching = {name: typed[name] for name in ("launch", "app", "config")}
    options = options_from(reaching)
    if options.launch is None and options.app is None:
        raise InvocationError(
            "Nothing to record: give --launch 'COMMAND --port {port}', or the run.jsonl of a "
            "certification that launched the droplet."
        )
    name = typed["name"] or os.environ.get("SERVICE_NAME")
    return listen_to(options, seconds=typed["seconds"], name=name, tell=_progress())


def _progress() -> Callable[[str], None]:
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda text: click.echo(f"  … {text}", err=True)


def _told(what: Recorded, heard: Listened) -> int:
    for each in what.left_out:
        complain(f"left out: {each}")
    if heard.incomplete:
        complain(
            f"this is not all that it needs: {heard.incomplete}. The pacts say so, and "
            "`udckit pact publish` refuses them."
        )
    whole = not (what.left_out or heard.incomplete)
    return EXIT["certified"] if whole else EXIT["incomplete"]
