# ruff: noqa: E501 - what people read stands here as they read it
from __future__ import annotations

from collections.abc import Callable

from inline_snapshot import snapshot

from udckit.conformance import RunRecord
from udckit.reports import message

MakeRecord = Callable[..., RunRecord]


def test_failure_is_told_in_five_lines(bad: RunRecord) -> None:
    assert message(bad, bad.verdicts["UDC-HEALTH-002"]) == snapshot("""\
UDC-HEALTH-002 MUST  `status` is one of healthy, degraded, unhealthy
expected  `status` one of healthy, degraded, unhealthy
observed  `status` "ok" [GET /health]
replay    curl -i -H "Authorization: Bearer $UDCKIT_TOKEN" http://127.0.0.1:8010/health
fix       Return healthy, degraded or unhealthy in `status`; active, inactive and error are words of /state, ok and up are no words of the contract.\
""")


def test_failure_without_an_exchange_says_that_nothing_was_sent(make_record: MakeRecord) -> None:
    said = {"UDC-HEALTH-004": {"verdict": "fail", "expected": "x", "observed": "y"}}
    record = make_record(said)

    told = message(record, record.verdicts["UDC-HEALTH-004"])

    assert "replay    nothing was sent for it" in told


def test_observed_is_told_on_one_line(make_record: MakeRecord) -> None:
    said = {"UDC-HEALTH-004": {"verdict": "fail", "expected": "x", "observed": "a\n\n  b\x07"}}
    record = make_record(said)

    told = message(record, record.verdicts["UDC-HEALTH-004"])

    assert r"observed  a b\x07" in told.splitlines()
