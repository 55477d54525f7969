"""`udckit pact`: what each side needs of the other: verified, recorded, published, asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from udckit._options import OPTIONS

__all__ = ["command"]

_path = click.Path(path_type=Path)
_REACHING = ("launch", "app", "registry", "token", "header", "base-path", "ca", "config")

Command = Callable[..., None]


def _reaching(function: Command) -> Command:
    """Give a command those options of a run that say how the service is reached."""
    for each in reversed([one for one in OPTIONS if one.flag in _REACHING]):
        function = click.option(
            f"--{each.flag}",
            each.field,
            metavar=each.metavar,
            help=each.help,
            type=each.type,
            multiple=each.many,
        )(function)
    return function


_broker = click.option(
    "--broker",
    envvar="PACT_BROKER_BASE_URL",
    metavar="URL",
    help="The Pact Broker; else PACT_BROKER_BASE_URL.",
)
_branch = click.option("--branch", metavar="NAME", help="Its branch; else what CI says.")
_force = click.option("--force", is_flag=True, help="Publish although this is no CI.")
_dry_run = click.option("--dry-run", is_flag=True, help="Show what would be sent; send nothing.")
_json = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")

_CREDENTIALS = """\b
The broker's credentials come by environment, and by nothing else:
  PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD
"""


@click.group()
def command() -> None:
    """Hold services to what their consumers need of them, by Pact.

    The kit brings what droplets, Orchestrator and Registry need of each other as the contract
    has it; a droplet's own pact is recorded from what it really sends. It needs the extra:
    pip install 'udckit[pact]'

    \b
    udckit pact verify --provider registry http://127.0.0.1:8000
    udckit pact record --launch 'uvicorn app:app --port {port}' --name my-service
    udckit pact publish pacts/
    udckit pact can-i-deploy --name my-service --to production

    \b
    Exit codes
      0  all is well                           3  the kit itself failed
      1  a consumer breaks, or may not deploy  4  the service or the broker cannot be reached,
      2  bad invocation, or nothing tested        or the broker refuses
                                               5  incomplete: something was not observed
    """  # noqa: D301 - click reads its \b


@command.command(epilog=_CREDENTIALS)
@click.argument("url", required=False)
@click.option("--provider", required=True, metavar="ROLE", help="registry, orchestrator, droplet.")
@click.option("--pact", "pacts", type=_path, multiple=True, metavar="PATH", help="These instead.")
@click.option("--from-broker", is_flag=True, help="The broker's instead, for this provider.")
@click.option("--name", metavar="NAME", help="What consumers call it; else the role.")
@click.option("--consumer", "consumers", multiple=True, metavar="NAME", help="Only its pacts.")
@click.option("--publish", is_flag=True, help="Give the results to the broker.")
@click.option("--version", metavar="V", help="The provider's version; else CI's commit.")
@_branch
@_broker
@_force
@_dry_run
@_reaching
@_json
def verify(**typed: Any) -> None:
    """Verify that a provider gives its consumers what they need.

    URL is where it answers. Against it are held the kit's own pacts, unless --pact names files
    or folders, or --from-broker fetches what consumers published.

    Provider states are brought about through the contract's own operations, and on the kit's
    fakes by their control API; a live token is put in. Whatever cannot be brought about is not
    observed, and says what is missing.

    \b
    udckit pact verify --provider registry http://127.0.0.1:8000
    udckit pact verify --provider droplet --launch 'python app.py'
    udckit pact verify --provider droplet http://127.0.0.1:8010 --pact pacts/
    udckit pact verify --provider registry http://registry:8000 --from-broker --publish
    """  # noqa: D301 - click reads its \b
    from udckit.cli._pact_verify import verified  # noqa: PLC0415 - --help imports no room

    click.get_current_context().exit(verified(typed))


@command.command()
@click.argument("path", required=False, type=_path, metavar="[RUN.jsonl]")
@click.option("--launch", metavar="COMMAND", help="Start the droplet with this command.")
@click.option("--app", metavar="MODULE:ATTR", help="Serve this ASGI app of the current folder.")
@click.option("--config", metavar="FILE", help="Read this instead of udckit.toml.")
@click.option("--name", metavar="NAME", help="Its own; the kit starts it under this SERVICE_NAME.")
@click.option("--version", metavar="V", help="Its version; else the one that it registers.")
@click.option("--seconds", type=click.FloatRange(0, 3600), metavar="N", help="Listen this long.")
@click.option("-o", "--output", type=_path, default=Path("pacts"), metavar="DIR", help="To here.")
def record(**typed: Any) -> None:
    """Record a droplet's own pacts with Registry and Orchestrator, from what it really sends.

    The droplet is started against fakes of its own, asked for its capabilities and sent a
    message, and listened to until it has registered and beaten, at most 66 s. Or give the
    run.jsonl of a certification that launched it and played scenarios.

    Each request becomes an interaction under the droplet's name and version, marked as recorded.
    Its values become matchers, by the OpenAPI documents; of what the droplet sent there stand in
    it member names, words that the contract lists, and nothing else: no secret can. What the
    contract does not know is left out and told, with exit code 5.

    \b
    udckit pact record --launch 'uvicorn app:app --port {port}' --name my-service
    udckit pact record --name my-service udckit-report/run.jsonl
    """  # noqa: D301 - click reads its \b
    from udckit.cli._pact_record import record as recorded  # noqa: PLC0415 - --help imports no room

    click.get_current_context().exit(recorded(typed))


@command.command(epilog=_CREDENTIALS)
@click.argument("paths", nargs=-1, type=_path, metavar="[PACT]...")
@click.option("--version", metavar="V", help="The consumer's version; else CI's commit.")
@_branch
@_broker
@_force
@_dry_run
def publish(**typed: Any) -> None:
    """Publish a consumer's pacts, from pacts/ unless files or folders are given.

    All of them go in one request: they are published together or not at all. It is done from CI
    alone, unless --force says otherwise, for a version that stands for somebody's desk misleads
    everybody else. A pact that asks for what the contract does not promise is refused, and so is
    a recording that did not see all.

    \b
    udckit pact publish --dry-run --version $(git rev-parse HEAD)
    udckit pact publish pacts/ --broker https://pacts.example.org
    """  # noqa: D301 - click reads its \b
    from udckit.cli._pact_broker import published  # noqa: PLC0415 - --help imports no room

    click.get_current_context().exit(published(typed))


@command.command("can-i-deploy", epilog=_CREDENTIALS)
@click.option("--name", required=True, metavar="NAME", help="Who is to be deployed.")
@click.option("--version", metavar="V", help="Its version; else CI's commit.")
@click.option("--to", "environment", required=True, metavar="ENV", help="Such as production.")
@click.option("--wait", type=click.IntRange(0, 3600), default=0, metavar="SECONDS", help="Wait.")
@_broker
@_dry_run
@_json
def can_i_deploy(**typed: Any) -> None:
    """Ask the broker whether a version works with all that is deployed where it goes.

    Exit code 0 where it does, 1 where a verification failed, 5 where one is missing; --wait gives
    it time to come.

    \b
    udckit pact can-i-deploy --name my-service --to production
    udckit pact can-i-deploy --name my-service --version 4f2a9c1 --to staging --wait 600
    """  # noqa: D301 - click reads its \b
    from udckit.cli._pact_broker import asked  # noqa: PLC0415 - --help imports no room

    click.get_current_context().exit(asked(typed))
