"""Peers and Registry fail, move and are gone: whoever asked has an answer, clean and in time."""

from typing import Final

from udckit.conformance import NotObserved, verifies
from udckit.conformance.scenario import (
    Pulled,
    Recording,
    hold,
    played,
    pulled,
    pulled_once,
    pulled_well,
)

_STORM: Final = 4
_UNAVAILABLE: Final = 503
_CLEAN: Final = "a 4xx, 502, 503 or 504 of its own, within 45 s"
_PEER_FAILS: Final = ("peer down", "peer hangs", "peer talks nonsense")
_REGISTRY_FAILS: Final = ("look-up hangs", "Registry down")
_MOVED: Final = 290.0


def _is_clean(recording: Recording, each: Pulled, expected: str = _CLEAN) -> None:
    hold(recording, each.look, each.is_clean, expected=expected, observed=str(each))


@verifies("DISC-005")
def an_unknown_peer_is_told_of(recording: Recording) -> None:
    """A name that the Registry does not know is a clean error, and is asked four times at most."""
    each = pulled_once(recording, "unknown peer")
    if not each.look_ups:
        raise NotObserved("nobody was looked up", blocked_by="DISC-001")
    clean = each.is_clean and not each.right

    hold(recording, each.look, clean, expected=_CLEAN, observed=str(each))
    hold(
        recording,
        each.look_ups[-1],
        len(each.look_ups) <= _STORM,
        expected=f"{_STORM} look-ups at most for one request",
        observed=f"{len(each.look_ups)}",
    )


@verifies("DISC-006")
def a_peer_that_is_down_is_handled(recording: Recording) -> None:
    """A peer that refuses, hangs or talks nonsense is a clean error, in time."""
    for name in _PEER_FAILS:
        _is_clean(recording, pulled_once(recording, name))


@verifies("DISC-007")
def a_registry_that_is_down_is_handled(recording: Recording) -> None:
    """A look-up at a Registry that is away is a clean error, in time."""
    pulled_well(recording, "peer moved", "the trigger did not work again")
    for name in _REGISTRY_FAILS:
        _is_clean(recording, pulled_once(recording, name))


@verifies("DISC-008")
def nobody_is_waited_for_too_long(recording: Recording) -> None:
    """With a look-up or a peer that never answers the caller has an answer within 45 s."""
    for name in ("peer hangs", "look-up hangs"):
        each = pulled_once(recording, name)
        if any(call.fault == "hang" for call in each.calls):
            _is_clean(recording, each, "an answer within 45 s")


@verifies("DISC-004")
def an_address_that_fails_is_forgotten(recording: Recording) -> None:
    """A peer that moved is found again: after a failure or two, or within five minutes."""
    found = pulled(recording, "peer moved")
    if not found:
        raise NotObserved("the scenario ended before the peer moved")
    took = found[-1].look.at + found[-1].look.seconds - found[0].look.at

    hold(
        recording,
        found[-1].look,
        found[-1].right and took <= _MOVED + 15,
        expected="the peer to be called at its new address within 5 minutes",
        observed=f"{found[-1].look.outcome} {took:.0f} s after it moved",
    )


@verifies("DISC-011")
def a_known_address_outlives_the_registry(recording: Recording) -> None:
    """While the Registry is away, a peer that was looked up before is still called."""
    pulled_well(recording, "call", "the trigger did not work before")
    each = pulled_once(recording, "known peer, no Registry")

    hold(
        recording,
        each.look,
        each.right,
        expected="the answer as with the Registry there",
        observed=str(each),
    )


@verifies("ERR-016")
def an_outage_is_said_by_503(recording: Recording) -> None:
    """While a peer that is needed is down the answer is 503, and 200 afterwards."""
    each = pulled_once(recording, "peer down")
    after = pulled(recording, "recovered")

    hold(
        recording,
        each.look,
        each.look.status == _UNAVAILABLE,
        expected="status 503 while the peer is down",
        observed=str(each),
    )
    if after:
        hold(
            recording,
            after[-1].look,
            after[-1].right,
            expected="an answer as before, once the peer is back",
            observed=str(after[-1]),
        )


@verifies("ERR-011")
def the_circuit_opens(recording: Recording) -> None:
    """After five calls in a row that failed no further call reaches the peer."""
    for each in _lost(recording)[6:]:
        hold(
            recording,
            each.look,
            not each.to_peer,
            expected="no call of the peer after five that failed in a row",
            observed=f"{len(each.to_peer)} came for {each.look}",
        )


@verifies("ERR-012")
def the_circuit_tries_again_and_closes(recording: Recording) -> None:
    """A minute later one call is let through: its failure opens the circuit, its success closes."""
    if any(each.to_peer for each in _lost(recording)[6:]):
        raise NotObserved("the circuit did not open", blocked_by="ERR-011")

    for name, wanted, what in (
        ("trial that fails", True, "a call let through, 60 s after the circuit opened"),
        ("right after it", False, "no call right after a trial that failed"),
        ("trial that succeeds", True, "a call let through, 60 s after the trial that failed"),
        ("closed again", True, "calls as before, after a trial that succeeded"),
    ):
        each = pulled_once(recording, name)
        hold(
            recording,
            each.look,
            bool(each.to_peer) is wanted,
            expected=what,
            observed=f"{len(each.to_peer)} came to the peer for {each.look}",
        )


@verifies("ERR-013")
def a_5xx_counts_as_a_failure(recording: Recording) -> None:
    """Five answers of 500 in a row open the circuit too."""
    if any(each.to_peer for each in _lost(recording)[6:]):
        raise NotObserved("the circuit did not open", blocked_by="ERR-011")
    closed = pulled(recording, "closed again")
    found = pulled(recording, "failed with 500")
    if not closed or not closed[-1].to_peer:
        raise NotObserved("the circuit did not close again", blocked_by="ERR-012")

    for each in found[6:]:
        hold(
            recording,
            each.look,
            not each.to_peer,
            expected="no call of the peer after five that were answered 500",
            observed=f"{len(each.to_peer)} came for {each.look}",
        )


def _lost(recording: Recording) -> list[Pulled]:
    """Give each call whose connection was reset. Raises NotObserved where none arrived."""
    found = pulled(played(recording), "lost")
    if not found or not found[0].to_peer:
        raise NotObserved("no call reached the peer that could fail")
    return found
