"""Callbacks: the droplet's own token goes with them, and goes to nobody whom the Registry lacks."""

from typing import Final

from udckit.conformance import Heard, NotObserved, Observation, Probe, expect, verifies
from udckit.conformance.calls import asking_for_a_callback, callback_of, message_to_peer, peer

_STRANGER: Final = "udckit-stranger"
_ELSEWHERE: Final = "127.0.0.2"
_MARK: Final = "/udckit/callback/stranger"
_SHORTEST: Final = 1.0
_LONGEST: Final = 10.0
_PATIENCE: Final = 3
"""How many times as long as the callback to the peer took, the stranger's is waited for."""

_REFUSED: Final = frozenset({400, 403, 422})
_OK: Final = 200


@verifies("UDC-MSG-011", order=92)
def a_callback_carries_the_droplets_own_token(service: Probe) -> None:
    """A callback carries a valid Bearer token that the Registry gave to the droplet."""
    seen, call = _first_callback(service)
    facts = service.token_of(call.token)
    held = "no Authorization header"
    if call.authorization is not None:
        held = f"Authorization: {call.authorization}"

    expect(seen).holds(
        facts is not None, expected="a bearer token with the callback", observed=held
    )
    if facts is None:
        return
    known = peer(service)
    own = known is None or call.token != known.token
    expect(seen).holds(own, expected="the droplet's own token", observed="the sender's, passed on")
    if facts.signed_by == "unknown" and "public-key" not in service.can:
        raise NotObserved("the Registry's public key is not known: give --registry URL")
    expect(seen).holds(
        facts.signed_by == "authority",
        expected="a token that the Registry signed",
        observed=f"a token with the claims {facts.claims}, signed by another key",
    )
    claims = facts.claims if isinstance(facts.claims, dict) else {}
    expect(seen).holds(
        isinstance(claims.get("exp"), int | float) and claims["exp"] > call.at - 1,
        expected="a token that has not expired",
        observed=f"exp {claims.get('exp')} at {call.at:.0f}",
    )


@verifies("UDC-MSG-014", order=93)
def no_token_goes_to_a_stranger(service: Probe) -> None:
    """A reply_to host that the Registry does not know is sent no token."""
    first, call = _first_callback(service)
    where = service.peer(_STRANGER, _ELSEWHERE)
    if where is None:
        raise NotObserved(f"nothing can listen on {_ELSEWHERE} here, where a stranger would")
    ask = message_to_peer(service, f"{where}{_MARK}")
    seen = service.once("a message that asks for a callback to a stranger", ask)
    if seen.status in _REFUSED:
        expect(seen).holds(True, expected="")
        return
    if seen.status != _OK:
        raise NotObserved(f"{seen.call} answered {seen.status}")
    took = _PATIENCE * (call.at - first.at)
    within = min(_LONGEST, max(_SHORTEST, took))
    calls = service.heard(_STRANGER, _MARK, within=within)
    told = [each for each in calls if each.authorization is not None]
    expect(seen).holds(
        not told,
        expected="no Authorization header for a host that the Registry does not know",
        observed=f"{told[0].method} {told[0].target} with {told[0].authorization}" if told else "",
    )


def _first_callback(service: Probe) -> tuple[Observation, Heard]:
    """Give the message that asked a peer to be called back, and the call.

    Raises:
        NotApplicable: it answers no message `processing`.
        NotObserved: no call came.

    """
    service.require("async-messages")
    seen = asking_for_a_callback(service)
    calls = callback_of(service, seen)
    if not calls:
        raise NotObserved("no callback came", blocked_by="UDC-MSG-010")
    return seen, calls[0]
