from __future__ import annotations

import json
from collections.abc import Callable

import jsonschema_rs
import pytest

from udckit.conformance import RunRecord
from udckit.reports import as_text, empty_summary, summary, summary_schema

MakeRecord = Callable[..., RunRecord]


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(dict(summary_schema()))


def test_schema_is_itself_valid() -> None:
    assert jsonschema_rs.meta.is_valid(dict(summary_schema()))


def test_summary_of_a_run_is_as_its_schema_says(
    good: RunRecord, bad: RunRecord, schema: jsonschema_rs.Validator
) -> None:
    for record in (good, bad):
        schema.validate(json.loads(as_text(summary(record, "udckit-report/run.jsonl"))))


def test_summary_has_what_programs_ask_for(bad: RunRecord) -> None:
    told = summary(bad, "run.jsonl")

    assert told["stages"] == {
        "shape": "failed",
        "security": "not_asked",
        "integration": "not_asked",
        "resilience": "not_asked",
    }
    assert (told["exit_code"], told["record"], told["requests_sent"]) == (1, "run.jsonl", 80)
    assert told["seconds"] == 2.5
    broken = next(each for each in told["verdicts"] if each["id"] == "UDC-HEALTH-002")
    assert broken == {
        "id": "UDC-HEALTH-002",
        "level": "MUST",
        "stage": "shape",
        "verdict": "fail",
        "subjects": 1,
        "blocked_by": None,
        "message": "expected `status` one of healthy, degraded, unhealthy; "
        'observed `status` "ok" [GET /health]',
        "breaks": [{"consumer": "orchestrator", "interactions": ["a look at its health"]}],
    }


def test_summary_of_a_killed_run_is_incomplete(
    make_record: MakeRecord, schema: jsonschema_rs.Validator
) -> None:
    told = summary(make_record(exit_code=None, judged=20), "run.jsonl")

    schema.validate(told)
    assert told["stages"]["shape"] == "incomplete"
    assert told["exit_code"] == 5


def test_run_that_never_began_is_one_object_too(schema: jsonschema_rs.Validator) -> None:
    told = empty_summary(4, "Nothing can be reached", incomplete=("shape",), seconds=0.51234)

    schema.validate(told)
    assert told["stages"]["shape"] == "incomplete"
    assert (told["verdicts"], told["record"], told["seconds"]) == ([], None, 0.512)


def test_differences_of_judging_again_are_told(
    good: RunRecord, schema: jsonschema_rs.Validator
) -> None:
    told = summary(good, rejudged=("UDC-HEALTH-002: …",))

    schema.validate(told)
    assert told["rejudged"] == {"identical": False, "differences": ["UDC-HEALTH-002: …"]}


def test_schema_refuses_a_word_that_is_no_stage_result(
    good: RunRecord, schema: jsonschema_rs.Validator
) -> None:
    told = summary(good)
    told["stages"]["shape"] = "green"

    assert not schema.is_valid(told)
