"""An accelerated pass is a pass; what does not pass is judged from the repetition in real time."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from udckit.conformance.record import Recorder, RunRecord
from udckit.conformance.scenario import (
    SCENARIOS,
    Call,
    Company,
    Noted,
    Recording,
    Scenario,
    Target,
    company,
    subjects_of,
)
from udckit.conformance.scenario.belief import doubted
from udckit.conformance.scenario.speed import Speed

ROW = "REG-CLIENT-001"
CALM = SCENARIOS["calm"]


def _recording(clock: str, *, registers: bool) -> Recording:
    call = Call(
        n=1,
        at=1.0,
        fake="registry",
        method="POST",
        path="/register",
        query="",
        headers=(),
        body="{}",
        operation="registerService",
        problems=(),
        answered=201,
        answer='{"token": "<token:1>", "service_id": 7}',
        fault=None,
        released=None,
    )
    notes = (Noted(1, 0.5, "launch", {}), Noted(2, 2.0, "answers", {}), Noted(3, 9.0, "stop", {}))
    return Recording("calm", clock, 0.0, calls=(call,) if registers else (), notes=notes)


def _handed(*recordings: Recording) -> Recording:
    recorder = Recorder()
    for each in recordings:
        for line in each.as_lines():
            recorder.write(line)
    record = RunRecord(
        header={}, footer=None, exchanges={}, verdicts={}, tokens={}, others=tuple(recorder.lines)
    )
    found = subjects_of(record)["recording"](ROW)
    assert isinstance(found, Recording)
    return found


def test_an_accelerated_pass_is_believed() -> None:
    fast, slow = _recording("x20", registers=True), _recording("real", registers=False)

    assert doubted(CALM, fast, [ROW]) == []
    assert _handed(fast, slow).clock == "x20"


def test_an_accelerated_failure_is_judged_from_the_repetition() -> None:
    fast, slow = _recording("x20", registers=False), _recording("real", registers=True)

    assert doubted(CALM, fast, [ROW]) == [ROW]
    assert _handed(fast, slow).clock == "real"


def test_a_pass_by_a_slower_clock_is_believed_and_a_failure_by_it_is_not() -> None:
    fast, slower = _recording("x20", registers=False), _recording("x5", registers=True)
    late = _recording("x5", registers=False)

    assert _handed(fast, slower).clock == "x5"
    assert _handed(fast, late, _recording("real", registers=True)).clock == "real"
    assert _handed(fast, late, _recording("real", registers=False)).clock == "real"


def test_a_failure_that_was_not_repeated_is_all_there_is() -> None:
    assert _handed(_recording("x20", registers=False)).clock == "x20"
    assert _handed(_recording("real", registers=False)).clock == "real"


def test_rows_that_were_not_asked_for_are_not_doubted() -> None:
    assert doubted(CALM, replace(_recording("x20", registers=False)), []) == []


@pytest.mark.parametrize(
    ("passes_by", "played"),
    [("x20", ["x20"]), ("x5", ["x20", "x5"]), ("real", ["x20", "x5", "real"])],
)
def test_what_is_doubted_is_played_more_slowly_and_at_last_in_real_time(
    monkeypatch: pytest.MonkeyPatch, passes_by: str, played: list[str]
) -> None:
    chosen = Speed(20.0, "as it was wished for", Path("libfaketime"))
    seen: list[str] = []

    def run(_: Company, __: Scenario, ___: int, speed: Speed) -> Recording:
        seen.append(speed.word)
        return _recording(speed.word, registers=speed.word == passes_by)

    monkeypatch.setattr(company, "choose_speed", lambda *_, **__: chosen)
    monkeypatch.setattr(Company, "_run", run)
    with Company([CALM], _no_target, Recorder(), speed=None, wanted=(ROW,)) as several:
        believed = several.subjects()["recording"](ROW)

    assert believed.clock == passes_by
    assert seen == played


def _no_target(_: Mapping[str, str]) -> Target:
    raise AssertionError("nothing is started")
