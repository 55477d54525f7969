"""SARIF: valid for the published schema, a rule for each row, evidence for each result."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator  # type: ignore[import-untyped]  # no stubs of its own
from report_support import CORPUS, run_of_lines

from udckit.conformance import RunRecord, wanted_rows
from udckit.reports._account import account_of
from udckit.reports._format import Run
from udckit.reports.sarif import sarif

MakeLines = Callable[..., list[dict[str, Any]]]
SCHEMA = Draft4Validator(
    json.loads((Path(__file__).with_name("schemas") / "sarif-2.1.0-rtm.5.json").read_text())
)


def log(run: Run) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(sarif(run))
    assert not [error.message for error in SCHEMA.iter_errors(value)]
    (only,) = value["runs"]
    return dict(only)


def test_real_runs_are_valid_for_the_published_schema(right: Run, hostile: Run) -> None:
    assert log(right)["results"] == []
    assert log(hostile)["results"]


def test_each_row_that_was_asked_for_is_a_rule_with_help(bad: RunRecord) -> None:
    rules = log(Run(bad))["tool"]["driver"]["rules"]

    assert [each["id"] for each in rules] == wanted_rows(account_of(bad).settings)
    (health,) = [each for each in rules if each["id"] == "UDC-HEALTH-002"]
    assert health["help"]["text"].startswith("Return healthy, degraded or unhealthy")
    assert "The guide's own words" in health["help"]["text"]


def test_results_have_the_level_of_their_row(bad: RunRecord) -> None:
    found = {each["ruleId"]: each for each in log(Run(bad))["results"]}

    assert found["UDC-HEALTH-002"]["level"] == "error"
    assert found["UDC-ALL-004"]["level"] == "warning"
    assert found["UDC-HEALTH-002"]["webRequest"]["method"] == "GET"
    assert found["UDC-HEALTH-002"]["webResponse"]["statusCode"] == 200


def test_a_result_points_at_the_verdicts_line_in_the_record(
    make_lines: MakeLines, tmp_path: Path
) -> None:
    broken = {"verdict": "fail", "expected": "x", "observed": "y", "culprit": 1}
    run = run_of_lines(make_lines({"UDC-HEALTH-002": broken}), tmp_path)

    (result,) = log(run)["results"]

    place = result["locations"][0]["physicalLocation"]
    line = (tmp_path / "run.jsonl").read_text().splitlines()[place["region"]["startLine"] - 1]
    assert place["artifactLocation"]["uri"] == "run.jsonl"
    assert (json.loads(line)["id"], json.loads(line)["verdict"]) == ("UDC-HEALTH-002", "fail")


def test_what_was_not_observed_is_a_notification_and_no_result(bad: RunRecord) -> None:
    (invocation,) = log(Run(bad))["invocations"]

    named = {each["associatedRule"]["id"] for each in invocation["toolConfigurationNotifications"]}
    assert {"UDC-HEALTH-012", "UDC-STATE-002"} <= named
    assert invocation["exitCode"] == 1


def test_a_targets_text_makes_no_link_and_no_placeholder(hostile: Run) -> None:
    texts = [each["message"]["text"] for each in log(hostile)["results"]]

    assert any("script" in each for each in texts)
    for each in texts:
        bare = each.replace("\\\\", "").replace("\\[", "").replace("\\]", "")
        assert "[" not in bare
        assert "{" not in bare.replace("{{", "")
    assert "[click](javascript:" in CORPUS[5]
