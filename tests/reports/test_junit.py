"""JUnit XML: valid for the published schema, and never greener than the run."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from xmlschema import XMLSchema

from udckit.conformance import RunRecord
from udckit.reports._format import Run
from udckit.reports.junit import junit

MakeRecord = Callable[..., RunRecord]
SCHEMA = XMLSchema(Path(__file__).with_name("schemas") / "junit-10.xsd")


def tree(record: RunRecord) -> ET.Element:
    text = junit(Run(record))
    SCHEMA.validate(text)
    return ET.fromstring(text)  # noqa: S314 - of our own making


def case(root: ET.Element, start: str) -> ET.Element:
    (found,) = [each for each in root.iter("testcase") if each.get("name", "").startswith(start)]
    return found


def test_real_runs_are_valid_for_the_published_schema(right: Run, hostile: Run) -> None:
    for run in (right, hostile):
        SCHEMA.validate(junit(run))


def test_a_broken_must_is_a_failure_with_all_that_is_known(bad: RunRecord) -> None:
    found = case(tree(bad), "UDC-HEALTH-002").find("failure")

    assert found is not None
    assert found.get("type") == "MUST"
    assert (found.get("message") or "").startswith("expected `status` one of healthy")
    lines = [line.split(":")[0] for line in (found.text or "").splitlines()]
    assert lines == ["expected", "observed", "replay", "fix"]


def test_a_should_that_is_not_kept_passes_and_says_so(bad: RunRecord) -> None:
    found = case(tree(bad), "UDC-ALL-004")

    assert found.find("failure") is None
    assert (found.findtext("system-out") or "").startswith("a SHOULD that is not kept")


def test_what_was_not_judged_is_skipped_with_its_reason(bad: RunRecord) -> None:
    skipped = case(tree(bad), "UDC-HEALTH-012").find("skipped")

    assert skipped is not None
    assert skipped.get("message") == (
        "not observed: no status to compare with (waits for UDC-HEALTH-002)"
    )


def test_the_kits_own_fault_is_an_error(make_record: MakeRecord) -> None:
    record = make_record({"UDC-HEALTH-004": {"verdict": "error", "message": "KeyError at x.py:1"}})

    error = case(tree(record), "UDC-HEALTH-004").find("error")

    assert error is not None
    assert error.get("message") == "KeyError at x.py:1"


def test_a_suite_of_skipped_rows_is_not_green(make_record: MakeRecord) -> None:
    record = make_record({"UDC-HEALTH-001": {"verdict": "not_observed", "message": "no answer"}})

    root = tree(record)

    error = case(root, "stage shape is certified").find("error")
    assert error is not None
    assert error.get("message") == "not observed: UDC-HEALTH-001"
    assert root.get("errors") == "1"


def test_a_run_that_was_cut_off_is_an_error(make_record: MakeRecord) -> None:
    root = tree(make_record(exit_code=None, judged=20))

    assert case(root, "stage shape is certified").find("error") is not None
    assert "ended before it was judged" in ET.tostring(root, "unicode")


def test_a_certified_stage_has_neither_failures_nor_errors(good: RunRecord) -> None:
    root = tree(good)

    assert (root.get("failures"), root.get("errors")) == ("0", "0")


def test_the_requirement_ids_are_properties(bad: RunRecord) -> None:
    told = {
        each.get("name"): each.get("value") for each in tree(bad).iterfind("testsuite//property")
    }

    assert told["UDC-HEALTH-002"] == "MUST fail, 1 judged"
    assert told["UDC-HEALTH-012"] == "SHOULD not_observed, 1 judged, waits for UDC-HEALTH-002"
    assert told["edition"] == "1.0"


def test_counts_are_those_of_the_cases(bad: RunRecord) -> None:
    (suite,) = tree(bad).findall("testsuite")

    assert int(suite.get("tests", "0")) == len(suite.findall("testcase"))
    assert int(suite.get("skipped", "0")) == len(suite.findall("testcase/skipped"))
    assert suite.get("failures") == "2"


@pytest.mark.parametrize("word", ["pass", "fail", "not_observed", "not_applicable", "error"])
def test_every_verdict_has_a_valid_case(make_record: MakeRecord, word: str) -> None:
    root = tree(make_record({"UDC-HEALTH-004": {"verdict": word}}))

    assert case(root, "UDC-HEALTH-004").get("classname") == "udckit.shape.UDC-HEALTH"
