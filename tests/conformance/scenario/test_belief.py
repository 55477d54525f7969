"""An accelerated pass is a pass; what does not pass is judged from the repetition in real time."""

from dataclasses import replace

from udckit.conformance.record import Recorder, RunRecord
from udckit.conformance.scenario import SCENARIOS, Call, Noted, Recording, subjects_of
from udckit.conformance.scenario.belief import doubted

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


def test_a_failure_that_was_not_repeated_is_all_there_is() -> None:
    assert _handed(_recording("x20", registers=False)).clock == "x20"
    assert _handed(_recording("real", registers=False)).clock == "real"


def test_rows_that_were_not_asked_for_are_not_doubted() -> None:
    assert doubted(CALM, replace(_recording("x20", registers=False)), []) == []
