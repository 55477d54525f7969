"""Runs that are ended before their end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Serve = Callable[..., contextlib.AbstractContextManager[str]]

PATIENCE = 30


@pytest.fixture
def stuck(serving: Serve) -> Iterator[tuple[str, threading.Event]]:
    """A droplet that soon hangs; the event says that it does."""
    asked, released = threading.Event(), threading.Event()

    class Hangs(BaseHTTPRequestHandler):
        seen = 0

        def do_GET(self) -> None:
            type(self).seen += 1
            if self.seen > 3:
                asked.set()
                released.wait(PATIENCE)
            body = b'{"status": "healthy"}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with serving(Hangs) as url:
        yield url, asked
        released.set()


def started(
    url: str, folder: Path, environment: dict[str, str], front: str = "udckit"
) -> subprocess.Popen[str]:
    words = ["udckit.cli", "certify", url] if front == "udckit" else ["pytest", f"--target={url}"]
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_that_is_interrupted_says_so_in_one_line_and_leaves_its_record(
    stuck: tuple[str, threading.Event],
    tmp_path: Path,
    udckit: Run,
    environment: dict[str, str],
    number: signal.Signals,
) -> None:
    url, asked = stuck
    run = started(url, tmp_path, environment)
    assert asked.wait(PATIENCE)
    os.kill(run.pid, number)
    told, said = run.communicate(timeout=PATIENCE)

    assert run.returncode == 5
    assert told == ""
    assert said.splitlines()[-1].startswith("udckit: ended early: ")
    assert "Traceback" not in said

    shown = udckit("report")
    assert shown.returncode == 5
    assert shown.stdout.startswith("the run was ended early: ")
    assert udckit("report", "--rejudge", "-q").returncode == 5


def test_run_that_is_killed_leaves_a_record_that_reads_as_incomplete(
    stuck: tuple[str, threading.Event],
    tmp_path: Path,
    udckit: Run,
    environment: dict[str, str],
) -> None:
    url, asked = stuck
    run = started(url, tmp_path, environment)
    assert asked.wait(PATIENCE)
    os.kill(run.pid, signal.SIGKILL)
    run.communicate(timeout=PATIENCE)

    shown = udckit("report", "--json")
    assert shown.returncode == 5
    assert '"shape":"incomplete"' in shown.stdout


def test_pytest_that_is_interrupted_ends_with_udckits_exit_code_and_record(
    stuck: tuple[str, threading.Event],
    tmp_path: Path,
    udckit: Run,
    environment: dict[str, str],
) -> None:
    url, asked = stuck
    run = started(url, tmp_path, environment, front="pytest")
    assert asked.wait(PATIENCE)
    os.kill(run.pid, signal.SIGINT)
    told, _ = run.communicate(timeout=PATIENCE)

    assert run.returncode == 5
    assert "the run was ended early" in told
    assert udckit("report", "-q").returncode == 5
