"""`udckit certify`: what it takes, and what its help teaches."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from udckit._options import OPTIONS

__all__ = ["command"]

_EPILOG = """\b
Examples
  udckit certify http://127.0.0.1:8010
  udckit certify --launch 'uvicorn app:app --port {port}'
  udckit certify --app app:app --stages shape
  udckit certify http://127.0.0.1:8010 --only UDC-HEALTH-002 --verbose
  udckit certify http://127.0.0.1:8010 --read-only --stages shape
  udckit certify --launch … --sign platform.key --image name@sha256:…
  udckit certify --role registry http://127.0.0.1:8000

\b
What can be certified
  a URL alone           shape, but for what needs a token
  a URL, while `udckit fakes up` runs and the droplet was started against it
                        shape, security; with --stages integration, or --attached,
                        also what it sends: two beats are watched, about two minutes
  --token, --registry   shape, and with --signing-key security
  --app                 shape, security; integration likewise
  --launch              all four. The command may say {port}, and finds SERVICE_PORT,
                        REGISTRY_URL, ORCHESTRATOR_URL, SERVICE_NAME, DROPLET_ID,
                        ENVIRONMENT and LOG_LEVEL in its environment

\b
Generated tests, by --effort
  quick      at most 680 requests and 20 s: the cases known to hurt
  standard   at most 2030 requests and 60 s: drawn ones and walks too
  deep       at most 11230 requests and 600 s: many more of these

\b
Exit codes
  0  every stage asked for is certified    3  the kit itself failed
  1  a MUST is broken                      4  the target cannot be reached
  2  bad invocation, or nothing tested     5  incomplete: something was not observed
"""

Command = Callable[..., None]


def _run_options(function: Command) -> Command:
    """Give a command every option of the table, in the table's order."""
    for each in reversed(OPTIONS):
        shape: dict[str, Any] = (
            {"is_flag": True}
            if each.type is bool
            else {"metavar": each.metavar, "type": each.type, "multiple": each.many}
        )
        function = click.option(f"--{each.flag}", each.field, help=each.help, **shape)(function)
    return function


@click.command(epilog=_EPILOG)
@click.argument("url", required=False)
@_run_options
@click.option("--read-only", is_flag=True, help="The same as --safety read-only.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="One line for each stage.")
@click.option("-v", "--verbose", is_flag=True, help="Every row, and the readings it rests on.")
@click.option("--watch", is_flag=True, help="Again when a file below changes, or on Enter.")
@click.option("--sign", metavar="KEY", help="Certify it with this private key; see udckit cert.")
@click.option("--image", metavar="NAME@sha256:…", help="With --sign: claim this image.")
@click.option("--commit", metavar="SHA", help="With --sign: claim this git commit.")
@click.option("--init", is_flag=True, help="Write a commented udckit.toml from what is seen.")
def command(**typed: Any) -> None:
    """Judge whether a service keeps the contract, stage by stage.

    URL is where it answers, such as http://127.0.0.1:8010. The run leaves its record in
    udckit-report/run.jsonl; `udckit report` shows it again. What you would type each time may
    stand in udckit.toml, or in [tool.udckit] of pyproject.toml; so may known failures, which the
    exit code leaves out while their time lasts.
    """
    context = click.get_current_context()
    if typed.pop("read_only"):
        typed["safety"] = "read-only"
    key, claims = typed.pop("sign"), {name: typed.pop(name) for name in ("image", "commit")}
    if key is None and any(claims.values()):
        raise click.UsageError("--image and --commit are claims of a certificate: give --sign KEY.")
    if typed.pop("watch"):
        from udckit.cli._watch import watch  # noqa: PLC0415 - only who watches pays for it

        context.exit(watch(Path(typed["report_dir"] or "udckit-report")))
    from udckit.cli._run import Manner, run  # noqa: PLC0415 - --help imports no room

    manner = Manner(typed.pop("as_json"), typed.pop("quiet"), typed.pop("verbose"))
    if typed.pop("init"):
        from udckit.cli._init import write_configuration  # noqa: PLC0415 - a rare wish

        context.exit(write_configuration(typed, manner))
    token = os.environ.get("UDCKIT_TOKEN")
    if key is not None:
        from udckit.cli._signing import Wanted, run_and_sign  # noqa: PLC0415 - only who signs pays

        wanted = Wanted(Path(key), **claims)
        context.exit(run_and_sign(typed, manner, token=token, wanted=wanted))
    context.exit(run(typed, manner, token=token))
