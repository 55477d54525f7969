"""Beats: every 60 seconds, with a body that says what is so."""

import math
from typing import Any, Final

from udckit.conformance import quote, verifies
from udckit.conformance.scenario import (
    Recording,
    beats,
    by_token,
    gaps,
    hold,
    lately,
    launched,
    played,
    registered,
    strangers,
)

_LEAST: Final = 55.0
_MOST: Final = 65.0
_SOON: Final = 10.0
_CONSECUTIVE: Final = 3
_CLEAN: Final = frozenset({0, -15, 143})
_STATUSES: Final = frozenset({"active", "inactive", "error"})


@verifies("ORCH-CLIENT-001")
def it_beats_every_sixty_seconds(recording: Recording) -> None:
    """The gaps between beats that were taken lie in 55 to 65 s, by token, and none is missing."""
    first = registered(played(recording))
    taken = [call for call in beats(lately(recording)) if call.taken]
    longest = max(by_token(taken).values(), key=len, default=[])
    until = recording.at("stop") or recording.end
    for calls in by_token(taken).values():
        for before, after, seconds in gaps(calls):
            hold(
                recording,
                after,
                _LEAST <= seconds <= _MOST,
                expected="60 s between two beats, give or take 5 s",
                observed=f"{seconds:.1f} s between {before} and {after}",
            )
    last = taken[-1] if taken else first.call
    came = f"{len(taken)} beats came" if taken else "no beat came"

    hold(
        recording,
        last,
        until - last.at <= _MOST + 1.0 and len(longest) >= _CONSECUTIVE,
        expected="three beats in a row or more, 60 s apart, and no silence after them",
        observed=f"{came}, and none in the {until - last.at:.0f} s after {last}"
        + strangers(recording, "orchestrator"),
    )


@verifies("ORCH-CLIENT-002")
def the_first_beat_comes_within_65_seconds(recording: Recording) -> None:
    """The first beat comes within 65 s of the registration."""
    _first_within(recording, _MOST)


@verifies("ORCH-CLIENT-013")
def the_first_beat_comes_soon(recording: Recording) -> None:
    """The first beat comes within 10 s of the registration."""
    _first_within(recording, _SOON)


def _first_within(recording: Recording, seconds: float) -> None:
    registration = registered(played(recording)).call
    first = next((call for call in beats(recording) if call.at >= registration.at), None)
    late = f"{first.at - registration.at:.1f} s after it" if first else "none came"

    hold(
        recording,
        first or registration,
        first is not None and first.at - registration.at <= seconds,
        expected=f"a beat within {seconds:.0f} s of the registration",
        observed=late,
    )


@verifies("ORCH-CLIENT-003")
def no_beat_comes_before_there_is_a_token(recording: Recording) -> None:
    """No beat is sent before the registration has given a token."""
    registration = registered(played(recording)).call

    for call in beats(recording):
        hold(
            recording,
            call,
            call.at >= registration.at,
            expected="no beat before the registration",
            observed=f"{call} with Authorization {quote(call.authorization or 'none')}",
        )


@verifies("ORCH-CLIENT-004")
def the_body_of_a_beat_is_right(recording: Recording) -> None:
    """A beat has an integer service_id and a status, as interface A.13 says."""
    for call in beats(launched(played(recording))):
        number = call.member("service_id")
        is_integer = isinstance(number, int) and not isinstance(number, bool)
        hold(
            recording,
            call,
            is_integer and not call.problems,
            expected='{"service_id": integer, "status": string} and what may stand beside them',
            observed="; ".join(call.problems[:3]) or f"service_id is {quote(number)}",
        )


@verifies("ORCH-CLIENT-014")
def a_beat_names_the_service_too(recording: Recording) -> None:
    """A beat has the registered name as service_name."""
    name = registered(played(recording)).call.member("name")

    for call in beats(recording):
        hold(
            recording,
            call,
            call.member("service_name") == name,
            expected=f"service_name {quote(name)}",
            observed=f"service_name is {quote(call.member('service_name'))}",
        )


@verifies("ORCH-CLIENT-005")
def the_status_of_a_beat_is_a_known_word(recording: Recording) -> None:
    """The status is active, inactive or error."""
    for call in beats(launched(played(recording))):
        hold(
            recording,
            call,
            call.member("status") in _STATUSES,
            expected="active, inactive or error",
            observed=f"status is {quote(call.member('status'))}",
        )


@verifies("ORCH-CLIENT-006")
def the_metrics_of_beats_are_current(recording: Recording) -> None:
    """Beats have numbers, and fifty requests between two of them change one."""
    registered(played(recording))
    sent = beats(recording)
    for call in sent:
        metrics = call.member("metrics")
        hold(
            recording,
            call,
            isinstance(metrics, dict) and bool(metrics) and all(map(_number, metrics.values())),
            expected="metrics, an object of numbers",
            observed=f"metrics is {quote(metrics)}",
        )
    groups = [each for each in by_token(sent).values() if len(each) >= _CONSECUTIVE]

    if groups:
        hold(
            recording,
            groups[0][-1],
            any(len({quote(call.member("metrics")) for call in each}) > 1 for each in groups),
            expected="numbers that change when the droplet was asked 50 times between two beats",
            observed=f"the same in every beat: {quote(sent[-1].member('metrics'))}",
        )


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


@verifies("ORCH-CLIENT-011")
def it_reads_orchestrator_url(recording: Recording) -> None:
    """What ORCHESTRATOR_URL names is asked."""
    registration = registered(played(recording)).call
    calls = [call for call in recording.calls if call.fake == "orchestrator"]

    hold(
        recording,
        calls[0] if calls else registration,
        bool(calls),
        expected="requests at the address in ORCHESTRATOR_URL",
        observed="none came",
    )


@verifies("ORCH-CLIENT-012")
def it_ends_quietly_when_it_is_told(recording: Recording) -> None:
    """After SIGTERM it beats no more and exits cleanly."""
    stop = played(recording).at("stop")

    for end in recording.exits:
        late = [call for call in beats(recording) if stop is not None and call.at > stop + 1.0]
        hold(
            recording,
            end,
            end.asked and end.status in _CLEAN and not late,
            expected="exit status 0 within 5 s of SIGTERM, and no beat",
            observed=f"exit status {end.status}" + (f", and {late[0]}" if late else ""),
        )
