# ruff: noqa: E501, RUF001 - what people read stands here as they read it
from __future__ import annotations

from collections.abc import Callable

import pytest
from inline_snapshot import snapshot

from udckit.conformance import RunRecord, Settings
from udckit.reports import terminal
from udckit.specs import checklist

MakeRecord = Callable[..., RunRecord]


def test_good_run_says_that_there_is_nothing_to_mend(good: RunRecord) -> None:
    assert terminal(good, path="udckit-report/run.jsonl") == snapshot("""\
nothing to mend: shape is certified
http://127.0.0.1:8010, a droplet launched by the kit

✓ shape        certified   54 pass
– not asked: security, integration, resilience

The 21 boxes of the guide:  3 ✓  0 ✗  11 ?  7 –
  Registry        ? Register on startup  ? Store JWT token
                  ? Use JWT for all service calls
                  ? Handle registration failures gracefully
  Orchestrator    ? Send heartbeat every 60s  ? Include current metrics
                  ? Handle heartbeat failures  ? Implement /message endpoint
  UDC             ✓ Implement all 5 UDC endpoints  ✓ Return correct JSON formats
                  ✓ Include proper status values
  Authentication  ? Verify JWT on protected endpoints
                  – Get public key from Registry  – Cache public key
                  ? Handle token expiration
  Discovery       – Look up services via Registry  – Cache service endpoints
                  – Handle service unavailable
  Errors          – Retry transient failures  – Log all integration errors
                  ? Fail gracefully when dependencies down

does not speak for: metrics, request-metrics
record udckit-report/run.jsonl · 80 requests · 2.5 s · exit code 0 · udckit
  0.1.0, edition 1.0
""")


def test_bad_run_says_first_what_to_mend(bad: RunRecord) -> None:
    assert terminal(bad, path="udckit-report/run.jsonl", width=100) == snapshot("""\
mend first: UDC-HEALTH-002  expected `status` one of healthy, degraded, unhealthy; observed `status`
  "ok" [GET /health]
http://127.0.0.1:8010, a droplet launched by the kit

✗ shape        failed      48 pass, 2 fail, 4 not observed
– not asked: security, integration, resilience

The 21 boxes of the guide:  2 ✓  1 ✗  11 ?  7 –
  Registry        ? Register on startup  ? Store JWT token  ? Use JWT for all service calls
                  ? Handle registration failures gracefully
  Orchestrator    ? Send heartbeat every 60s  ? Include current metrics  ? Handle heartbeat failures
                  ? Implement /message endpoint
  UDC             ✓ Implement all 5 UDC endpoints  ✓ Return correct JSON formats
                  ✗ Include proper status values
  Authentication  ? Verify JWT on protected endpoints  – Get public key from Registry
                  – Cache public key  ? Handle token expiration
  Discovery       – Look up services via Registry  – Cache service endpoints
                  – Handle service unavailable
  Errors          – Retry transient failures  – Log all integration errors
                  ? Fail gracefully when dependencies down

✗ UDC-HEALTH-002 MUST  `status` is one of healthy, degraded, unhealthy
  expected  `status` one of healthy, degraded, unhealthy
  observed  `status` "ok" [GET /health]
  replay    curl -i -H "Authorization: Bearer $UDCKIT_TOKEN" http://127.0.0.1:8010/health
  fix       Return healthy, degraded or unhealthy in `status`; active, inactive and error are words
            of /state, ok and up are no words of the contract.
  blocks    UDC-ALL-006, UDC-HEALTH-012
  breaks    orchestrator: a look at its health

  token     export UDCKIT_TOKEN=$(udckit fakes token)   # with the droplet started by hand against `udckit fakes up`

? 2 rows (2 needed) not observed: no token: start it against `udckit fakes up`
    UDC-STATE-002, UDC-STATE-003

! UDC-ALL-004 SHOULD  Wrong method on a UDC path gives 405 (404 or 501 tolerated; 401 without a tok…

does not speak for: metrics, request-metrics
record udckit-report/run.jsonl · 80 requests · 2.5 s · exit code 1 · udckit 0.1.0, edition 1.0
""")


def test_quiet_screen_is_one_line_a_stage(bad: RunRecord) -> None:
    assert terminal(bad, detail="quiet") == snapshot("""\
✗ shape        failed      1 broken, mend first UDC-HEALTH-002
– not asked: security, integration, resilience
""")


def test_verbose_screen_prints_the_readings_that_verdicts_rest_on(bad: RunRecord) -> None:
    seen = terminal(bad, detail="verbose", width=110)

    assert "CONF-43: RFC 3339 with an explicit UTC offset" in seen
    assert "every row that was asked for (54)" in seen
    assert "UDC-HEALTH-003 MUST" in seen


