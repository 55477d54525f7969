"""`udckit explore`: cases drawn at random, and what they find; a finding sent again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from udckit._options import OPTIONS

__all__ = ["command"]

_FLAGS: Final = frozenset(
    {"launch", "app", "role", "safety", "registry", "token", "header", "base-path", "rate", "ca"}
    | {"config", "report-dir", "seed"}
)
_EPILOG: Final = """\b
Examples
  udckit explore http://127.0.0.1:8010
  udckit explore --launch 'uvicorn app:app --port {port}' --requests 5000
  udckit explore http://127.0.0.1:8010 --seed 42
  udckit explore http://127.0.0.1:8010 --replay udckit-report/findings/err-004-1a2b3c4d.json

\b
Exit codes
  0  nothing was found, or a replayed finding is gone
  1  a MUST is broken, or a replayed finding is still there
  2  bad invocation    3  the kit itself failed    4  the target cannot be reached
"""


def _options(function: Callable[..., None]) -> Callable[..., None]:
    for each in reversed(OPTIONS):
        if each.flag in _FLAGS:
            function = click.option(
                f"--{each.flag}",
                each.field,
                metavar=each.metavar,
                help="The seed; a new one each time." if each.flag == "seed" else each.help,
                type=each.type,
                multiple=each.many,
            )(function)
    return function


@click.command(epilog=_EPILOG)
@click.argument("url", required=False)
@_options
@click.option("--requests", type=click.IntRange(1), default=2000, help="At most (2000).")
@click.option("--max-time", type=float, default=60.0, help="Seconds to draw for (60).")
@click.option("--kinds", metavar="K,K", help="values, bytes, draws, engine, machines; all of them.")
@click.option("--replay", type=click.Path(path_type=Path), help="Send a finding again.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(**typed: Any) -> None:
    """Look for what nobody thought of: random requests, each answer held to the contract.

    The seed is printed; the same seed sends the same requests to the same target. Findings are
    grouped by cause, made as small as they go, and kept in udckit-report/findings as files that
    --replay sends again. Nothing of this touches a certificate.
    """
    context = click.get_current_context()
    from udckit.cli._exploring import run  # noqa: PLC0415 - --help imports no room

    context.exit(run(typed, token=os.environ.get("UDCKIT_TOKEN")))
