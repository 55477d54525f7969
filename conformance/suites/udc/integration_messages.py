"""Messages whose outcome comes later: acknowledged at once, called back where it was asked."""

from typing import Final

from udckit.conformance import MISSING, NotApplicable, NotObserved, quote, verifies
from udckit.conformance.scenario import (
    REPLY_TO,
    Call,
    Look,
    Recording,
    callbacks,
    hold,
    launched,
    played,
)

_PATIENCE: Final = 10.0
_AT_ONCE: Final = 1.5
_OUTCOME: Final = 60.0
_OK: Final = 200
_REFUSED: Final = frozenset({400, 403, 422})


@verifies("UDC-MSG-009")
def a_message_is_acknowledged_in_time(recording: Recording) -> None:
    """A message is answered within the 10 s that a caller waits."""
    for look in launched(played(recording)).named("slow message", "plain message"):
        if look.status == _OK or look.trouble == "timeout":
            hold(
                recording,
                look,
                look.status == _OK and look.seconds <= _PATIENCE,
                expected="an answer within 10 s",
                observed=f"{look.outcome} after {look.seconds:.1f} s",
            )


@verifies("UDC-MSG-019")
def the_acknowledgement_waits_for_nothing(recording: Recording) -> None:
    """The answer comes before the address of `reply_to` has answered."""
    for late in launched(played(recording)).named("slow message"):
        if late.trouble == "timeout" and any(call.at >= late.at for call in _outcomes(recording)):
            hold(recording, late, False, expected="an answer at once", observed="none in 10 s")
    look, processing = _asked(recording, "slow message")
    back = [call for call in _outcomes(recording) if call.at <= look.at + look.seconds + _OUTCOME]
    if not processing and not back:
        raise NotObserved("it answered completed and called nobody back")

    hold(
        recording,
        look,
        look.seconds <= _AT_ONCE,
        expected="an answer at once, and the callback beside it",
        observed=f"an answer after {look.seconds:.1f} s, with a callback that is answered slowly",
    )


@verifies("UDC-MSG-010")
def the_outcome_is_posted_to_reply_to(recording: Recording) -> None:
    """What was answered `processing` is called back within 60 s, at exactly that URL."""
    look, processing = _asked(played(recording))
    if not processing:
        raise NotApplicable("no message was answered processing, so no callback is owed")
    came = [call for call in callbacks(recording) if call.at >= look.at]
    exact = [call for call in _outcomes(recording) if call.at - look.at <= _OUTCOME]
    what = f"{came[0].method} {came[0].path}?{came[0].query}" if came else "nothing came"

    hold(
        recording,
        exact[0] if exact else look,
        bool(exact),
        expected=f"POST {REPLY_TO} at the kit's peer, within 60 s",
        observed=what,
    )


@verifies("UDC-MSG-012")
def a_callback_can_be_matched(recording: Recording) -> None:
    """A callback has the message_id of the acknowledgement, and a status."""
    look, _ = _asked(played(recording))

    for call in _outcomes(recording):
        acknowledged = look.member("message_id")
        same = acknowledged in {MISSING, call.member("message_id")}
        hold(
            recording,
            call,
            same and isinstance(call.member("message_id"), str),
            expected=f"message_id {quote(acknowledged)}",
            observed=f"message_id {quote(call.member('message_id'))}",
        )
        hold(
            recording,
            call,
            isinstance(call.member("status"), str),
            expected="a status",
            observed=f"status is {quote(call.member('status'))}",
        )


def _asked(recording: Recording, name: str = "message") -> tuple[Look, bool]:
    """Give the look at a message with a reply_to, and whether it was answered processing."""
    look = next(iter(launched(recording).named(name)), None)
    if look is None or look.status is None:
        raise NotObserved("no message was answered", blocked_by="UDC-MSG-002")
    if look.status in _REFUSED:
        raise NotObserved(f"a guard refused the peer's address: {look.outcome}")
    if look.status != _OK:
        raise NotObserved(f"the message met {look.outcome}", blocked_by="UDC-MSG-002")
    return look, look.member("status") == "processing"


def _outcomes(recording: Recording) -> list[Call]:
    path, _, query = REPLY_TO.partition("?")
    return [
        call
        for call in callbacks(recording)
        if (call.method, call.path, call.query) == ("POST", path, query)
    ]
