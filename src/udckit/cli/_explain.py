"""`udckit explain`: one requirement in full, or the catalogue with its counts."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

__all__ = ["command"]


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--stages", metavar="S,S", multiple=True, help="Only rows of these stages.")
@click.option("--role", metavar="ROLE", help="droplet, registry or orchestrator.")
@click.option("--unchecked", is_flag=True, help="Only rows that no check judges yet.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(
    ids: tuple[str, ...],
    stages: tuple[str, ...],
    role: str | None,
    *,
    unchecked: bool,
    as_json: bool,
) -> None:
    """Explain requirements, or list the catalogue with its counts.

    ID may be a family, such as UDC-HEALTH.

    \b
    udckit explain UDC-HEALTH-002           text, sources, readings, how to keep it
    udckit explain --stages shape           what stage 1 asks
    udckit explain --unchecked              what this version does not judge yet
    """  # noqa: D301 - click reads its \b
    from udckit.cli._catalogue import (  # noqa: PLC0415 - --help imports no room
        Wish,
        counts,
        facts_of,
        list_rows,
        rows_for,
        tell_row,
    )
    from udckit.cli._screen import complain  # noqa: PLC0415 - as above
    from udckit.conformance import EXIT, InvocationError  # noqa: PLC0415 - as above

    try:
        rows = rows_for(Wish(ids, stages, role, unchecked))
    except InvocationError as mistake:
        complain(str(mistake))
        sys.exit(EXIT["invocation"])
    if as_json:
        told: dict[str, Any] = {"requirements": [facts_of(row) for row in rows]}
        click.echo(json.dumps(told | {"counts": counts(rows)}, ensure_ascii=True))
    elif ids and all(row.id in {each.upper() for each in ids} for row in rows):
        for row in rows:
            tell_row(row)
    else:
        list_rows(rows)
