"""Signatures: only what the Registry's key signed with RS256 counts."""

from typing import Final

from udckit.conformance import Observation, Probe, expect, refused, verifies

_KEYS: Final = "udckit-keys"
_FETCH: Final = 0.3
"""Seconds after the last token in which a key would have been fetched."""


@verifies("AUTH-007")
def a_strangers_signature_is_refused(service: Probe) -> None:
    """A token with right claims that another key signed is answered 401."""
    for seen in refused(service, "AUTH-007"):
        expect(seen).refused()


@verifies("AUTH-008")
def a_tampered_token_is_refused(service: Probe) -> None:
    """A token whose claims, header or signature were changed is answered 401."""
    for seen in refused(service, "AUTH-008"):
        expect(seen).refused()


@verifies("AUTH-012")
def an_unsigned_token_is_refused(service: Probe) -> None:
    """A token with alg none, however it is spelled, is answered 401."""
    for seen in refused(service, "AUTH-012"):
        expect(seen).refused()


@verifies("AUTH-013")
def the_public_key_is_no_secret(service: Probe) -> None:
    """An HS256 token keyed with the Registry's public key is answered 401."""
    for seen in refused(service, "AUTH-013"):
        expect(seen).refused()


@verifies("AUTH-014")
def a_guessed_secret_opens_nothing(service: Probe) -> None:
    """An HS256 token keyed with a secret that anybody would guess is answered 401."""
    name = service.read("/capabilities").member("service_name")
    if isinstance(name, str):
        service.standing.surroundings["service_name"] = name
    for seen in refused(service, "AUTH-014"):
        expect(seen).refused()


@verifies("AUTH-015")
def other_algorithms_are_refused(service: Probe) -> None:
    """A token signed with another algorithm than RS256 is answered 401, with the right key too."""
    for seen in refused(service, "AUTH-015"):
        expect(seen).refused()


@verifies("AUTH-016")
def a_token_does_not_choose_its_key(service: Probe) -> None:
    """A key that the token brings or points at does not count, and is not fetched."""
    where = service.peer(_KEYS)
    service.standing.surroundings["keys"] = where or "http://udckit-attacker.invalid"
    pointing: Observation | None = None
    for seen in refused(service, "AUTH-016"):
        expect(seen).refused()
        if seen.recipe is not None and seen.recipe.name == "header-jku":
            pointing = seen

    if where is not None and pointing is not None:
        calls = service.heard(_KEYS, "", within=_FETCH)
        asked = next((each.target for each in calls if each.target), "a connection")
        expect(pointing).holds(
            not calls,
            expected="no fetch from where a token's header points",
            observed=f"{asked} came to the kit's peer",
        )
