"""The main job as a person does it: one command, a droplet of any stack, a verdict, a record."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fleet_support import REFERENCE, member, require

UDCKIT = str(Path(sys.executable).with_name("udckit"))
FAKE_DROPLET = f"{shlex.quote(UDCKIT)} fakes droplet --port {{port}}"
RIGHT = ("fake_droplet", "flask_metrics", "node_bare", REFERENCE.name)


def launch_command(name: str) -> str:
    if name == "fake_droplet":
        return FAKE_DROPLET
    if name == REFERENCE.name:
        return REFERENCE.command
    require(name)
    return member(name).command


def udckit(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [UDCKIT, *words], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def summary_of(run: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run.stdout)
    return told


@pytest.mark.parametrize("name", RIGHT)
def test_right_droplet_is_certified_in_shape_and_its_record_judges_the_same(
    name: str, tmp_path: Path
) -> None:
    run = udckit(
        tmp_path, "certify", "--launch", launch_command(name), "--stages", "shape", "--json"
    )

    summary = summary_of(run)
    assert run.returncode == 0, run.stderr
    assert summary["exit_code"] == 0
    assert summary["stages"] == {
        "shape": "certified",
        "security": "not_asked",
        "integration": "not_asked",
        "resilience": "not_asked",
    }
    assert not [each for each in summary["verdicts"] if each["verdict"] == "error"]

    again = udckit(tmp_path, "report", summary["record"], "--rejudge", "--quiet")
    assert again.returncode == 0, again.stdout + again.stderr


def test_a_droplet_that_breaks_a_must_is_exit_1_and_told_what_to_change(tmp_path: Path) -> None:
    flask = member("flask_metrics")
    require("flask_metrics")
    source = (flask.folder / "app.py").read_text().replace('"healthy"', '"ok"')
    (tmp_path / "wrong.py").write_text(source)

    launch = f"{shlex.quote(sys.executable)} wrong.py {{port}}"
    run = udckit(tmp_path, "certify", "--launch", launch, "--stages", "shape")

    assert run.returncode == 1, run.stderr
    assert '"ok" [GET /health]' in run.stdout
    assert "fix       Return healthy, degraded or unhealthy" in run.stdout


def test_one_requirement_alone_decides_the_exit_code(tmp_path: Path) -> None:
    run = udckit(
        tmp_path, "certify", "--launch", FAKE_DROPLET, "--only", "UDC-HEALTH-002", "--json"
    )

    assert run.returncode == 0, run.stderr
    assert set(summary_of(run)["stages"].values()) == {"not_asked"}
