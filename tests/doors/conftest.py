"""Both doors as a user finds them: programs of their own, in an empty folder, over real sockets."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from udckit.conformance import read_record
from udckit.fakes import FakeDroplet, FakeOrchestrator, FakeRegistry

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Serve = Callable[[type[BaseHTTPRequestHandler]], contextlib.AbstractContextManager[str]]

PATIENCE = 60
LIGHT = " ".join(
    f"-p no:{plugin}"
    for plugin in ("schemathesis", "hypothesispytest", "inline_snapshot", "allure_pytest", "pact")
)
"""Two thirds of what it costs to start pytest, and no test of a door is about them."""
DROPLET = f"{sys.executable} -m udckit.cli fakes droplet --port {{port}}"


class AnswersAnything(BaseHTTPRequestHandler):
    """A server that answers 200 and {} to whatever it is asked."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"{}")

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serve(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def anything() -> Iterator[str]:
    """The address of a server that answers {} to everything."""
    with serve(AnswersAnything) as url:
        yield url


@pytest.fixture
def serving() -> Serve:
    """Serve a handler of the test's own."""
    return serve


@pytest.fixture(scope="session")
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        yield registry


@pytest.fixture(scope="session")
def droplet(registry: FakeRegistry) -> Iterator[FakeDroplet]:
    with (
        FakeOrchestrator(registry=registry) as orchestrator,
        FakeDroplet(registry=registry, orchestrator=orchestrator) as droplet,
    ):
        yield droplet


def clean_environment(folder: Path, **more: str) -> dict[str, str]:
    """This process's environment without what a test run or a user's shell adds to it.

    Temporary files go below the folder, so that nobody else's fakes are found.
    """
    foreign = ("PYTEST_", "COV_", "UDCKIT_", "REGISTRY_URL", "ORCHESTRATOR_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        kept.pop(name, None)
    temporary = folder / ".tmp"
    temporary.mkdir(exist_ok=True)
    return {**kept, "TMPDIR": str(temporary), **more}


def _run(module: str, folder: Path, words: tuple[str, ...], env: dict[str, str]) -> Any:
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        env=clean_environment(folder, **env),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a program that a test starts by itself."""
    return clean_environment(tmp_path)


@pytest.fixture
def udckit(tmp_path: Path) -> Run:
    """Run `udckit …` in an empty folder."""

    def run(*words: str, **env: str) -> Any:
        return _run("udckit.cli", tmp_path, words, env)

    return run


@pytest.fixture
def run_pytest(tmp_path: Path) -> Run:
    """Run `pytest …` in an empty folder, without the plugins that are slow to import.

    A test that gives `PYTEST_ADDOPTS=""` runs with all that are installed.
    """

    def run(*words: str, **env: str) -> Any:
        return _run("pytest", tmp_path, words, {"PYTEST_ADDOPTS": LIGHT, **env})

    return run


def verdicts_in(folder: Path) -> dict[str, str]:
    record = read_record(folder / "udckit-report" / "run.jsonl")
    return {each.id: each.verdict for each in record.verdicts.values()}


@pytest.fixture
def verdicts() -> Callable[[Path], dict[str, str]]:
    """Read the verdicts that a run left in a folder."""
    return verdicts_in


@pytest.fixture(scope="session")
def plain_verdicts(anything: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `udckit certify` comes to where pytest has no hand in it."""
    folder = tmp_path_factory.mktemp("plain")
    run = _run("udckit.cli", folder, ("certify", anything, "--quiet"), {})
    assert run.returncode == 1
    return verdicts_in(folder)


@pytest.fixture
def launch_words() -> str:
    """The command that starts a right droplet."""
    return DROPLET
