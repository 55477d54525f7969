"""Two records beside each other: regressions first, and nothing for a run beside itself."""

from __future__ import annotations

from collections.abc import Callable

from udckit.conformance import RunRecord, Settings
from udckit.reports import compare, comparison_text
from udckit.reports._format import Run

MakeRecord = Callable[..., RunRecord]

FAIL = {"verdict": "fail", "expected": "x", "observed": "y"}
UNSEEN = {"verdict": "not_observed", "message": "no token"}


def test_a_run_beside_itself_has_no_changes(right: Run, bad: RunRecord) -> None:
    for record in (right.record, bad):
        found = compare(record, record)

        assert (found.changes, found.stages, found.notes) == ((), (), ())
        assert comparison_text(record, record).startswith("nothing changed")


def test_regressions_come_first_and_musts_before_shoulds(make_record: MakeRecord) -> None:
    before = make_record({"UDC-STATE-002": FAIL, "UDC-STATE-003": UNSEEN})
    now = make_record(
        {"UDC-HEALTH-002": FAIL, "UDC-ALL-004": FAIL, "UDC-HEALTH-005": UNSEEN},
    )

    found = compare(now, before)

    assert [(each.id, each.kind) for each in found.changes] == [
        ("UDC-HEALTH-002", "broke"),
        ("UDC-ALL-004", "broke"),
        ("UDC-HEALTH-005", "lost"),
        ("UDC-STATE-002", "mended"),
        ("UDC-STATE-003", "gained"),
    ]
    assert [each.id for each in found.regressions] == [
        "UDC-HEALTH-002",
        "UDC-ALL-004",
        "UDC-HEALTH-005",
    ]
    assert found.broken
    assert found.stages == ()


def test_a_failure_that_nobody_looked_for_before_is_no_regression(make_record: MakeRecord) -> None:
    found = compare(make_record({"UDC-STATE-002": FAIL}), make_record({"UDC-STATE-002": UNSEEN}))

    assert [each.kind for each in found.changes] == ["found"]
    assert not found.regressions
    assert found.broken


def test_only_shoulds_break_no_pull_request(make_record: MakeRecord) -> None:
    assert not compare(make_record({"UDC-ALL-004": FAIL}), make_record()).broken


def test_stages_that_changed_are_told(make_record: MakeRecord) -> None:
    found = compare(make_record({"UDC-HEALTH-002": FAIL}), make_record())

    assert found.stages == (("shape", "certified", "failed"),)


def test_runs_that_cannot_be_compared_like_for_like_say_why(make_record: MakeRecord) -> None:
    now = make_record(settings=Settings("http://127.0.0.1:8010", safety="read-only"))
    cut_off = make_record(exit_code=None)

    notes = compare(now, cut_off).notes

    assert "another reached: launch, now url" in notes
    assert "another safety: additive, now read-only" in notes
    assert "the earlier run did not reach its end" in notes


def test_the_text_says_the_first_things_first(make_record: MakeRecord) -> None:
    told = comparison_text(
        make_record({"UDC-HEALTH-002": FAIL}), make_record({"UDC-STATE-002": FAIL}), width=100
    ).splitlines()

    assert told[0] == "1 regression, 1 better"
    assert told[4] == "broken since (1)"
    assert told[5].startswith("  ✗ UDC-HEALTH-002 MUST")
