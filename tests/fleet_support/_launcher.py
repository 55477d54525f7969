"""Starts one droplet as a process group of its own, and ends it by that group's id."""

import contextlib
import http.client
import os
import shlex
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fleet_support._catalogue import Member, member
from fleet_support._needs import require

__all__ = ["Running", "launch"]

STARTUP = 40.0
"""Seconds until /health must answer (OPS-BOOT-001)."""
FAREWELL = 5.0
"""Seconds between SIGTERM and SIGKILL."""
TICK = 0.02
KEPT_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Running:
    """A droplet that answers at `url`."""

    member: Member
    url: str
    port: int
    service_name: str
    droplet_id: int
    process: subprocess.Popen[bytes]
    lines: deque[str]
    """What it wrote to standard output and standard error, the last twenty thousand lines."""

    @property
    def output(self) -> str:
        return "\n".join(self.lines)


@contextlib.contextmanager
def launch(
    name: str,
    *,
    registry_url: str,
    orchestrator_url: str,
    service_name: str | None = None,
    droplet_id: int = 4711,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Run a droplet of the fleet until the block is left.

    `environment` adds to, or replaces, what the droplet is given. Skips where the machine lacks
    what the droplet needs; raises RuntimeError, with the output, where it does not come up.
    """
    require(name)
    one = member(name)
    facts = {
        "REGISTRY_URL": registry_url,
        "ORCHESTRATOR_URL": orchestrator_url,
        "SERVICE_NAME": service_name or f"fleet-{name.replace('_', '-')}",
        "DROPLET_ID": str(droplet_id),
        "ENVIRONMENT": "production",
        "LOG_LEVEL": "INFO",
        **(environment or {}),
    }
    running = _up(one, facts) or _up(one, facts)
    if running is None:
        raise RuntimeError(f"{name} found its port taken, twice")
    try:
        yield running
    finally:
        _down(running.process)


def _up(one: Member, facts: Mapping[str, str]) -> Running | None:
    """Start it on a port that was free a moment ago; None where another process was quicker."""
    port = _free_port()
    process = subprocess.Popen(
        shlex.split(one.command.replace("{port}", str(port))),
        cwd=one.folder,
        env=_inherited() | dict(facts) | {"SERVICE_PORT": str(port)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    drain = threading.Thread(target=_drain, args=(process, lines), name=one.name, daemon=True)
    drain.start()
    try:
        ready = _answers(process, port)
    except BaseException:
        _down(process)
        raise
    if ready:
        url = f"http://127.0.0.1:{port}"
        number = int(facts["DROPLET_ID"]) if facts["DROPLET_ID"].isdigit() else 0
        return Running(one, url, port, facts["SERVICE_NAME"], number, process, lines)
    _down(process)
    drain.join(FAREWELL)
    said = "\n".join(lines)
    if "in use" in said or "EADDRINUSE" in said:
        return None
    raise RuntimeError(f"{one.name} did not come up (exit {process.returncode}):\n{said}")


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether /health answers before the process ends or the time is up."""
    deadline = time.monotonic() + STARTUP
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            with contextlib.closing(connection):
                connection.request("GET", "/health")
                if connection.getresponse().status in {200, 503}:
                    return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(TICK)
            return False
    return False


def _down(process: subprocess.Popen[bytes]) -> None:
    """End the process group, politely at first."""
    for sign, patience in ((signal.SIGTERM, FAREWELL), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _drain(process: subprocess.Popen[bytes], lines: deque[str]) -> None:
    if process.stdout is not None:
        with process.stdout:
            for line in process.stdout:
                lines.append(line.decode("utf-8", "replace").rstrip("\r\n"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _inherited() -> dict[str, str]:
    """What a program needs to start at all; none of the caller's own settings."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
