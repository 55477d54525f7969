"""One line says by which clock scenarios were played."""

from typing import Any

from udckit.conformance import RunRecord
from udckit.reports._clock import clock_line


def _record(*lines: dict[str, Any]) -> RunRecord:
    clocks = tuple({"kind": "clock", **line} for line in lines)
    return RunRecord({}, None, {}, {}, {}, clocks)


def test_a_run_in_which_nobody_chose_says_nothing() -> None:
    assert clock_line(_record()) is None


def test_a_fall_back_to_real_time_gives_its_reason() -> None:
    told = clock_line(_record({"factor": 1.0, "why": "no beat came\x1b[2J by it"}))

    assert told is not None
    assert told.startswith("scenarios were played in real time: no beat came")
    assert "\x1b" not in told


def test_an_accelerated_run_says_so_and_what_was_repeated() -> None:
    told = clock_line(
        _record(
            {"factor": 20.0, "why": ""},
            {"again": "calm", "by": "x5", "rows": ["ORCH-CLIENT-001"]},
            {"again": "peers", "by": "x5", "rows": ["DISC-001"]},
            {"again": "calm", "by": "real", "rows": ["ORCH-CLIENT-001"]},
        )
    )

    assert told == (
        "scenarios were played by a clock 20 times as fast, "
        "what did not pass again by a slower one: calm, peers, "
        "and what did not pass again in real time: calm"
    )
