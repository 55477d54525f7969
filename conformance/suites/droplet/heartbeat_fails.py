"""Beats fail: the next one comes all the same, and a refused token is exchanged."""

from typing import Final

from udckit.conformance import NotObserved, verifies
from udckit.conformance.scenario import (
    Call,
    Recording,
    Recordings,
    beats,
    given,
    hold,
    launched,
    played,
    registered,
)
from udckit.conformance.scenario.away import holds_health, listening

_NEXT: Final = 66.0
_BOUNDED: Final = 10.5
_NEXT_GAP: Final = 70.0
_REFUSED: Final = 401
_A_BEAT: Final = 30.0


@verifies("ORCH-CLIENT-007")
def a_failed_beat_is_followed_by_the_next(recordings: Recordings) -> None:
    """Beats that fail stop neither the loop nor the service."""
    recording = played(recordings.get("orchestrator-away"))
    for ended in recording.exits:
        hold(
            recording,
            ended,
            ended.asked,
            expected="the service to go on",
            observed=f"exit status {ended.status} at +{ended.at:.0f} s",
        )
    first = registered(launched(recording)).call
    calm = recordings.get("calm")
    if not beats(recording) and (calm is None or not beats(calm)):
        raise NotObserved("it never beats", blocked_by="ORCH-CLIENT-001")
    failed = [call for call in beats(recording) if call.fault is not None] or [first]
    back = recording.at("orchestrator back") or recording.end
    following = next((call for call in beats(recording) if call.taken and call.at >= back), None)

    hold(
        recording,
        following or failed[-1],
        following is not None and following.at - back <= _NEXT,
        expected="the next beat on schedule, once the Orchestrator is back",
        observed=f"none came after {failed[-1]}, where {failed[-1].fault or 'nobody listened'}",
    )
    holds_health(recording, listening(recording.part("launch", "orchestrator back")))
    _goes_on_after_an_odd_answer(recordings)


def _goes_on_after_an_odd_answer(recordings: Recordings) -> None:
    """Hold that a beat whose answer was no JSON is followed by another, where one was sent so."""
    recording = recordings.get("token-refused")
    if recording is None or recording.trouble is not None:
        return
    part = recording.part("answers in no JSON")
    odd = next((call for call in beats(part) if call.fault is not None), None)
    back = recording.at("answers in JSON")
    if odd is None or back is None:
        return
    ended = next((each for each in part.exits if not each.asked), None)
    following = next((call for call in beats(part) if call.at >= back), None)
    hold(
        recordings,
        following or odd,
        ended is None and following is not None and following.at - back <= _NEXT,
        expected="the next beat on schedule, after one that was answered 200 with no JSON",
        observed=f"none came after {odd}" if ended is None else f"exit status {ended.status}",
    )


@verifies("ORCH-CLIENT-008")
def a_beat_is_waited_for_a_bounded_time(recording: Recording) -> None:
    """A beat that is never answered is given up within 10 s, and the next one comes in time."""
    registered(launched(played(recording)))
    hung = [call for call in beats(recording) if call.fault == "hang"]
    if not hung:
        raise NotObserved("no beat came that could hang", blocked_by="ORCH-CLIENT-001")

    for call in hung:
        until = call.released if call.released is not None else recording.end
        hold(
            recording,
            call,
            until - call.at <= _BOUNDED,
            expected="the connection closed within 10 s",
            observed=f"open for {until - call.at:.0f} s",
        )
    later = [call for call in beats(recording) if call.at > hung[-1].at]
    gap = later[0].at - hung[-1].at if later else recording.end - hung[-1].at
    hold(
        recording,
        later[0] if later else hung[-1],
        bool(later) and gap <= _NEXT_GAP,
        expected="the next beat within 70 s",
        observed=f"{gap:.0f} s" if later else "none came",
    )


@verifies("ORCH-CLIENT-009")
def a_refused_token_is_exchanged(recording: Recording) -> None:
    """After a 401 it registers again, and the beats that follow carry the token of that."""
    registered(launched(played(recording)))
    refused = next((call for call in beats(recording) if _was_refused(call)), None)
    if refused is None:
        raise NotObserved("no beat came that could be refused", blocked_by="ORCH-CLIENT-001")
    later = [call for call in beats(recording) if call.n > refused.n]
    fresh = {
        each.token: each.call
        for each in given(recording)
        if each.call.at >= refused.at and each.token != refused.token
    }

    hold(
        recording,
        next(iter(fresh.values()), refused),
        bool(fresh),
        expected="another registration after a beat was answered 401",
        observed="none came",
    )
    for call in later:
        if call.at - refused.at >= _A_BEAT or call.taken:
            hold(
                recording,
                call,
                call.token != refused.token,
                expected="a beat with the token of the new registration",
                observed=f"{call} with the one that was refused",
            )
    hold(
        recording,
        later[-1] if later else refused,
        any(call.taken for call in later),
        expected="a beat that is taken again",
        observed="none came",
    )


def _was_refused(call: Call) -> bool:
    return call.answered == _REFUSED and call.fault is not None
