"""The token that a droplet was given: it is the one that it sends, on every call."""

from typing import Final

from udckit.conformance import quote, verifies
from udckit.conformance.scenario import (
    Call,
    Recording,
    beats,
    given,
    hold,
    played,
    registered,
)

_PROTECTED: Final = frozenset(
    {
        *("postHeartbeat", "postTask", "getTask", "postMessage", "postCallback"),
        *("getServiceByName", "getService", "listServices"),
    }
)


def _protected(recording: Recording) -> list[Call]:
    return [call for call in recording.calls if call.operation in _PROTECTED]


@verifies("REG-CLIENT-004")
def it_uses_the_token_that_it_was_given(recording: Recording) -> None:
    """Every beat and call carries a token that this start was given."""
    registered(played(recording))
    issued = {each.token: each.call.at for each in given(recording)}

    for call in _protected(recording):
        facts = recording.tokens.get(call.token or "")
        whose = "no token" if facts is None else f"a token signed by {_signer(facts.signed_by)}"
        hold(
            recording,
            call,
            call.token in issued and issued[call.token] <= call.at,
            expected="the token of its registration",
            observed=f"{call} carries {whose}",
        )


@verifies("REG-CLIENT-005")
def every_service_call_carries_a_token(recording: Recording) -> None:
    """Beats, look-ups, tasks, messages and callbacks have a Bearer token."""
    registered(played(recording))

    for call in _protected(recording):
        hold(
            recording,
            call,
            call.token is not None,
            expected="Authorization: Bearer and a token",
            observed=f"{call} has Authorization {quote(call.authorization or 'none')}",
        )


@verifies("REG-CLIENT-006")
def it_uses_the_service_id_that_it_was_given(recording: Recording) -> None:
    """Beats name the service_id of the registration, not the droplet_id."""
    first = registered(played(recording))
    numbers = {each.token: each.service_id for each in given(recording)}

    for call in beats(recording):
        wanted = numbers.get(call.token or "", first.service_id)
        hold(
            recording,
            call,
            call.member("service_id") == wanted,
            expected=f"service_id {wanted}",
            observed=f"{call} says {quote(call.member('service_id'))}",
        )


def _signer(word: str) -> str:
    return "the Registry for another" if word == "authority" else "nobody whom the Registry knows"
