"""Recipes for claims: rightly signed tokens that say what no token should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from udckit.conformance.forge._recipe import In, Recipe, Written

__all__ = ["CLAIMS"]

_FOR_EVER: Final = "a token that was lost or stolen once works for ever"
_DOWN: Final = "one odd token makes the service fail instead of refusing"
_NOBODY: Final = "nobody can say who called: a token without a service lets its holder act unnamed"
_HUGE: Final = 10**40
_ANY: Final = tuple(status for status in range(200, 500))
"""AUTH-011 and AUTH-027 ask for no 5xx, and for nothing else."""

_NO_SUCCESS: Final = tuple(status for status in range(300, 600))
"""Where another row owns the 5xx of the same token."""

_NEEDS_KEY: Final = frozenset({"sign"})


def _signed(
    name: str,
    words: str,
    identifier: str,
    gain: str,
    claims: Mapping[str, Any],
    *,
    expected: tuple[int, ...] = (401,),
    critical: bool = False,
) -> Recipe:
    return Recipe(
        name=name,
        words=f"a rightly signed token {words}",
        ids=(identifier,),
        gain=gain,
        by="authority",
        claims=claims,
        expected=expected,
        critical=critical,
        needs=_NEEDS_KEY,
    )


def _expired(name: str, words: str, claims: Mapping[str, Any], *, critical: bool = False) -> Recipe:
    return _signed(name, words, "AUTH-009", _FOR_EVER, claims, critical=critical)


def _odd(name: str, words: str, exp: Any, *, critical: bool = False) -> Recipe:
    claims = {"iat": In(-1), "exp": exp}
    return _signed(name, words, "AUTH-011", _DOWN, claims, expected=_ANY, critical=critical)


def _nameless(
    name: str, words: str, claims: Mapping[str, Any], *, critical: bool = False
) -> Recipe:
    fresh = {"iat": In(-1), "exp": In(600), **claims}
    return _signed(name, words, "AUTH-017", _NOBODY, fresh, expected=(401, 403), critical=critical)


CLAIMS: Final = (
    _expired(
        "expired-hour",
        "that expired an hour ago",
        {"iat": In(-7200), "exp": In(-3600)},
        critical=True,
    ),
    _expired(
        "expired-two-minutes", "that expired two minutes ago", {"iat": In(-720), "exp": In(-120)}
    ),
    _expired(
        "expired-year", "that expired a year ago", {"iat": In(-31_540_000), "exp": In(-31_536_000)}
    ),
    _expired("expired-1970", "whose exp is 1", {"iat": 0, "exp": 1}),
    _signed(
        "exp-missing",
        "without exp",
        "AUTH-010",
        _FOR_EVER,
        {"iat": In(-1), "exp": ...},
        critical=True,
    ),
    _odd("exp-list", "whose exp is a list", [], critical=True),
    Recipe(
        name="exp-null",
        words="a rightly signed token whose exp is null",
        ids=("AUTH-010", "AUTH-011"),
        gain=_FOR_EVER,
        by="authority",
        claims={"iat": In(-1), "exp": None},
        expected=_NO_SUCCESS,
        needs=_NEEDS_KEY,
    ),
    _odd("exp-object", "whose exp is an object", {}),
    _odd("exp-word", "whose exp is a word", "tomorrow"),
    _odd("exp-digits", "whose exp is a string of digits", "4102444800"),
    _odd("exp-true", "whose exp is true", True),
    _odd("exp-overflow", "whose exp is 1e400", Written("1e400")),
    _odd("exp-nan", "whose exp is NaN", Written("NaN")),
    _odd("exp-huge", "whose exp has 41 digits", _HUGE),
    _odd("exp-negative", "whose exp is negative", -1),
    _odd("exp-negative-overflow", "whose exp is -1e400", Written("-1e400")),
    _odd("exp-twice", "that says exp twice", Written('1,"exp":4102444800')),
    _nameless("name-missing", "without service_name", {"service_name": ...}, critical=True),
    _nameless("name-null", "whose service_name is null", {"service_name": None}),
    _nameless("name-number", "whose service_name is a number", {"service_name": 7}),
    _nameless("number-missing", "without service_id", {"service_id": ...}),
    _nameless("number-null", "whose service_id is null", {"service_id": None}),
    _nameless("number-word", "whose service_id is a word", {"service_id": "seven"}),
    _nameless("number-object", "whose service_id is an object", {"service_id": {}}),
    _signed(
        "iat-future",
        "whose iat lies an hour ahead",
        "AUTH-027",
        _DOWN,
        {"iat": In(3600), "exp": In(7200)},
        expected=_ANY,
    ),
)
