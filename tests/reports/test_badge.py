"""The badge: its date, its word, and grey when nobody should believe it any more."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from udckit.conformance import RunRecord
from udckit.reports import account_of
from udckit.reports.badge import FRESH_DAYS, badge

MakeRecord = Callable[..., RunRecord]
A_DAY = 86_400


def text_of(svg: str) -> str:
    return " ".join(ET.fromstring(svg).itertext())  # noqa: S314 - of our own making


def test_a_badge_says_what_is_certified_and_when(good: RunRecord) -> None:
    svg = badge(account_of(good), today=3.5)

    assert "shape certified · 1970-01-01" in text_of(svg)
    assert "UDC 1.0" in text_of(svg)
    assert "#1a7f4b" in svg


def test_a_badge_turns_grey_with_age(good: RunRecord) -> None:
    fresh = badge(account_of(good), today=3.5 + FRESH_DAYS * A_DAY)
    old = badge(account_of(good), today=3.5 + (FRESH_DAYS + 1) * A_DAY)

    assert "#1a7f4b" in fresh
    assert "#1a7f4b" not in old
    assert "1970-01-01 · 91 days old" in text_of(old)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"verdict": "fail", "expected": "x", "observed": "y"}, "shape failed"),
        ({"verdict": "not_observed", "message": "m"}, "shape incomplete"),
    ],
)
def test_a_badge_is_no_greener_than_the_run(
    make_record: MakeRecord, said: dict[str, str], told: str
) -> None:
    svg = badge(account_of(make_record({"UDC-HEALTH-001": said})), today=3.5)

    assert told in text_of(svg)
    assert "#1a7f4b" not in svg


def test_a_run_of_some_rows_certifies_nothing(make_record: MakeRecord) -> None:
    from udckit.conformance import Settings  # noqa: PLC0415 - one test needs it

    record = make_record(settings=Settings("http://127.0.0.1:1", only=("UDC-HEALTH-001",)))

    assert "no stage judged" in text_of(badge(account_of(record), today=3.5))
