"""The Registry's public key: fetched, and kept."""

from typing import Final

from udckit.conformance import NotObserved, verifies
from udckit.conformance.scenario import Recording, fetches, hold, launched, played

_MOST: Final = 10
_OK: Final = 200
_SERVER_ERROR: Final = 500


@verifies("AUTH-019")
def the_key_is_fetched_from_the_registry(recording: Recording) -> None:
    """The key comes from /auth/public-key of the Registry."""
    asked = launched(played(recording)).named("state")
    found = fetches(recording)
    if not asked:
        raise NotObserved("no token was shown to it")

    hold(
        recording,
        found[0] if found else asked[0],
        bool(found),
        expected="GET /auth/public-key at the Registry, at the latest with the first token",
        observed=f"none came, and a valid token met {asked[0].outcome}",
    )


@verifies("AUTH-020")
def the_key_is_cached(recording: Recording) -> None:
    """Fifty valid tokens cause ten fetches at most."""
    part = played(recording).part("fifty valid", "after fifty valid")
    looks = part.named("valid")
    if not looks or any(each.status != _OK for each in looks):
        raise NotObserved("fifty valid tokens were not all accepted", blocked_by="AUTH-001")
    if not fetches(recording):
        raise NotObserved("it fetched no key", blocked_by="AUTH-019")

    _few(recording, part, "valid")


@verifies("AUTH-031")
def bad_tokens_do_not_each_cause_a_fetch(recording: Recording) -> None:
    """Fifty tokens of a stranger cause ten fetches at most."""
    part = played(recording).part("fifty invalid", "after fifty invalid")
    looks = part.named("invalid")
    if not looks or any(each.status is None or each.status >= _SERVER_ERROR for each in looks):
        raise NotObserved("fifty invalid tokens were not all answered", blocked_by="AUTH-001")

    _few(recording, part, "invalid")


def _few(recording: Recording, part: Recording, word: str) -> None:
    count = len(fetches(part))
    for look in part.named(word):
        hold(
            recording,
            look,
            count <= _MOST,
            expected=f"{_MOST} fetches of the key at most, over 50 {word} tokens",
            observed=f"{count} fetches",
        )
