"""Allure results: what allure-pytest would leave, from a record, and Allure 3 renders it."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from allure_commons import model2

from udckit.conformance import RunRecord
from udckit.reports import account_of
from udckit.reports._format import Run
from udckit.reports.formats import render, write

MakeRecord = Callable[..., RunRecord]
RENDERER = Path(__file__).with_name("renderer")
PATIENCE = 180


def results(record: RunRecord) -> dict[str, dict[str, Any]]:
    files = render("allure", [Run(record)])
    found = [json.loads(text) for name, text in files.items() if name.endswith("-result.json")]
    return {each["links"][0]["name"]: each for each in found}


def test_every_row_that_was_asked_for_is_a_result(right: Run) -> None:
    asked = [each.id for each in account_of(right.record).asked]

    assert sorted(results(right.record)) == sorted(asked)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"verdict": "fail", "expected": "x", "observed": "y"}, "failed"),
        ({"verdict": "not_observed", "message": "no token"}, "skipped"),
        ({"verdict": "not_applicable", "message": "no peers"}, "skipped"),
        ({"verdict": "error", "message": "KeyError"}, "broken"),
        ({}, "passed"),
    ],
)
def test_verdicts_become_allures_words(
    make_record: MakeRecord, said: dict[str, Any], status: str
) -> None:
    assert results(make_record({"UDC-HEALTH-002": said}))["UDC-HEALTH-002"]["status"] == status


def test_a_should_that_is_not_kept_passes_with_a_warning(bad: RunRecord) -> None:
    found = results(bad)["UDC-ALL-004"]

    assert found["status"] == "passed"
    assert found["statusDetails"]["message"].startswith("warning, a SHOULD: expected status 405")
    assert {"name": "tag", "value": "warning"} in found["labels"]


def test_results_have_only_members_that_allures_own_model_has(right: Run) -> None:
    known = {
        "result": {each.name for each in attrs.fields(model2.TestResult)},
        "step": {each.name for each in attrs.fields(model2.TestStepResult)},
    }
    for found in results(right.record).values():
        assert found.keys() <= known["result"]
        for step in found["steps"]:
            assert step.keys() <= known["step"]


def test_failures_have_steps_with_redacted_attachments(bad: RunRecord) -> None:
    files = render("allure", [Run(bad)])
    (step,) = results(bad)["UDC-HEALTH-002"]["steps"]

    assert step["name"] == "GET /health → 200 in 10.0 ms"
    assert step["status"] == "failed"
    text = files[step["attachments"][0]["source"]].decode()
    assert text.startswith("curl -i")
    assert "Authorization: Bearer <token:t1>" in text


def test_categories_and_environment_are_there(right: Run) -> None:
    files = render("allure", [right])

    names = [each["name"] for each in json.loads(files["categories.json"])]
    assert names[0] == "A MUST is broken"
    environment = files["environment.properties"].decode("latin-1")
    assert "stage.shape = certified\n" in environment
    for category in json.loads(files["categories.json"]):
        re.compile(category.get("messageRegex", ""))


@pytest.fixture(scope="session")
def allure_3() -> list[str]:
    """Give the command of Allure 3; where the machine has no Node, say so."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"rendering with Allure 3 needs {program}, which this machine has not")
    with (RENDERER / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (RENDERER / "node_modules" / ".bin" / "allure").exists():
            subprocess.run(
                ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                cwd=RENDERER,
                check=True,
                capture_output=True,
                timeout=PATIENCE,
            )
    return [str(RENDERER / "node_modules" / ".bin" / "allure")]


@pytest.mark.parametrize("kind", ["right", "hostile"])
def test_allure_3_renders_it(
    allure_3: list[str], request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    run: Run = request.getfixturevalue(kind)
    write("allure", [run], tmp_path / "allure-results")

    done = subprocess.run(
        [*allure_3, "awesome", "-o", str(tmp_path / "report"), str(tmp_path / "allure-results")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((tmp_path / "report" / "summary.json").read_text())["stats"]
    asked = account_of(run.record)
    assert told["total"] == len(asked.asked)
    assert told.get("failed", 0) == len(asked.failures)
