"""The board: many runs, and what is not the same is never counted together."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from report_support import CANARY

from udckit.conformance import RunRecord
from udckit.reports import account_of
from udckit.reports._format import Run
from udckit.reports.badge import FRESH_DAYS
from udckit.reports.board import board, standing
from udckit.reports.formats import render

MakeRecord = Callable[..., RunRecord]
MakeLines = Callable[..., list[dict[str, Any]]]
FAIL = {"verdict": "fail", "expected": "x", "observed": "y"}
TODAY = 3.5
LATE = TODAY + (FRESH_DAYS + 1) * 86_400


@pytest.mark.parametrize(
    ("said", "more", "today", "group"),
    [
        ({}, {}, TODAY, "certified"),
        ({"UDC-HEALTH-002": FAIL}, {"exit_code": 1}, TODAY, "failed"),
        (
            {"UDC-HEALTH-002": {"verdict": "not_observed"}},
            {"exit_code": 5},
            TODAY,
            "incomplete",
        ),
        ({"UDC-HEALTH-002": {"verdict": "error"}}, {"exit_code": 3}, TODAY, "faulty"),
        ({}, {"exit_code": 4}, TODAY, "unreachable"),
        ({"UDC-HEALTH-002": FAIL}, {"exit_code": 1}, LATE, "expired"),
        ({}, {}, LATE, "expired"),
    ],
)
def test_a_run_stands_in_one_group(
    make_record: MakeRecord, said: Any, more: Any, today: float, group: str
) -> None:
    assert standing(account_of(make_record(said, **more)), today) == group


def test_a_target_that_answered_nothing_is_unreachable_and_not_failed(
    make_lines: MakeLines,
) -> None:
    lines = make_lines({"UDC-HEALTH-001": FAIL}, exit_code=1)
    for line in lines:
        if line["kind"] == "exchange":
            line.pop("answer")
            line["trouble"] = "timeout"

    assert standing(account_of(RunRecord.of(lines)), TODAY) == "unreachable"


def test_the_page_keeps_the_groups_apart(make_record: MakeRecord) -> None:
    page = board(
        [
            Run(make_record()),
            Run(make_record({"UDC-HEALTH-002": FAIL}, exit_code=1)),
            Run(make_record({}, exit_code=4)),
        ],
        TODAY,
    )

    figures = dict(re.findall(r'<dt>(\w+)</dt><dd class="figure">(\d+)</dd>', page))
    assert figures == {
        "failed": "1",
        "unreachable": "1",
        "incomplete": "0",
        "expired": "0",
        "faulty": "0",
        "certified": "1",
    }
    assert "%" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)


def test_nothing_of_a_hostile_target_is_html(hostile: Run, right: Run) -> None:
    page = render("board", [hostile, right])["board.html"].decode()

    assert CANARY in page
    assert "<script" not in page
    assert "<img" not in page
