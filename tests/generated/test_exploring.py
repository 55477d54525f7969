"""The exploring lane: what it finds is small, is kept, is sent again, and its curl shows it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faults import Fault, read_faults
from faults.role_stand import RoleStand, role_stand
from faults.stand import Stand, stand

FOLDER = Path(__file__).parent / "faults"
UDCKIT = str(Path(sys.executable).with_name("udckit"))


def fault(role: str, name: str) -> Fault:
    return next(each for each in read_faults(FOLDER / f"{role}.yaml") if each.id == name)


@pytest.fixture(scope="module")
def droplet() -> Iterator[Stand]:
    with stand("plain_droplet") as up:
        yield up


@pytest.fixture(scope="module")
def orchestrator() -> Iterator[RoleStand]:
    with role_stand("orchestrator", "fake") as up:
        yield up


def explore(folder: Path, url: str, token: str, *words: str) -> tuple[int, dict[str, Any]]:
    usual = ("--seed", "7", "--requests", "500", "--kinds", "values,bytes", "--json")
    run = subprocess.run(
        [UDCKIT, "explore", url, *usual, *words],
        cwd=folder,
        env={**os.environ, "UDCKIT_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.stdout, run.stderr
    return run.returncode, json.loads(run.stdout)


def replayed(folder: Path, finding: dict[str, Any], token: str) -> str:
    """Run the printed commands in a shell, as a reader would, and give what they print."""
    assert shutil.which("curl"), "curl is what a reader replays with"
    script = "\n".join(finding["curl"])
    run = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, "UDCKIT_TOKEN": token},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return run.stdout


@pytest.mark.parametrize(
    ("name", "shows"),
    [
        ("crashes-on-the-same-message-again", "HTTP/1.1 500"),
        ("crashes-on-a-chunked-body", "HTTP/1.1 500"),
        ("a-payload-that-is-a-number-is-taken", "HTTP/1.1 200"),
    ],
)
def test_finding_is_kept_sent_again_and_its_curl_shows_it(
    name: str, shows: str, droplet: Stand, tmp_path: Path
) -> None:
    struck = fault("droplet", name)
    droplet.proxy.strike(struck)

    code, told = explore(tmp_path, droplet.proxy.url, droplet.token)

    finding = next(each for each in told["findings"] if set(struck.kills) & set(each["rows"]))
    path = tmp_path / told["files"][told["findings"].index(finding)]
    words = ("--replay", str(path))
    assert code == 1
    assert json.loads(path.read_text()) == finding
    assert shows in replayed(tmp_path, finding, droplet.token)
    assert explore(tmp_path, droplet.proxy.url, droplet.token, *words)[1]["still_there"] is True
    droplet.proxy.strike(None)
    assert explore(tmp_path, droplet.proxy.url, droplet.token, *words) == (
        0,
        {"rows": finding["rows"], "still_there": False},
    )


def test_finding_is_as_small_as_it_goes(droplet: Stand, tmp_path: Path) -> None:
    droplet.proxy.strike(fault("droplet", "crashes-on-a-key-with-a-dot"))

    _, told = explore(tmp_path, droplet.proxy.url, droplet.token)

    (finding,) = told["findings"]
    assert json.loads(finding["steps"][-1]["body"])["payload"].keys() == {"a.b"}
    assert finding["times"] >= 1
    assert told["seed"] == 7


def test_what_an_answer_gave_is_taken_on_in_the_commands(
    orchestrator: RoleStand, tmp_path: Path
) -> None:
    struck = fault("orchestrator", "a-status-that-runs-backwards")
    token = str(orchestrator.authority.tokens.valid)
    orchestrator.proxy.strike(struck)

    _, told = explore(tmp_path, orchestrator.proxy.url, token, "--role", "orchestrator")

    finding = next(each for each in told["findings"] if each["rows"] == ["ORCH-TASK-012"])
    assert finding["curl"][0].startswith("TASK_ID_1=$(curl -s ")
    assert finding["curl"][-1].endswith("/tasks/$TASK_ID_1")
    shown = replayed(tmp_path, finding, token)
    assert "completed" in shown
    assert "queued" in shown


def test_right_droplet_is_found_nothing_in(droplet: Stand, tmp_path: Path) -> None:
    words = ("--kinds", "draws,engine,machines", "--requests", "200")

    code, told = explore(tmp_path, droplet.url, droplet.token, *words)

    assert (code, told["findings"]) == (0, [])
    assert told["requests"] > 100


def test_unknown_kind_is_a_bad_invocation(tmp_path: Path) -> None:
    run = subprocess.run(
        [UDCKIT, "explore", "http://127.0.0.1:1", "--kinds", "value"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 2
    assert "Known: values, bytes, draws, engine" in run.stderr
