from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from udckit.cli._watch import changed_since, snapshot

Run = Callable[..., Any]

PATIENCE = 30


def test_snapshot_sees_what_is_written_made_and_removed(tmp_path: Path) -> None:
    reports = tmp_path / "udckit-report"
    app = tmp_path / "app" / "main.py"
    app.parent.mkdir()
    app.write_text("1")

    before = snapshot(tmp_path, reports)
    assert not changed_since(before, snapshot(tmp_path, reports))
    app.write_text("22")
    assert changed_since(before, snapshot(tmp_path, reports))

    before = snapshot(tmp_path, reports)
    (tmp_path / "new.py").write_text("")
    assert changed_since(before, snapshot(tmp_path, reports))

    before = snapshot(tmp_path, reports)
    app.unlink()
    assert changed_since(before, snapshot(tmp_path, reports))


def test_snapshot_does_not_see_the_runs_own_report_nor_what_tools_write(tmp_path: Path) -> None:
    reports = tmp_path / "udckit-report"
    before = snapshot(tmp_path, reports)

    for folder in (reports, tmp_path / ".venv", tmp_path / "a" / "__pycache__", tmp_path / ".git"):
        folder.mkdir(parents=True)
        (folder / "file").write_text("x")

    assert not changed_since(before, snapshot(tmp_path, reports))


def test_file_that_is_saved_starts_another_run(
    anything: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    words = ["certify", anything, "--only", "UDC-HEALTH-002", "--quiet", "--watch"]
    process = subprocess.Popen(
        [sys.executable, "-m", "udckit.cli", *words],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        for number in range(2):
            assert process.stdout.readline().startswith("✗ UDC-HEALTH-002")
            assert process.stdout.readline().startswith("watching: save a file")
            (tmp_path / "app.py").write_text(f"saved = {number}\n")
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    assert process.returncode == 1
