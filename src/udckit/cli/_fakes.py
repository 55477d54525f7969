"""`udckit fakes`: a Registry, an Orchestrator or a droplet that others can build against."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import click

from udckit.cli._screen import complain

if TYPE_CHECKING:
    from udckit.fakes import DropletSettings, SigningKey

__all__ = ["command"]

_Settings = TypeVar("_Settings", bound="DropletSettings")

_PROBE = "udckit-probe"
"""The name under which the kit calls: a replayed message is then from who the token says."""

_port = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="N",
    help="Else SERVICE_PORT, else a free one.",
)
_bind = click.option("--bind", default="127.0.0.1", metavar="ADDR", help="0.0.0.0 for containers.")
_lifetime = click.option(
    "--token-lifetime",
    type=click.FloatRange(min=1),
    default=3600.0,
    metavar="SECONDS",
    help="Of the tokens (3600).",
)


@click.group()
def command() -> None:
    """Run a Registry, an Orchestrator or a droplet to build against.

    They keep the contract to the letter: tokens verify, registrations are remembered, beats are
    counted, tasks are routed. `udckit certify URL` and `pytest --target=URL` find fakes that are
    up on this machine by themselves.

    \b
    udckit fakes up                      in one terminal
    export REGISTRY_URL=…                in another, as it prints them
    python app.py                        your droplet, started against them
    udckit certify http://127.0.0.1:8010
    """  # noqa: D301 - click reads its \b


@command.command()
@click.option(
    "--registry-port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="A free one unless given.",
)
@click.option(
    "--orchestrator-port",
    type=click.IntRange(0, 65535),
    default=0,
    metavar="N",
    help="A free one unless given.",
)
@_bind
@_lifetime
def up(registry_port: int, orchestrator_port: int, bind: str, token_lifetime: float) -> None:
    """Start a Registry and an Orchestrator; print what to export; run until Ctrl-C."""
    from udckit.fakes import fakes_up, until_signalled  # noqa: PLC0415 - --help imports no room

    with (
        until_signalled() as over,
        _ports_said(),
        fakes_up(registry_port, orchestrator_port, bind, token_lifetime=token_lifetime) as running,
    ):
        _export({**running.environment, **running.settings})
        click.echo("# up until Ctrl-C; a token: udckit fakes token", err=True)
        over.wait()


@command.command()
@_port
@_bind
@_lifetime
def registry(port: int | None, bind: str, token_lifetime: float) -> None:
    """Run a Registry alone, until Ctrl-C, set up by its environment: SERVICE_NAME, LOG_LEVEL.

    Its log goes to standard error, one JSON object a line.
    """
    from udckit.fakes import (  # noqa: PLC0415 - as above
        RegistrySettings,
        run_platform,
        until_signalled,
    )

    settings = _settings(RegistrySettings, port)
    with (
        until_signalled() as over,
        _ports_said(),
        run_platform(settings, host=bind, token_lifetime=token_lifetime) as fake,
    ):
        _export({"REGISTRY_URL": fake.url})
        over.wait()


@command.command()
@_port
@_bind
@click.option(
    "--registry", "registry_url", envvar="REGISTRY_URL", metavar="URL", help="Else REGISTRY_URL."
)
def orchestrator(port: int | None, bind: str, registry_url: str | None) -> None:
    """Run an Orchestrator alone, until Ctrl-C; it registers as every droplet does.

    It is set up by its environment, and logs as `udckit fakes registry` does.
    """
    from udckit.fakes import (  # noqa: PLC0415 - as above
        OrchestratorSettings,
        find_running_fakes,
        run_platform,
        until_signalled,
    )

    if registry_url is None:
        running = find_running_fakes()
        if not running:
            complain(
                "an Orchestrator needs a Registry: give --registry, or start `udckit fakes up`."
            )
            sys.exit(2)
        registry_url = running[0].registry.url
    settings = _settings(OrchestratorSettings, port, REGISTRY_URL=registry_url)
    with until_signalled() as over, _ports_said(), run_platform(settings, host=bind) as fake:
        _export({"ORCHESTRATOR_URL": fake.url})
        over.wait()


@command.command()
@click.option("--port", type=click.IntRange(0, 65535), metavar="N", help="Else SERVICE_PORT.")
@click.option("--name", metavar="NAME", help="Else SERVICE_NAME.")
@_bind
def droplet(port: int | None, name: str | None, bind: str) -> None:
    """Run a droplet that is right, set up by its environment: REGISTRY_URL, SERVICE_NAME.

    Without REGISTRY_URL it uses the fakes that are up on this machine.
    """
    from udckit.fakes import (  # noqa: PLC0415 - as above
        DropletSettings,
        find_running_fakes,
        run_droplet,
    )

    found = {}
    if "REGISTRY_URL" not in os.environ:
        found = next((each.environment for each in find_running_fakes()), {})
    named = {} if name is None else {"SERVICE_NAME": name}
    sys.exit(run_droplet(_settings(DropletSettings, port, **found, **named), host=bind))


@command.command()
@click.option("--name", default=_PROBE, metavar="NAME", help=f"The service it is for ({_PROBE}).")
@click.option("--service-id", type=int, default=999, metavar="N", help="Its service_id (999).")
@click.option("--lifetime", type=float, metavar="SECONDS", help="How long it holds (3600).")
@click.option("--recipe", metavar="NAME", help="Forge it, as a finding's replay says.")
@click.option("--target-name", metavar="NAME", help="The target's name, where a recipe needs it.")
def token(
    name: str,
    service_id: int,
    lifetime: float | None,
    recipe: str | None,
    target_name: str | None,
) -> None:
    """Print a token: of the fakes that are up, else signed with the kit's test key.

    export UDCKIT_TOKEN=$(udckit fakes token)

    With --recipe it is forged as a check forges it, from the same key: it works nowhere else.
    """
    from udckit.fakes import (  # noqa: PLC0415 - as above
        ControlError,
        FakeRegistry,
        find_running_fakes,
    )

    running = find_running_fakes()
    if not running:
        complain("no fakes are up, so it is signed with the kit's own test key.")
    signer = running[0].registry if running else FakeRegistry()
    try:
        made = signer.mint(service_name=name, service_id=service_id, lifetime=lifetime)
        if recipe is not None:
            key = running[0].registry.key() if running else FakeRegistry().key
            made = _forged(recipe, made, key, target_name)
    except ControlError as refused:
        complain(str(refused))
        sys.exit(4)
    except LookupError as unknown:
        complain(str(unknown.args[0]))
        sys.exit(2)
    click.echo(made)


def _forged(name: str, valid: str, key: SigningKey, target_name: str | None) -> str:
    from udckit.conformance.forge import Forge, recipe  # noqa: PLC0415 - few tokens are forged

    surroundings = {} if target_name is None else {"service_name": target_name}
    return Forge(valid, key=key).make(recipe(name), surroundings)


def _settings(kind: type[_Settings], port: int | None, **more: str) -> _Settings:
    """Read the environment, with what the command line says instead; exit 2 where it is wrong."""
    from udckit.fakes import SettingsError  # noqa: PLC0415 - as above

    environ = {**os.environ, **more}
    if port is not None:
        environ["SERVICE_PORT"] = str(port)
    try:
        return kind.from_environ(environ)
    except SettingsError as mistake:
        complain(str(mistake))
        sys.exit(2)


def _export(environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        click.echo(f"export {name}={value}")
    sys.stdout.flush()


class _ports_said:  # noqa: N801 - read as a phrase: with _ports_said()
    """Turns a port that is taken into one line and exit code 2."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            complain(f"the port cannot be had: {error}. Leave it out, and a free one is taken.")
            sys.exit(2)