def test_screen_shows_every_box_of_the_guide(good: RunRecord) -> None:
    seen = terminal(good)

    for box in checklist():
        assert box.text in seen


def test_single_requirements_are_told_in_place_of_stages(make_record: MakeRecord) -> None:
    only = Settings("http://127.0.0.1:8010", only=("UDC-HEALTH-004", "UDC-HEALTH-005"))

    assert terminal(make_record(settings=only)) == snapshot("""\
nothing to mend: every requirement that was asked for holds or does not apply
http://127.0.0.1:8010, a droplet reached by its URL alone

✓ UDC-HEALTH-004 MUST  `uptime_seconds` is an integer ≥ 0
✓ UDC-HEALTH-005 MUST  `version` is a non-empty string

does not speak for: metrics
80 requests · 2.5 s · exit code 0 · udckit 0.1.0, edition 1.0
""")


def test_run_that_was_killed_is_called_incomplete(make_record: MakeRecord) -> None:
    killed = make_record(exit_code=None, judged=7)

    assert terminal(killed).splitlines()[:5] == snapshot(
        [
            "the run was ended early: 47 rows unjudged.",
            "http://127.0.0.1:8010, a droplet launched by the kit",
            "",
            "? shape        incomplete  7 pass",
            "– not asked: security, integration, resilience",
        ]
    )


def test_run_that_was_killed_certifies_nothing(make_record: MakeRecord) -> None:
    killed = make_record(exit_code=None)

    assert "certified" not in terminal(killed)


def test_cause_is_one_line_with_its_rows_folded_under_it(bad: RunRecord) -> None:
    seen = terminal(bad, width=100)

    assert seen.count("no token") == 1
    assert "2 rows (2 needed) not observed: no token" in seen


def test_row_without_a_fault_of_the_target_is_told_as_the_kits_own(make_record: MakeRecord) -> None:
    said = {"UDC-HEALTH-004": {"verdict": "error", "message": "KeyError at health.py:9: 'x'"}}

    seen = terminal(make_record(said, exit_code=3))

    assert seen.startswith("the kit itself failed: UDC-HEALTH-004  KeyError at health.py:9")
    assert "none of the target's" in seen


HOSTILE = "\x1b[2J\x1b]0;owned\x07 \u202egnp \u200b\x9b31m [bold red]x[/bold red] \r\nnext \ud800"


def test_what_came_from_a_target_is_shown_and_never_obeyed(make_record: MakeRecord) -> None:
    said = {
        "UDC-HEALTH-004": {"verdict": "fail", "expected": "x", "observed": HOSTILE, "culprit": 1},
        "UDC-HEALTH-005": {"verdict": "not_observed", "message": HOSTILE},
        "UDC-HEALTH-018": {"verdict": "fail", "expected": HOSTILE, "observed": HOSTILE},
        "UDC-STATE-002": {"verdict": "error", "message": HOSTILE},
    }
    record = make_record(said, body=HOSTILE, exit_code=1)

    for detail in ("normal", "verbose", "quiet"):
        seen = terminal(record, detail=detail)
        assert all(sign.isprintable() or sign == "\n" for sign in seen)
    assert r"\x1b[2J\x1b]0;owned\x07" in terminal(record, width=200)
    assert "[bold red]x[/bold red]" in terminal(record, width=200)


def test_colours_are_written_only_where_they_are_asked_for(
    bad: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert "\x1b" not in terminal(bad)
    assert "\x1b[" in terminal(bad, colour=True)


def test_marks_are_spelled_in_the_encoding_of_the_output(bad: RunRecord) -> None:
    assert terminal(bad, encoding="ascii").isascii()
    assert "x shape" in terminal(bad, encoding="ascii")


def test_replay_stays_on_one_line_however_narrow_the_screen_is(bad: RunRecord) -> None:
    seen = terminal(bad, width=60)

    assert (
        '  replay    curl -i -H "Authorization: Bearer $UDCKIT_TOKEN" http://127.0.0.1:8010/health\n'
        in seen
    )
    assert "export UDCKIT_TOKEN=$(udckit fakes token)" in seen


@pytest.mark.parametrize("width", [1, 60, 80, 200])
def test_lines_keep_within_the_screen(bad: RunRecord, width: int) -> None:
    copied = ("replay", "token")
    for line in terminal(bad, width=width).splitlines():
        assert len(line) <= max(width, 60) or line.strip().startswith(copied)
