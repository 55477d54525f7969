"""The Registry's key out of reach, or another one: nobody is let in unchecked, nobody kept out."""

from typing import Final

from udckit.conformance import NotObserved, verifies
from udckit.conformance.scenario import Look, Recording, hold, launched, played
from udckit.conformance.scenario.away import holds_health, listening

_OK: Final = 200
_UNAVAILABLE: Final = 503
_CLOSED: Final = frozenset({401, 503})
_OTHER: Final = "other_key"
"""Since that is served a target may believe that it has a key, and that tokens are wrong."""
_GUARDED: Final = ("state", "dependencies", "message")


def _keyless(recording: Recording) -> tuple[Recording, list[Look]]:
    """Give the part without a key, and what protected endpoints answered in it.

    Raises:
        NotObserved: the target has a key from an earlier start, or none was asked.
    """
    whole = played(recording)
    part = whole.part("no key", "key back")
    if whole.at("no key") is None:
        raise NotObserved("the scenario ended before the key was taken away")
    looks = list(part.named(*_GUARDED))
    stranger = next(iter(part.named("stranger")), None)
    tells_apart = (
        stranger is not None
        and stranger.status != _OK
        and any(look.status == _OK for look in looks)
    )
    if tells_apart:
        raise NotObserved("it has a key, and was given none in this start")
    return part, looks


@verifies("AUTH-022")
def without_a_key_nobody_is_let_in(recording: Recording) -> None:
    """With no key to be had a token meets 401 or 503, and is accepted once there is one."""
    part, looks = _keyless(recording)
    life = recording.part("keyless", "key back")
    ended = next((each for each in life.exits if not each.asked), None)
    if ended is not None:
        hold(
            recording,
            ended,
            ended.status != 0,
            expected="an exit status other than 0, for it cannot work",
            observed="exit status 0",
        )
        return
    for look in looks:
        hold(
            recording,
            look,
            look.status in _CLOSED or look.trouble == "refused",
            expected="401 or 503 while the public key cannot be had",
            observed=f"{look.outcome}, {look}",
        )
    holds_health(recording, listening(part))
    after = recording.named("accepted")
    for look in after[-1:]:
        hold(
            recording,
            look,
            look.status == _OK,
            expected="200 once the key can be had again, within 5 minutes",
            observed=f"{look.outcome}, {look}",
        )


@verifies("AUTH-030")
def without_a_key_it_says_503(recording: Recording) -> None:
    """While the key cannot be had the answer is 503: the token may be right."""
    part, looks = _keyless(recording)
    served = next((note.at for note in part.notes if _OTHER in note.detail.get("faults", ())), None)

    for look in looks:
        if look.status is not None and (served is None or look.at < served):
            hold(
                recording,
                look,
                look.status == _UNAVAILABLE,
                expected="status 503, for the token could not be checked",
                observed=f"{look.outcome}, {look}",
            )


@verifies("AUTH-023")
def with_a_key_the_registry_may_be_away(recording: Recording) -> None:
    """A key that was fetched goes on while the Registry is away: valid tokens are accepted."""
    whole = played(recording)
    accepted = whole.named("accepted")
    if not accepted or accepted[-1].status != _OK:
        raise NotObserved("no token was accepted before", blocked_by="AUTH-022")
    part = whole.part("away again", "all well")

    for look in part.named("state", "dependencies"):
        hold(
            recording,
            look,
            look.status == _OK,
            expected="status 200, by the key that it has",
            observed=f"{look.outcome}, {look}",
        )
    holds_health(recording, listening(part))


@verifies("AUTH-021")
def another_key_is_noticed(recording: Recording) -> None:
    """After a rotation the new key counts within 5 min, and the old one no more."""
    before = launched(played(recording)).named("before rotation")
    after = recording.named("after rotation")
    if not before or before[-1].status != _OK:
        raise NotObserved("a valid token was not accepted before", blocked_by="AUTH-001")
    if not after:
        raise NotObserved("the scenario ended before the key was rotated")

    hold(
        recording,
        after[-1],
        after[-1].status == _OK,
        expected="a token of the new key to be accepted within 5 minutes",
        observed=f"{after[-1].outcome} {after[-1].at - after[0].at:.0f} s after the rotation",
    )
    for look in recording.named("old token")[-1:]:
        hold(
            recording,
            look,
            look.status != _OK,
            expected="401 for a token of the key that was, within 5 minutes",
            observed=look.outcome,
        )
