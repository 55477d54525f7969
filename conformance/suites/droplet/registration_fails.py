"""Registration fails: the droplet lives or ends clearly, tries again, and gets there."""

from itertools import pairwise
from typing import Final

from udckit.conformance import NotObserved, verifies
from udckit.conformance.scenario import (
    Call,
    Recording,
    Recordings,
    attempts,
    given,
    hold,
    played,
)
from udckit.conformance.scenario.away import holds_health, listening

_FAILING: Final = (
    ("registry-down", "launch", "registry back"),
    ("registry-odd", "launch", "relaunch is due"),
)
_SOON: Final = 60.0
_BOUNDED: Final = 30.0
_TIGHT: Final = 0.5
_LONG: Final = 8.0
_GROWS: Final = 1.5
_BEATS: Final = 65.0
_SLACK: Final = 5.0


@verifies("REG-CLIENT-007")
def a_failed_registration_is_handled(recordings: Recordings) -> None:
    """It lives on and answers /health, or exits non-zero within a minute of its launch."""
    for name, start, end in _FAILING:
        whole = recordings.get(name)
        if whole is None or whole.trouble is not None:
            continue
        part = whole.part(start, end)
        launch = part.at(start) or 0.0
        ended = next((each for each in part.exits if not each.asked), None)
        if ended is not None:
            hold(
                recordings,
                ended,
                ended.status != 0 and ended.at - launch <= _SOON,
                expected="to live on, or an exit status other than 0 within 60 s",
                observed=f"exit status {ended.status} after {ended.at - launch:.0f} s",
            )
        holds_health(part, looks := listening(part))
        hanging = [look for look in part.looks if look.trouble == "timeout"]
        for look in hanging[:1]:
            hold(recordings, look, False, expected="an answer to /health", observed=f"{look}: none")
        if ended is None and not looks:
            _keeps_trying(recordings, whole)


def _keeps_trying(recordings: Recordings, whole: Recording) -> None:
    """Hold that what does not listen before it is registered goes on trying to be."""
    first = next(iter(given(whole)), None)
    start = whole.note("launch")
    hold(
        recordings,
        first.call if first else start,
        first is not None,
        expected="answers to /health, or further attempts to register",
        observed="neither",
    )


@verifies("REG-CLIENT-016")
def a_failed_registration_is_survived(recordings: Recordings) -> None:
    """The process does not end because it could not register."""
    for name, start, end in _FAILING:
        whole = recordings.get(name)
        if whole is None or whole.trouble is not None:
            continue
        part = whole.part(start, end)
        ended = next((each for each in part.exits if not each.asked), None)
        hold(
            recordings,
            ended or part.note(start),
            ended is None,
            expected="to live on and to try again",
            observed=f"exit status {ended.status} at +{ended.at:.0f} s" if ended else "",
        )


@verifies("REG-CLIENT-008")
def it_registers_once_the_registry_is_back(recording: Recording) -> None:
    """With the Registry back it registers within a minute, started once more if it had ended."""
    back = played(recording).note("registry back")
    if back is None:
        raise NotObserved("the scenario ended before the Registry was back")
    part = recording.part("registry back", "keyless")
    first = next(iter(given(part)), None)
    tried = attempts(part)
    seen = f"{len(tried)} attempts, answered {tried[-1].answered}" if tried else "no attempt"

    hold(
        recording,
        first.call if first else back,
        first is not None and first.call.at - back.at <= _SOON,
        expected="a registration within 60 s of the Registry's return",
        observed=f"{first.call.at - back.at:.0f} s later" if first else seen,
    )


@verifies("REG-CLIENT-009")
def attempts_are_spaced(recordings: Recordings) -> None:
    """Between attempts to register lie waits of a second or more, and they grow."""
    calm = recordings.get("calm")
    if calm is not None and len(given(calm)) > 1:
        raise NotObserved("it registers several times at a start, and which is tried is not told")
    recording = played(recordings.get("registry-odd"))
    failed = _failed(recording)
    waits = [(after, after.at - (before.released or before.at)) for before, after in failed]
    if len(waits) < 2:  # noqa: PLR2004 - one wait cannot grow
        raise NotObserved("it did not try three times", blocked_by="REG-CLIENT-008")
    shortest, longest = min(wait for _, wait in waits), max(wait for _, wait in waits)

    for after, wait in waits:
        hold(
            recording,
            after,
            wait >= _TIGHT and (longest >= _GROWS * shortest or shortest >= _LONG),
            expected="waits of 1 s or more that grow",
            observed="waits of " + ", ".join(f"{each:.1f}" for _, each in waits) + " s",
        )


def _failed(recording: Recording) -> list[tuple[Call, Call]]:
    """Give attempts that failed, each with the next one of the same start."""
    part = played(recording).part("launch", "relaunch is due")
    return [
        (before, after)
        for before, after in pairwise(attempts(part))
        if before.fault is not None and "short_lived" not in before.fault
    ]


@verifies("REG-CLIENT-010")
def the_registry_is_waited_for_a_bounded_time(recording: Recording) -> None:
    """A registration that is never answered is given up within 30 s."""
    hung = [call for call in attempts(played(recording)) if call.fault == "hang"]
    if not hung:
        raise NotObserved("it did not try to register", blocked_by="REG-CLIENT-001")

    for call in hung:
        until = call.released if call.released is not None else recording.end
        hold(
            recording,
            call,
            until - call.at <= _BOUNDED + 0.5,
            expected="the connection closed within 30 s",
            observed=f"open for {until - call.at:.0f} s",
        )


@verifies("REG-CLIENT-012")
def a_token_that_ends_is_replaced(recording: Recording) -> None:
    """With a token good for 45 s it registers again, at the latest when a beat is refused."""
    found = given(played(recording))
    short = next((each for each in found if "short_lived" in (each.call.fault or "")), None)
    if short is None:
        raise NotObserved("it never got the token that soon expires", blocked_by="REG-CLIENT-008")
    claims = recording.tokens[short.token].claims if short.token in recording.tokens else {}
    expires = claims["exp"] - recording.began if isinstance(claims, dict) else short.call.at
    again = next((each for each in found if each.call.at > short.call.at), None)

    hold(
        recording,
        again.call if again else short.call,
        again is not None and again.call.at <= expires + _BEATS + _SLACK,
        expected="another registration before the token expires, or with the beat after it",
        observed=f"{again.call}" if again else f"none until +{recording.end:.0f} s",
    )
