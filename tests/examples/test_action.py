"""The composite action: of GitHub's schema, and its scripts at work, step by step."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest
import yaml

ROOT: Final = Path(__file__).parents[2]
ACTION: Final = ROOT / "examples" / "ci" / "action" / "action.yml"
SCHEMA: Final = ROOT / "tests" / "reports" / "schemas" / "github-action.json"
PUT_IN: Final = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")
DROPLET: Final = f"{sys.executable} -m udckit.cli fakes droplet --port {{port}}"
BASH: Final = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")


def action() -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load(ACTION.read_text("utf-8"))
    return value


@dataclass
class Job:
    """Runs the scripts of the action as GitHub's runner does, but for the installing."""

    folder: Path
    inputs: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)
    said: str = ""

    def run(self) -> int:
        """Run step after step until one fails; give the exit code of the last."""
        known = {name: str(each.get("default", "")) for name, each in action()["inputs"].items()}
        known |= self.inputs
        values = {f"inputs.{name}": value for name, value in known.items()}
        values["github.sha"] = "a" * 40
        for step in action()["runs"]["steps"]:
            if "run" not in step or "pip install" in step["run"]:
                continue
            code = self._step(step, values)
            if code:
                return code
            values |= {f"steps.{step.get('id')}.outputs.{n}": v for n, v in self.outputs.items()}
        return 0

    def _step(self, step: dict[str, Any], values: dict[str, str]) -> int:
        told = self.folder / "outputs"
        told.write_text("")
        own = {
            name: PUT_IN.sub(lambda found: values[found[1]], text)
            for name, text in step.get("env", {}).items()
        }
        path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
        files = {"GITHUB_OUTPUT": str(told), "GITHUB_STEP_SUMMARY": str(self.summary)}
        ran = subprocess.run(
            [*BASH, step["run"]],
            cwd=self.folder,
            env={"PATH": path, "HOME": str(self.folder), "TMPDIR": str(self.folder)} | files | own,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.said += ran.stdout + ran.stderr
        self.outputs |= dict(line.split("=", 1) for line in told.read_text().splitlines())
        return ran.returncode

    @property
    def summary(self) -> Path:
        """The file that stands for the checks page."""
        return self.folder / "summary.md"


@pytest.fixture(autouse=True)
def needs_bash() -> None:
    if shutil.which("bash") is None:
        pytest.skip("no bash on this machine")


def test_action_is_of_github_s_schema() -> None:
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text("utf-8")))

    assert [each.message for each in validator.iter_errors(action())] == []
    assert [*validator.iter_errors({**action(), "runs": {"using": "composite"}})]


def test_nothing_from_outside_is_pasted_into_a_script() -> None:
    scripts = [step["run"] for step in action()["runs"]["steps"] if "run" in step]

    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_right_droplet_is_certified_signed_and_said(tmp_path: Path) -> None:
    key = tmp_path / "platform.key"
    words = [sys.executable, "-m", "udckit.cli", "cert", "keygen", str(key)]
    subprocess.run(words, check=True, capture_output=True)
    job = Job(tmp_path, {"launch": DROPLET, "stages": "shape", "sign-key": key.read_text()})

    assert job.run() == 0, job.said
    assert job.outputs == {"exit-code": "0"}
    assert "shape | ✅ certified" in job.summary.read_text()
    left = {path.name for path in (tmp_path / "udckit-report").iterdir()}
    assert left == {
        *("run.jsonl", "certificate.json", "report.html", "junit.xml", "udckit.sarif"),
        "badge.svg",
    }
    assert not list(tmp_path.glob("tmp.*")), "the key was left behind"
    assert key.read_text().strip() not in job.said


def test_job_ends_as_the_run_did(tmp_path: Path) -> None:
    silent = Job(tmp_path, {"url": "http://127.0.0.1:1; touch stolen"})

    assert silent.run() == int(silent.outputs["exit-code"]) == 2
    assert not (tmp_path / "stolen").exists()
    assert not silent.summary.exists()
