"""What is different on a terminal: colours, and a line that says how far the run is."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

Serve = Callable[..., contextlib.AbstractContextManager[str]]

PATIENCE = 30
EARLIER = 3


def on_terminal(words: list[str], folder: Path, environment: dict[str, str], until: str) -> str:
    """Run a program on a terminal of its own, and give what it wrote up to its end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**environment, "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    written = b""
    with contextlib.suppress(OSError):  # Linux says so when the other end is closed
        while until.encode() not in written and (piece := os.read(ours, 65536)):
            written += piece
    if process.poll() is None and until:
        process.terminate()
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 65536):
                written += piece
    process.wait(PATIENCE)
    os.close(ours)
    return written.decode()


@pytest.mark.parametrize(
    ("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_are_for_terminals_that_want_them(
    anything: str,
    tmp_path: Path,
    environment: dict[str, str],
    more: dict[str, str],
    coloured: bool,
) -> None:
    words = ["udckit.cli", "certify", anything, "--only", "UDC-HEALTH-001"]
    wanted = {**environment, "TERM": "xterm", **more}
    ours, theirs = pty.openpty()
    run = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=tmp_path,
        env=wanted,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
    )
    os.close(theirs)
    written = os.read(ours, 65536)
    os.close(ours)

    assert run.returncode == 0
    assert (b"\x1b[" in written) is coloured
    assert b"nothing to mend" in written


@pytest.mark.parametrize("program", ["udckit", "pytest"])
def test_run_that_lasts_says_how_far_it_is(
    serving: Serve, tmp_path: Path, environment: dict[str, str], program: str
) -> None:
    released = threading.Event()

    class Hangs(BaseHTTPRequestHandler):
        seen = 0

        def do_GET(self) -> None:
            type(self).seen += 1
            if self.seen > EARLIER:
                released.wait(PATIENCE)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Hangs) as url:
        words = (
            ["udckit.cli", "certify", url] if program == "udckit" else ["pytest", f"--target={url}"]
        )
        said = on_terminal(words, tmp_path, environment, until=" requirements · ")
        released.set()

    assert "\r\x1b[2K" in said
    assert " requirements · " in said
    assert "Traceback" not in said
