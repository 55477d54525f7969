"""The command group: it knows its commands by name, and imports one when it is asked for."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from typing import Final

import click

from udckit import __version__

__all__ = ["main"]

_KIT_FAILED: Final = 3

_COMMANDS: Final = {
    "cert": ("udckit.cli._cert", "Make keys, sign what a run showed, verify a certificate."),
    "certify": ("udckit.cli._certify", "Judge a droplet, a Registry or an Orchestrator."),
    "explain": ("udckit.cli._explain", "Explain a requirement, or list the catalogue."),
    "explore": ("udckit.cli._explore", "Look for what nobody thought of, at random."),
    "fakes": (
        "udckit.cli._fakes",
        "Run a Registry, an Orchestrator or a droplet to build against.",
    ),
    "pact": ("udckit.cli._pact", "Hold services to what their consumers need, by Pact."),
    "report": ("udckit.cli._report", "Show a run again from its record, or judge it again."),
}


class _Lazy(click.Group):
    """A group whose commands cost nothing until they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the signature is click's
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(_COMMANDS)}."
            ctx.fail(f"There is no command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the signature is click's
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in _COMMANDS.items()])


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="udckit")
def _group() -> None:
    """Say whether a service keeps the Universal Droplet Contract (UDC).

    And how you know; and if it does not, what exactly you change.

    \b
    udckit certify http://127.0.0.1:8010              a droplet that runs
    udckit certify --launch 'python app.py'           a droplet that udckit starts
    udckit fakes up                                   a Registry and an Orchestrator
    udckit explain UDC-HEALTH-002                     one promise of the contract

    Exit codes: 0 certified, 1 a MUST is broken, 2 bad invocation, 3 the kit failed, 4 nobody
    answers, 5 incomplete.
    """  # noqa: D301 - click reads its \b


def main() -> None:
    """Run the command line and exit with its code; a fault of the kit's own is never a verdict."""
    try:
        _group(prog_name="udckit")
    except Exception as fault:
        told = f"udckit: the kit itself failed ({type(fault).__name__}: {fault}); please report it"
        click.echo(told, err=True)
        if os.environ.get("UDCKIT_TRACEBACK"):
            raise
        sys.exit(_KIT_FAILED)
