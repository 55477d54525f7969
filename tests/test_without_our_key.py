"""Without the key that signs, what a valid token and its corruptions can show is shown.

The rest is not observed, and says how it would be: never a pass, and never blamed on the target.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from faults import all_faults
from faults.security_stand import SecurityStand, security_stand
from faults.stand import Seen

from udckit.conformance import TokenShelf
from udckit.conformance.authority import Authority, from_nothing, from_token, with_key
from udckit.conformance.forge import Forge

SIGNED = ("AUTH-009", "AUTH-010", "AUTH-011", "AUTH-015", "AUTH-017", "AUTH-027")
"""Rows whose tokens only the Registry can sign."""

SHOWN = (
    *("AUTH-001", "AUTH-002", "AUTH-003", "AUTH-004", "AUTH-006", "AUTH-007", "AUTH-008"),
    *("AUTH-012", "AUTH-014", "AUTH-016", "AUTH-018", "UDC-STATE-001", "SEC-002", "SEC-004"),
)
"""Rows that a valid token is enough for."""


@pytest.fixture(scope="module")
def droplet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecurityStand]:
    with security_stand("plain_droplet", tmp_path_factory.mktemp("stand")) as up:
        yield up


@pytest.fixture(scope="module")
def by_token(droplet: SecurityStand) -> Seen:
    """What a run came to that was given a token, and nothing else."""
    return droplet.run(authority=token_alone(droplet))


@pytest.fixture(scope="module")
def by_registry(droplet: SecurityStand) -> Seen:
    """What a run came to that registered at a Registry whose public key anybody may have."""
    return droplet.run(authority=foreign_registry(droplet))


def token_alone(droplet: SecurityStand) -> Authority:
    return from_token(droplet.authority.tokens.valid or "")


def foreign_registry(droplet: SecurityStand) -> Authority:
    valid = droplet.authority.tokens.valid or ""
    forge = Forge(valid, public_pem=droplet.trust.key.public_pem, now=droplet.clock.now)
    return replace(droplet.authority, tokens=TokenShelf(valid, forge=forge))


def stage_of(seen: Seen) -> str:
    return next(each.word for each in seen.outcomes.stages if each.stage == "security")


@pytest.mark.parametrize("row", SHOWN)
def test_token_alone_shows_what_it_can(row: str, by_token: Seen) -> None:
    assert by_token.word(row) == "pass", by_token.said(row)


def test_public_key_of_a_registry_shows_more(by_token: Seen, by_registry: Seen) -> None:
    assert by_token.word("AUTH-013") == "not_observed"
    assert "--registry" in by_token.said("AUTH-013")
    assert by_registry.word("AUTH-013") == "pass"
    assert by_registry.word("UDC-MSG-005") == "pass"


@pytest.mark.parametrize("row", SIGNED)
def test_what_only_the_registry_could_sign_is_not_observed(
    row: str, by_token: Seen, by_registry: Seen
) -> None:
    for seen in (by_token, by_registry):
        assert seen.word(row) == "not_observed"
        assert "--signing-key" in seen.said(row)
        assert "udckit fakes up" in seen.said(row)


def test_stage_is_incomplete_and_nobody_is_blamed(by_token: Seen, by_registry: Seen) -> None:
    for seen in (by_token, by_registry):
        assert stage_of(seen) == "incomplete"
        assert seen.failed("MUST") | seen.failed("SHOULD") | seen.failed("MAY") == set()
        assert seen.errors() == []


def test_without_any_token_what_needs_one_says_so(droplet: SecurityStand) -> None:
    seen = droplet.run(authority=from_nothing())

    assert stage_of(seen) == "incomplete"
    assert seen.failed("MUST") == set()
    assert {seen.word(row) for row in SHOWN if row.startswith("AUTH-")} == {"not_observed"}
    assert "udckit fakes up" in seen.said("AUTH-001")


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("alg-none-is-an-algorithm", "AUTH-012"),
        ("signature-is-never-verified", "AUTH-007"),
        ("key-that-the-token-brings", "AUTH-016"),
        ("hs256-keyed-with-secret", "AUTH-014"),
        ("state-open-to-anybody", "UDC-STATE-001"),
    ],
)
def test_attack_is_seen_with_a_token_alone(name: str, row: str, droplet: SecurityStand) -> None:
    fault = next(each for each in all_faults("security") if each.id == name)
    seen = droplet.run(fault, only=(row,), authority=token_alone(droplet))

    assert seen.word(row) == "fail"


def test_key_that_is_given_shows_the_rest(droplet: SecurityStand) -> None:
    given = with_key(token_alone(droplet), droplet.trust.key)
    forge = Forge(given.tokens.valid or "", key=droplet.trust.key, now=droplet.clock.now)
    shelf = TokenShelf(given.tokens.valid, forge=forge)
    seen = droplet.run(only=SIGNED, authority=replace(given, tokens=shelf))

    assert [seen.said(row) for row in SIGNED if seen.word(row) != "pass"] == []
