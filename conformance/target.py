"""Targets that the kit itself brings up: a launched command, an ASGI app in-process."""

from __future__ import annotations

import contextlib
import importlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Final

from udckit.conformance._wire import Outgoing, Wire
from udckit.conformance.errors import InvocationError, UnreachableError
from udckit.conformance.heard import Line
from udckit.fakes import ports, serve_asgi

__all__ = ["PLAIN", "Launched", "launch", "serve_app", "wait_until_it_answers"]

_POLL: Final = 0.05
_STOPPING: Final = 5.0
_DRAINING: Final = 2.0
"""Seconds in which what an ended process wrote is surely read, unless a child keeps the pipe."""
_LINES: Final = 20_000
PLAIN: Final = "*"
_NEEDED: Final = (
    *("PATH", "HOME", "USER", "LANG", "LC_", "TMP", "TEMP", "TZ", "SHELL", "TERM", "XDG_"),
    *("PYTHON", "VIRTUAL_ENV", "NODE_", "JAVA_", "GO", "RUBY", "GEM_", "DOTNET_", "DOCKER_"),
    *("LD_", "DYLD_", "SSL_CERT", "SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT"),
)
"""Beginnings of the names of variables that a program may need to run at all."""

_TAIL: Final = 15


class Launched:
    """A droplet that runs as a process group of its own; its output is drained into memory."""

    def __init__(self, command: str, environment: Mapping[str, str | None]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.boot_seconds = 0.0
        self.lines: deque[Line] = deque(maxlen=_LINES)
        words = [word.replace("{port}", str(self.port)) for word in _words(command)]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command is the operator's own
                words,
                env={**_environment(environment), "SERVICE_PORT": str(self.port)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as failed:
            raise InvocationError(
                f"The launch command cannot be started: {failed}. "
                f"It was {words!r}; try it in a shell first."
            ) from failed
        self._reader = threading.Thread(target=self._drain, name="udckit-log", daemon=True)
        self._reader.start()

    def _drain(self) -> None:
        output: IO[bytes] | None = self._process.stdout
        if output is not None:
            for line in output:
                text = line[:4_000].decode("utf-8", "replace").rstrip("\n")
                self.lines.append(Line(time.time(), text))

    @property
    def log(self) -> list[str]:
        """What it wrote, line by line."""
        return [line.text for line in self.lines.copy()]

    @property
    def exit_status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll()

    def tail(self) -> str:
        """Give the last lines that it wrote; of one that has ended, all that is still under way."""
        if self.exit_status is not None:
            self._reader.join(_DRAINING)
        return "\n".join(f"  | {line}" for line in self.log[-_TAIL:])

    def stop(self) -> None:
        """End the process group by its id: first asked, then made to."""
        for wish in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, wish)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOPPING)
                break
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._reader.join(_STOPPING)
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextlib.contextmanager
def launch(
    command: str, environment: Mapping[str, str | None], *, startup: float
) -> Iterator[Launched]:
    """Start a droplet, wait for its /health, stop it at the end.

    Raises:
        InvocationError: the command cannot be started.
        UnreachableError: it exited, or did not answer within `startup` seconds.
    """
    started = time.monotonic()
    running = Launched(command, environment)
    try:
        wait_until_it_answers(running.url, startup, running)
        running.boot_seconds = time.monotonic() - started
        yield running
    finally:
        running.stop()


def wait_until_it_answers(url: str, seconds: float, running: Launched | None = None) -> None:
    """Ask /health until anything answers over HTTP."""
    ends = time.monotonic() + seconds
    wire = Wire(url)
    trouble = "nothing was tried"
    try:
        while time.monotonic() < ends:
            returned = wire.send(Outgoing("GET", "/health", deadline=min(2.0, seconds)))
            if returned.trouble is None:
                return
            trouble = returned.detail or returned.trouble
            if running is not None and running.exit_status is not None:
                raise UnreachableError(
                    f"The droplet exited with status {running.exit_status} before it answered "
                    f"at {url}. Its last lines:\n{running.tail()}"
                )
            time.sleep(_POLL)
    finally:
        wire.close()
    told = f" Its last lines:\n{running.tail()}" if running is not None and running.log else ""
    raise UnreachableError(
        f"Nothing answered at {url}/health within {seconds:g} s ({trouble}). The launch command "
        f"must make it listen on {{port}}, or on SERVICE_PORT.{told}"
    )


@contextlib.contextmanager
def serve_app(spec: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Serve an ASGI app of the current folder in-process, and give its URL."""
    module, _, attribute = spec.partition(":")
    if not attribute:
        raise InvocationError(f"{spec!r} names no ASGI app: give module:attribute, such as app:app")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    with _lent(environment):
        try:
            app = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as failed:
            raise InvocationError(f"The ASGI app {spec!r} cannot be imported: {failed}") from failed
        port = int(environment["SERVICE_PORT"])
        try:
            server = serve_asgi(app, port=port, own_loop=True)
        except (OSError, RuntimeError) as failed:
            raise UnreachableError(f"The ASGI app {spec!r} does not start: {failed}") from failed
        try:
            yield server.url
        finally:
            server.stop()


@contextlib.contextmanager
def _lent(more: Mapping[str, str]) -> Iterator[None]:
    """Let this process see these settings, and afterwards what it saw before."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def free_port() -> int:
    """Find a port for a process that cannot be handed a socket. Raises UnreachableError."""
    try:
        return ports.free_port()
    except OSError as none:
        raise UnreachableError(str(none)) from none


def _environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """Change this process's environment: None takes a variable away, and `*` all that are not
    needed to run a program.
    """  # noqa: D205 - one sentence
    kept = {
        name: value
        for name, value in os.environ.items()
        if PLAIN not in changes or name.startswith(_NEEDED)
    }
    for name, value in changes.items():
        kept.pop(name, None)
        if value is not None:
            kept[name] = value
    return kept


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as trouble:
        raise InvocationError(
            f"The launch command {command!r} does not parse: {trouble}"
        ) from trouble
    if not words:
        raise InvocationError("The launch command is empty.")
    return words
