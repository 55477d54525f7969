"""A FakeDroplet as a process of its own, as an operator runs it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from udckit.fakes import (
    Behaviour,
    DropletSettings,
    FakeOrchestrator,
    FakeRegistry,
    Fault,
    SettingsError,
)

PROGRAM = (
    "import os, sys\n"
    "from udckit.fakes import DropletSettings, run_droplet\n"
    "sys.exit(run_droplet(DropletSettings.from_environ(os.environ)))\n"
)

Run = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def run() -> Iterator[Run]:
    """Start the droplet with these settings; it is ended at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(**settings: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "SERVICE_PORT": "0", **settings},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as running:
        yield running


@pytest.fixture
def orchestrator(registry: FakeRegistry) -> Iterator[FakeOrchestrator]:
    with FakeOrchestrator(registry=registry) as running:
        yield running


def line_saying(process: subprocess.Popen[str], message: str) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        told: dict[str, Any] = json.loads(line)
        if told["message"] == message:
            return told
    raise AssertionError(f"it never said {message!r}")


def test_it_lives_by_its_environment_and_ends_at_sigterm(
    ask: Any, run: Run, registry: FakeRegistry, orchestrator: FakeOrchestrator
) -> None:
    process = run(
        REGISTRY_URL=f"{registry.url}/",
        ORCHESTRATOR_URL=f"{orchestrator.url}/",
        SERVICE_NAME="odd-name",
        DROPLET_ID="4711",
        ENVIRONMENT="development",
        LOG_LEVEL="DEBUG",
    )
    url = line_saying(process, "ready")["url"]
    beat = orchestrator.journal.wait_for(path="/heartbeat", answered=200, timeout=60)
    token = registry.register("caller", 5).token

    capabilities = ask(f"{url}/capabilities").json
    assert (capabilities["service_name"], capabilities["droplet_id"]) == ("odd-name", 4711)
    assert ask(f"{url}/state", token=token).json["mode"] == "development"
    assert ask(f"{url}/state").status == 401
    assert beat.json["service_name"] == "odd-name"
    assert [entry.path for entry in registry.journal if entry.path == "/register"] == ["/register"]

    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    lines = [json.loads(line) for line in rest.splitlines()]
    assert process.returncode == 0
    assert lines[-1]["message"] == "stopped"
    assert "token refused" in {line["message"] for line in lines}
    assert token not in rest


def test_an_outage_is_told_in_the_log(
    run: Run, registry: FakeRegistry, orchestrator: FakeOrchestrator
) -> None:
    registry.faults.add(Fault.status(503, route="/register", times=1))
    process = run(REGISTRY_URL=registry.url, ORCHESTRATOR_URL=orchestrator.url)

    assert line_saying(process, "registration failed")["cause"] == "status 503"
    assert line_saying(process, "registered")["level"] == "INFO"


def test_error_level_is_quiet(run: Run, registry: FakeRegistry) -> None:
    process = run(REGISTRY_URL=registry.url, ORCHESTRATOR_URL=registry.url, LOG_LEVEL="ERROR")
    registry.journal.wait_for(path="/heartbeat", timeout=60)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)

    assert (said, process.returncode) == ("", 0)


def test_it_can_be_told_to_exit_when_it_cannot_register(run: Run, registry: FakeRegistry) -> None:
    registry.faults.add(Fault.status(500, route="/register"))
    process = run(
        REGISTRY_URL=registry.url,
        UDCKIT_BEHAVIOUR='{"exits_when_registration_fails": true}',
    )
    process.communicate(timeout=60)

    assert process.returncode == 1


def test_a_taken_port_is_told(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = run(SERVICE_PORT=str(taken.getsockname()[1]))
        told = line_saying(process, "cannot listen")
        process.communicate(timeout=60)

    assert told["level"] == "ERROR"
    assert process.returncode == 1


def test_settings_have_the_guide_s_defaults() -> None:
    assert DropletSettings.from_environ({}) == DropletSettings(
        registry_url="http://registry:8000",
        orchestrator_url="http://orchestrator:8001",
        service_name="my-service",
        service_port=8010,
        droplet_id=10,
        environment="production",
        log_level="INFO",
    )


def test_settings_can_be_overlooked_on_purpose() -> None:
    environ = {
        "SERVICE_NAME": "x",
        "UDCKIT_BEHAVIOUR": '{"reads_environment": false}',
    }

    settings = DropletSettings.from_environ(environ)

    assert settings.service_name == "my-service"
    assert settings.behaviour == Behaviour(reads_environment=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVICE_PORT", "x"),
        ("SERVICE_PORT", "70000"),
        ("SERVICE_PORT", "-1"),
        ("DROPLET_ID", "0"),
        ("DROPLET_ID", "1.5"),
        ("ENVIRONMENT", "prod"),
        ("LOG_LEVEL", "LOUD"),
        ("UDCKIT_BEHAVIOUR", "{"),
        ("UDCKIT_BEHAVIOUR", '{"colour": 1}'),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        DropletSettings.from_environ({name: value})
