"""The statistics of beats, on recordings written by hand: what is just right, and just wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from udckit.conformance import all_checks
from udckit.conformance.errors import NotObserved, Violation
from udckit.conformance.scenario import (
    Call,
    Exit,
    Noted,
    Recording,
    attempts,
    beats,
    callbacks,
    fetches,
)
from udckit.conformance.suites.droplet import heartbeat

Check = Callable[[Recording], None]

REGISTERED = 2.0
TOKEN = "<token:t1>"  # noqa: S105 - a placeholder
BODY = {"service_id": 7, "service_name": "kit", "status": "active", "metrics": {"rpm": 1.0}}


def a_call(n: int, at: float, **changes: Any) -> Call:
    facts: dict[str, Any] = {
        "fake": "orchestrator",
        "method": "POST",
        "path": "/heartbeat",
        "query": "",
        "headers": (("authorization", f"Bearer {TOKEN}"),),
        "body": json.dumps(BODY),
        "operation": "postHeartbeat",
        "problems": (),
        "answered": 200,
        "answer": "{}",
        "fault": None,
        "released": None,
    }
    return Call(n=n, at=at, **{**facts, **changes})


def a_beat(n: int, at: float, token: str = TOKEN, answered: int = 200, **changes: Any) -> Call:
    body = {name: value for name, value in {**BODY, **changes}.items() if value is not ...}
    headers = (("authorization", f"Bearer {token}"),)
    return a_call(n, at, headers=headers, body=json.dumps(body), answered=answered)


def recorded(
    beats: Sequence[Call], *, stop: float | None = None, exits: Sequence[Exit] = ()
) -> Recording:
    """Give a recording in which it registered at 2 s, and was told to stop."""
    registration = a_call(
        1,
        REGISTERED,
        fake="registry",
        path="/register",
        body=json.dumps({"name": "kit"}),
        operation="registerService",
        answered=201,
        answer=json.dumps({"token": TOKEN, "service_id": 7}),
    )
    end = stop if stop is not None else max((each.at for each in beats), default=60.0) + 1.0
    notes = [Noted(1, 0.5, "launch", {}), Noted(2, 1.0, "answers", {}), Noted(3, end, "stop", {})]
    calls = (registration, *beats)
    return Recording("calm", "real", 0.0, calls=calls, notes=tuple(notes), exits=tuple(exits))


def at(*moments: float) -> list[Call]:
    return [a_beat(n, moment, metrics={"rpm": n}) for n, moment in enumerate(moments, 2)]


def says(check: Check, recording: Recording) -> str:
    """Give `pass`, or what was observed instead."""
    try:
        check(recording)
    except Violation as told:
        return told.observed
    except NotObserved as told:
        return f"not observed: {told}"
    assert recording.tally.judged, "a pass is earned"
    return "pass"


@pytest.mark.parametrize(
    ("beats", "stop", "said"),
    [
        (at(3, 63, 123), None, "pass"),
        (at(3, 58, 113), None, "pass"),
        (at(3, 68, 133), None, "pass"),
        (at(3, 57.9, 117.9), None, "54.9 s between"),
        (at(3, 68.1, 128.1), None, "65.1 s between"),
        (at(3, 63, 183), None, "120.0 s between"),
        (at(3, 63), None, "2 beats came, and none in the 1 s after"),
        ([], None, "no beat came, and none in the 59 s after POST /register at +2.0 s"),
        (at(3, 63, 123, 183), None, "pass"),
        (at(3, 63, 123), 189.0, "pass"),
        (at(3, 63, 123), 189.1, "3 beats came, and none in the 66 s after"),
    ],
)
def test_beats_come_every_sixty_seconds_give_or_take_five(
    beats: list[Call], stop: float | None, said: str
) -> None:
    assert says(heartbeat.it_beats_every_sixty_seconds, recorded(beats, stop=stop)).startswith(said)


def test_gaps_are_those_between_beats_of_one_token_that_were_taken() -> None:
    """Two workers beat each by its own token; a beat that failed is no beat, nor is its retry."""
    other = "<token:t2>"
    two = [
        a_beat(n, t, tok)
        for n, (t, tok) in enumerate(
            [(3, TOKEN), (33, other), (63, TOKEN), (93, other), (123, TOKEN), (153, other)], 2
        )
    ]
    refused = [*at(3, 63, 123), a_beat(9, 70.0, answered=503)]
    short = [a_beat(n, t, f"<token:t{n}>") for n, t in enumerate([3, 63, 123], 2)]

    assert says(heartbeat.it_beats_every_sixty_seconds, recorded(two)) == "pass"
    assert says(heartbeat.it_beats_every_sixty_seconds, recorded(refused)) == "pass"
    assert says(heartbeat.it_beats_every_sixty_seconds, recorded(short)).startswith("3 beats came")


@pytest.mark.parametrize(
    ("first", "must", "should"),
    [
        (2.0, "pass", "pass"),
        (12.0, "pass", "pass"),
        (12.1, "pass", "10.1 s after it"),
        (67.0, "pass", "65.0 s after it"),
        (67.1, "65.1 s after it", "65.1 s after it"),
    ],
)
def test_first_beat_is_reckoned_from_the_registration(first: float, must: str, should: str) -> None:
    seen = recorded([a_beat(2, 1.0), *at(first)])

    assert says(heartbeat.the_first_beat_comes_within_65_seconds, seen) == must
    assert says(heartbeat.the_first_beat_comes_soon, seen) == should


def test_no_beat_at_all_is_no_first_one() -> None:
    assert says(heartbeat.the_first_beat_comes_within_65_seconds, recorded([])) == "none came"


def test_beat_before_the_registration_has_no_token() -> None:
    check = heartbeat.no_beat_comes_before_there_is_a_token

    assert says(check, recorded(at(REGISTERED))) == "pass"
    assert says(check, recorded(at(1.9, 62))).startswith("POST /heartbeat at +1.9 s with")


@pytest.mark.parametrize(
    ("check", "changes", "said"),
    [
        (heartbeat.the_body_of_a_beat_is_right, {}, "pass"),
        (heartbeat.the_body_of_a_beat_is_right, {"service_id": "7"}, 'service_id is "7"'),
        (heartbeat.the_body_of_a_beat_is_right, {"service_id": True}, "service_id is true"),
        (heartbeat.a_beat_names_the_service_too, {}, "pass"),
        (heartbeat.a_beat_names_the_service_too, {"service_name": "it"}, 'service_name is "it"'),
        (heartbeat.the_status_of_a_beat_is_a_known_word, {"status": "error"}, "pass"),
        (heartbeat.the_status_of_a_beat_is_a_known_word, {"status": "inactive"}, "pass"),
        (heartbeat.the_status_of_a_beat_is_a_known_word, {"status": "ok"}, 'status is "ok"'),
        (heartbeat.the_metrics_of_beats_are_current, {}, "pass"),
        (heartbeat.the_metrics_of_beats_are_current, {"metrics": {}}, "metrics is {}"),
        (heartbeat.the_metrics_of_beats_are_current, {"metrics": [1]}, "metrics is [1]"),
        (heartbeat.the_metrics_of_beats_are_current, {"metrics": {"rpm": True}}, "metrics is {"),
        (heartbeat.the_metrics_of_beats_are_current, {"metrics": {"rpm": "1"}}, "metrics is {"),
    ],
)
def test_body_of_each_beat_is_judged(check: Check, changes: dict[str, Any], said: str) -> None:
    right, odd = a_beat(2, 3.0), a_beat(3, 63.0, **changes)

    assert says(check, recorded([right, odd])).startswith(said)


def test_problem_of_a_body_is_told_three_at_a_time() -> None:
    odd = a_call(2, 3.0, problems=("one", "two", "three", "four"))

    told = says(heartbeat.the_body_of_a_beat_is_right, recorded([odd]))

    assert told == "one; two; three"


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ([1, 1], "pass"),
        ([1, 1, 2], "pass"),
        ([1, 1, 1], "the same in every beat: "),
    ],
)
def test_metrics_change_over_three_beats_of_a_token(metrics: list[float], said: str) -> None:
    beats = [a_beat(n, 60.0 * n, metrics={"rpm": each}) for n, each in enumerate(metrics, 1)]

    assert says(heartbeat.the_metrics_of_beats_are_current, recorded(beats)).startswith(said)


def test_metrics_of_one_worker_that_change_are_enough() -> None:
    still = [a_beat(n, 60.0 * n, "<token:t1>", metrics={"rpm": 1}) for n in (1, 2, 3)]
    lively = [a_beat(n + 3, 60.0 * n, "<token:t2>", metrics={"rpm": n}) for n in (1, 2, 3)]

    assert says(heartbeat.the_metrics_of_beats_are_current, recorded([*still, *lively])) == "pass"


def test_orchestrator_that_is_asked_anything_is_where_the_setting_says() -> None:
    asked = [a_call(2, 3.0, operation=None, path="/hello")]

    assert says(heartbeat.it_reads_orchestrator_url, recorded(asked)) == "pass"
    assert says(heartbeat.it_reads_orchestrator_url, recorded([])) == "none came"


@pytest.mark.parametrize(
    ("end", "beats", "said"),
    [
        (Exit(1, 124.0, 0, True), at(3, 124.0), "pass"),
        (Exit(1, 124.0, -15, True), at(3), "pass"),
        (Exit(1, 124.0, 143, True), at(3), "pass"),
        (Exit(1, 124.0, 1, True), at(3), "exit status 1"),
        (Exit(1, 90.0, 0, False), at(3), "exit status 0"),
        (Exit(1, 126.0, 0, True), at(3, 124.1), "exit status 0, and POST /heartbeat at +124.1 s"),
    ],
)
def test_end_is_clean_and_quiet(end: Exit, beats: list[Call], said: str) -> None:
    seen = recorded(beats, stop=123.0, exits=[end])

    assert says(heartbeat.it_ends_quietly_when_it_is_told, seen) == said


def test_what_never_registered_shows_no_cadence() -> None:
    nobody = Recording("calm", "real", 0.0, calls=tuple(at(3)))

    told = says(heartbeat.the_first_beat_comes_soon, nobody)

    assert told.startswith("not observed: it never registered")


def test_beat_without_a_token_before_the_registration_is_told_as_such() -> None:
    bare = a_call(2, 1.5, headers=())

    told = says(heartbeat.no_beat_comes_before_there_is_a_token, recorded([bare]))

    assert told == 'POST /heartbeat at +1.5 s with Authorization "none"'


def test_what_came_instead_of_beats_is_told() -> None:
    foreign = a_call(2, 3.0, operation=None, path="/droplets/beat")

    told = says(heartbeat.it_beats_every_sixty_seconds, recorded([foreign]))

    assert told.endswith("; what came instead: POST /droplets/beat")


def test_each_beat_is_counted_once_as_a_subject() -> None:
    """Two gaps; the silence after the last beat is of a beat that was counted already."""
    seen = recorded(at(3, 63, 123))

    heartbeat.it_beats_every_sixty_seconds(seen)

    assert len(seen.tally.judged) == 2


def test_calls_are_those_of_their_fake_and_operation() -> None:
    fetch = a_call(3, 4.0, fake="registry", operation="getPublicKey")
    callback = a_call(4, 5.0, fake="peer", operation=None)
    seen = recorded([a_beat(2, 3.0), fetch, callback])

    assert fetches(seen) == [fetch]
    assert callbacks(seen) == [callback]
    assert [call.n for call in beats(seen)] == [2]
    assert [call.n for call in attempts(seen)] == [1]


@pytest.mark.parametrize(
    ("row", "check"),
    [
        ("ORCH-CLIENT-001", heartbeat.it_beats_every_sixty_seconds),
        ("ORCH-CLIENT-002", heartbeat.the_first_beat_comes_within_65_seconds),
        ("ORCH-CLIENT-003", heartbeat.no_beat_comes_before_there_is_a_token),
        ("ORCH-CLIENT-004", heartbeat.the_body_of_a_beat_is_right),
        ("ORCH-CLIENT-005", heartbeat.the_status_of_a_beat_is_a_known_word),
        ("ORCH-CLIENT-006", heartbeat.the_metrics_of_beats_are_current),
        ("ORCH-CLIENT-011", heartbeat.it_reads_orchestrator_url),
        ("ORCH-CLIENT-012", heartbeat.it_ends_quietly_when_it_is_told),
        ("ORCH-CLIENT-013", heartbeat.the_first_beat_comes_soon),
        ("ORCH-CLIENT-014", heartbeat.a_beat_names_the_service_too),
    ],
)
def test_each_is_the_check_of_its_row(row: str, check: Check) -> None:
    assert all_checks()[row].function is check
