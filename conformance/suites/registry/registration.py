"""POST /register: what it gives, and that it gives it to everybody who asks rightly."""

from typing import Any

from udckit.conformance import (
    MISSING,
    NotApplicable,
    NotObserved,
    Observation,
    Probe,
    expect,
    quote,
    verifies,
)
from udckit.conformance.suites.registry._acts import (
    a_registration,
    anonymous_registration,
    by_name,
    claims_of,
    clock_of,
    in_directory,
    name_of,
    registered,
    registration,
    usable_key,
)

OK = 200
CREATED = 201
APART = 2.0  # seconds: a token issued then is another one, though RS256 is deterministic
AT_ONCE = 8
OTHER_PORT = 8011


@verifies("REG-REGISTER-001")
def a_valid_registration_is_created(service: Probe) -> None:
    """A valid registration is answered 201, with a token and a service_id."""
    seen = registration(service)

    expect(seen).status(201).gives("token", "service_id")


@verifies("REG-REGISTER-002")
def a_first_registration_needs_no_token(service: Probe) -> None:
    """A droplet that has no token yet may register."""
    if service.settings.headers:
        raise NotApplicable("the operator gave a header that goes with every request")
    seen = anonymous_registration(service)
    if seen.status not in {200, 201, 202, 401, 403}:
        raise NotObserved("a valid registration is not taken", blocked_by="REG-REGISTER-001")

    expect(seen).status_not(401, 403)


@verifies("REG-REGISTER-004")
def udc_compliant_may_be_absent(service: Probe) -> None:
    """A registration without udc_compliant is valid."""
    registered(service)
    seen = service.send(a_registration(service, "plain", udc_compliant=MISSING))

    expect(seen).status(201)


@verifies("REG-REGISTER-005")
def unknown_members_are_ignored(service: Probe) -> None:
    """A registration may say more than the contract asks, `host` among it."""
    registered(service)
    seen = service.send(
        a_registration(
            service, "wordy", host="127.0.0.1", steward="udckit", extras={"colours": ["blue"]}
        )
    )

    expect(seen).status(201)


@verifies("REG-REGISTER-006", order=30)
def registering_again_is_welcome(service: Probe) -> None:
    """The same droplet gets 201, the same service_id and a fresh token; new facts take effect."""
    before = registered(service)
    service.wait_since(before, APART)
    seen = service.send(a_registration(service, "peer", port=OTHER_PORT, version="1.0.1"))

    expect(seen).status(201)
    expect(seen).holds(
        seen.member("service_id") == before.member("service_id"),
        expected=f"the service_id of before, {before.member('service_id')}",
    )
    _has_a_fresh_token(service, seen, than=before.member("token"))
    shown = service.get(by_name(name_of(service, "peer")))
    if shown.status == OK and isinstance(shown.json, dict):
        for member, value in (("port", OTHER_PORT), ("version", "1.0.1")):
            if shown.member(member) is not MISSING:
                expect(shown).holds(
                    shown.member(member) == value, expected=f"`{member}` {value}, as it is now"
                )


@verifies("REG-REGISTER-008")
def no_two_droplets_share_a_service_id(service: Probe) -> None:
    """Droplets that register at the same time each get a service_id and a token of their own."""
    first = registered(service)
    peers = [f"at-once-{number}" for number in range(AT_ONCE)]
    answers = service.together([a_registration(service, peer) for peer in peers])

    known = {quote(first.member("service_id")): first}
    for peer, seen in zip(peers, answers, strict=True):
        expect(seen).status(201)
        number = quote(seen.member("service_id"))
        expect(seen).holds(
            number not in known, expected="a service_id that no other droplet has", observed=number
        )
        known[number] = seen
        _keeps_tokens_apart(service, first, seen, name_of(service, peer))


def _keeps_tokens_apart(service: Probe, first: Observation, seen: Observation, name: str) -> None:
    """Where tokens name whom they were given to, each names its own."""
    alone = service.token_of(first.member("token"))
    own = service.token_of(seen.member("token"))
    if alone is None or own is None:
        return
    expected = {"service_name": name, "service_id": seen.member("service_id")}
    usual = {"service_name": name_of(service, "peer"), "service_id": first.member("service_id")}
    for claim, value in usual.items():
        if isinstance(alone.claims, dict) and alone.claims.get(claim) == value:
            shown = own.claims.get(claim) if isinstance(own.claims, dict) else None
            expect(seen).holds(
                shown == expected[claim],
                expected=f"a token whose {claim} is {quote(expected[claim])}",
                observed=quote(shown),
            )


@verifies("REG-REGISTER-009")
def a_registered_droplet_is_found_at_once(service: Probe) -> None:
    """Who has just registered is found by name in the next request."""
    in_directory(service)
    made = service.send(a_registration(service, "fresh"))
    if made.status != CREATED:
        raise NotObserved("a further name is not registered", blocked_by="REG-REGISTER-001")
    seen = service.get(by_name(name_of(service, "fresh")))

    expect(seen).status(200)


def _has_a_fresh_token(service: Probe, seen: Observation, than: Any) -> None:
    token = seen.member("token")
    expiry = claims_of(service, seen).get("exp")
    expect(seen).holds(token != than, expected="a fresh token", observed="the token of before")
    expect(seen).holds(
        not isinstance(expiry, int | float) or expiry > clock_of(seen),
        expected="a token that has not expired",
        observed=f"exp {expiry}",
    )
    expect(seen).holds(
        service.verifies(token, usable_key(service)),
        expected="a token that the key at /auth/public-key verifies",
        observed="it does not",
    )
