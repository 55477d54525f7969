"""The token that a registration gives: what it is signed with, and what it says."""

from collections.abc import Mapping
from typing import Any, TypeGuard

from udckit.conformance import MISSING, NotObserved, Observation, Probe, expect, quote, verifies
from udckit.conformance.suites.registry._acts import (
    CAPABILITIES,
    claims_of,
    clock_of,
    name_of,
    registered,
    usable_key,
)

SKEW = 5.0
LONGEST_LIFE = 24 * 3600.0
FAR = 1e11
"""Seconds since the epoch that no clock shows: a time beyond is in milliseconds."""


@verifies("REG-TOKEN-001")
def the_token_is_signed_with_the_served_key(service: Probe) -> None:
    """The token is a compact JWS, signed with RS256, and the served public key verifies it."""
    seen = registered(service)
    token = seen.member("token")
    facts = service.token_of(token)
    header = facts.header if facts is not None else None

    expect(seen).holds(
        isinstance(header, dict),
        expected="a token that is a compact JWS",
        observed=f"`token` {quote(token)}",
    )
    algorithm = header.get("alg", MISSING) if isinstance(header, dict) else MISSING
    expect(seen).holds(
        algorithm == "RS256", expected="`alg` RS256", observed=f"`alg` {quote(algorithm)}"
    )
    expect(seen).holds(
        service.verifies(token, usable_key(service)),
        expected="a signature that the key at /auth/public-key verifies",
        observed="one that it does not",
    )


@verifies("REG-TOKEN-002")
def the_token_says_whose_it_is_and_how_long(service: Probe) -> None:
    """The token has the service_id of the answer, the registered name, and an exp to come."""
    seen = registered(service)
    claims = claims_of(service, seen)
    number, name, expiry = (
        claims.get(each, MISSING) for each in ("service_id", "service_name", "exp")
    )

    expect(seen).holds(
        _is_whole(number) and number == seen.member("service_id"),
        expected=f"`service_id` {quote(seen.member('service_id'))}, as in the answer",
        observed=f"`service_id` {quote(number)}",
    )
    expect(seen).holds(
        name == name_of(service, "peer"),
        expected=f"`service_name` {quote(name_of(service, 'peer'))}, as it was registered",
        observed=f"`service_name` {quote(name)}",
    )
    expect(seen).holds(
        _is_number(expiry) and clock_of(seen) < expiry < FAR,
        expected=f"`exp` in seconds since the epoch, after {clock_of(seen):.0f}",
        observed=f"`exp` {quote(expiry)}",
    )


@verifies("REG-TOKEN-006")
def the_token_says_since_when(service: Probe) -> None:
    """The token has an iat: a number, not in the future, before exp."""
    seen = registered(service)
    claims = claims_of(service, seen)
    issued, expiry = claims.get("iat", MISSING), claims.get("exp")

    expect(seen).holds(
        _is_number(issued) and issued <= clock_of(seen) + SKEW,
        expected=f"`iat` in seconds since the epoch, not after {clock_of(seen):.0f}",
        observed=f"`iat` {quote(issued)}",
    )
    if _is_number(expiry) and _is_number(issued):
        expect(seen).holds(
            issued < expiry, expected=f"`iat` before `exp` {expiry}", observed=f"`iat` {issued}"
        )


@verifies("REG-TOKEN-003")
def the_token_says_what_its_bearer_can(service: Probe) -> None:
    """The claim capabilities is the list that was registered."""
    seen = registered(service)
    said = claims_of(service, seen).get("capabilities", MISSING)

    words = sorted(map(str, said)) if isinstance(said, list) else None
    expect(seen).holds(
        words == sorted(CAPABILITIES),
        expected=f"`capabilities` {quote(CAPABILITIES)}",
        observed=f"`capabilities` {quote(said)}",
    )


@verifies("REG-TOKEN-004")
def the_token_has_nothing_that_libraries_refuse(service: Probe) -> None:
    """The token has no aud, and a sub only as a string: verifiers that were told of none refuse."""
    seen = registered(service)
    claims = claims_of(service, seen)
    subject = claims.get("sub", MISSING)

    expect(seen).holds(
        "aud" not in claims, expected="no `aud`", observed=f"`aud` {quote(claims.get('aud'))}"
    )
    expect(seen).holds(
        subject is MISSING or isinstance(subject, str),
        expected="no `sub`, or a string",
        observed=f"`sub` {quote(subject)}",
    )


@verifies("REG-TOKEN-005")
def the_token_does_not_live_for_ever(service: Probe) -> None:
    """The token lives 24 hours at most."""
    seen = registered(service)
    life = _life_of(claims_of(service, seen), seen)

    expect(seen).holds(
        life <= LONGEST_LIFE + SKEW,
        expected="a life of 24 hours at most",
        observed=f"{life / 3600:.1f} hours",
    )


def _life_of(claims: Mapping[str, Any], seen: Observation) -> float:
    """Reckon from now: an iat that lies in the past shortens nobody's life."""
    expiry = claims.get("exp")
    if not _is_number(expiry) or expiry >= FAR:
        raise NotObserved("there is no exp in seconds", blocked_by="REG-TOKEN-002")
    return expiry - clock_of(seen)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
