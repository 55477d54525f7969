"""A real PostgreSQL and a real Redis on loopback, for as long as a test needs them."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

from udckit.conformance.target import free_port

__all__ = ["real_postgres", "real_redis"]

_STARTS_WITHIN: Final = 30.0
_USER: Final = "postgres"


def _found(program: str) -> str:
    """Find a program; Debian keeps those of PostgreSQL off the PATH. Skips where there is none."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    where = str(places[-1]) if places else shutil.which(program)
    if where is None:
        pytest.skip(f"{program} is not installed on this machine")
    return where


@contextlib.contextmanager
def _running(command: Sequence[str], port: int, *, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            ends = time.monotonic() + _STARTS_WITHIN
            while not _listens(port):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < ends, log.read_text()
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(_STARTS_WITHIN)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1.0).close()
        return True
    return False


@contextlib.contextmanager
def real_redis() -> Iterator[str]:
    """Start a Redis that keeps nothing on disk, and give its URL."""
    server, port = _found("redis-server"), free_port()
    with tempfile.TemporaryDirectory(prefix="udckit-redis-") as folder:
        words = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with _running(words, port, log=Path(folder) / "log"):
            yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def real_postgres() -> Iterator[str]:
    """Start a PostgreSQL, which refuses to run as root, and give the URL of its database."""
    initdb, postgres, port = _found("initdb"), _found("postgres"), free_port()
    as_user = ["runuser", "-u", _USER, "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="udckit-postgres-") as folder:
        if as_user:
            shutil.chown(folder, _USER)
        data = f"{folder}/data"
        made = subprocess.run(
            [*as_user, initdb, "-D", data, "-U", "udckit", "-A", "trust", "--no-sync"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        words = [
            *(*as_user, postgres, "-D", data, "-p", str(port), "-h", "127.0.0.1"),
            *("-k", folder, "-F"),
        ]
        with _running(words, port, log=Path(folder) / "log"):
            _until_it_serves(port)
            yield f"postgresql://udckit@127.0.0.1:{port}/postgres"


def _until_it_serves(port: int) -> None:
    """A PostgreSQL that listens may still be starting up."""
    ready = shutil.which("pg_isready")
    ends = time.monotonic() + _STARTS_WITHIN
    while ready is not None and time.monotonic() < ends:
        words = [ready, "-h", "127.0.0.1", "-p", str(port), "-q"]
        if subprocess.run(words, check=False).returncode == 0:
            return
        time.sleep(0.05)
