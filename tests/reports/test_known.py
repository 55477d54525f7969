"""What reports say of known failures: listed ones come last, and the list itself is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from udckit.conformance import KnownFailure, RunRecord, Settings
from udckit.reports import account_of, terminal
from udckit.reports._format import Run
from udckit.reports._known import known_failures, known_note
from udckit.reports.formats import render

MakeRecord = Callable[..., RunRecord]
BROKEN = {"verdict": "fail", "expected": "x", "observed": "y"}


def settings(*known: tuple[str, date]) -> Settings:
    """Ask for stage shape, with known failures of which each is billing's to mend."""
    listed = tuple(KnownFailure(each, "billing mends it", day) for each, day in known)
    return Settings("http://127.0.0.1:8010", reached="launch", known_failures=listed)


LATER, BEFORE = date(2027, 3, 31), date(1969, 12, 31)


def test_what_nobody_listed_comes_first(make_record: MakeRecord) -> None:
    record = make_record(
        {"UDC-HEALTH-002": BROKEN, "UDC-STATE-002": BROKEN},
        settings=settings(("UDC-HEALTH-002", LATER)),
        exit_code=1,
    )

    account = account_of(record)

    assert [each.verdict.id for each in account.failures] == ["UDC-STATE-002", "UDC-HEALTH-002"]
    assert terminal(record).startswith("mend first: UDC-STATE-002")
    assert known_note(account, "UDC-STATE-002") is None


def test_every_report_for_people_says_why_a_failure_was_expected(make_record: MakeRecord) -> None:
    record = make_record(
        {"UDC-HEALTH-002": BROKEN}, settings=settings(("UDC-HEALTH-002", LATER)), exit_code=0
    )

    for name in ("html", "summary"):
        (content,) = render(name, [Run(record)]).values()
        assert b"billing mends it" in content
        assert b"2027-03-31" in content
    assert terminal(record).startswith("nothing broken but what is known: 1 broken as listed")


def test_each_entry_has_its_word(make_record: MakeRecord) -> None:
    record = make_record(
        {
            "UDC-HEALTH-002": BROKEN,
            "UDC-HEALTH-004": {"verdict": "not_observed", "message": "m"},
            "UDC-HEALTH-012": {"verdict": "not_applicable", "message": "m"},
        },
        settings=settings(
            ("UDC-HEALTH-002", LATER),
            ("UDC-HEALTH-003", LATER),
            ("UDC-HEALTH-001", BEFORE),
            ("UDC-HEALTH-004", LATER),
            ("UDC-HEALTH-012", LATER),
            ("AUTH-002", LATER),
        ),
        exit_code=1,
    )

    words = [each.word for each in known_failures(account_of(record))]

    assert words == ["excused", "stale", "expired", "unseen", "unseen", "not_asked"]
    assert "✗ UDC-HEALTH-001  the list let it stand until 1969-12-31" in terminal(record, width=200)
