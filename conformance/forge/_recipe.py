"""What a forged token is: a recipe, which is data that people read and the forge follows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

__all__ = ["BEARER", "OF_THE_NAME", "Claims", "In", "Maker", "Presentation", "Recipe", "Written"]

Claims = Mapping[str, Any]

Maker = Literal["valid", "tampered", "nobody", "attacker", "authority", "secret", "text"]
"""Who makes the last segment, or the whole: `valid` is the kit's valid token as it is, `tampered`
keeps its signature over other contents, `nobody` signs not at all, `attacker` signs with a key
that nobody trusts, `authority` with the key that the target trusts, `secret` with HMAC and a
secret that the recipe names. `text` is no token: the recipe's `text` stands as it is."""

_NOTHING: Final[Claims] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class In:
    """A claim that is a time: so many seconds after the token is made, or before (negative)."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Written:
    """A JSON value in letters that no JSON library would write, such as 1e400."""

    text: str


@dataclass(frozen=True, slots=True)
class Presentation:
    """How a token is shown; `{token}` stands for it.

    Each item of `authorization` is one header of that name. `query`, `cookie` and `member` are
    names under which it is put into the URL, a cookie, or the body's JSON object.
    """

    authorization: tuple[str, ...] = ("Bearer {token}",)
    query: str | None = None
    cookie: str | None = None
    member: str | None = None


BEARER: Final = Presentation()

OF_THE_NAME: Final = "the service's name"
"""The secret that is the target's own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One token, and what must come of it.

    `words` is a noun phrase, `gain` what an attacker has of a target that accepts it. `header`,
    `claims` replace members of the valid token's (`...` leaves one out); `payload` replaces the
    whole claims by text. `edits` name changes of the finished token, see the forge. `expected`
    are the statuses that are right; `or_closed` adds a closed connection (CONF-45). A `critical`
    recipe is shown to every protected endpoint, the others to one. `needs` is what the forge must
    have: `sign` the key that the target trusts, `public-key` its public half, `address` a peer
    that listens. The twin, which must be accepted, is the same token without the one thing: the
    valid token, or for `authority` one that the same key signed.
    """

    name: str
    words: str
    ids: tuple[str, ...]
    gain: str = ""
    by: Maker = "attacker"
    header: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    claims: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    payload: str | None = None
    head: str | None = None
    secret: str | None = None
    text: str = ""
    edits: tuple[str, ...] = ()
    shown: Presentation = BEARER
    expected: tuple[int, ...] = (401,)
    or_closed: bool = False
    critical: bool = False
    needs: frozenset[str] = frozenset()

    @property
    def token_in_words(self) -> str:
        """Say how the token is made, header and claims included, for a reader who makes it too."""
        if self.by == "text":
            return f"the text {self.text!r}, which is no token"
        head = self.head or _members(self.header, "as of the valid token")
        claims = self.payload or _members(self.claims, "those of the valid token")
        edits = f"; then {', '.join(self.edits)}" if self.edits else ""
        return f"header {head}; claims {claims}; {_SIGNED[self.by].format(self)}{edits}"

    @property
    def in_words(self) -> str:
        """Say how the token is made and shown; where none is shown, only what is."""
        if not self._shows_a_token:
            return self.shown_in_words
        return f"{self.token_in_words}; shown as {self.shown_in_words}"

    @property
    def _shows_a_token(self) -> bool:
        shown = self.shown
        elsewhere = (shown.query, shown.cookie, shown.member)
        return any("{token}" in each for each in shown.authorization) or any(elsewhere)

    @property
    def shown_in_words(self) -> str:
        """Say how the token is shown, where that is not `Authorization: Bearer <token>`."""
        said = [f"Authorization: {each or '(empty)'}" for each in self.shown.authorization]
        said += [
            f"{place} {name}={{token}}"
            for place, name in (("query", self.shown.query), ("cookie", self.shown.cookie))
            if name is not None
        ]
        if self.shown.member is not None:
            said.append(f"member `{self.shown.member}` of the body")
        return "; ".join(said).replace("{token}", "<token>") or "no Authorization header"


_SIGNED: Final[Mapping[Maker, str]] = {
    "valid": "unchanged",
    "tampered": "the valid token's signature",
    "nobody": "no signature",
    "attacker": "signed with a key that nobody trusts",
    "authority": "signed with the Registry's key",
    "secret": "HMAC with the secret {0.secret}",
    "text": "",
}


def _members(changed: Mapping[str, Any], otherwise: str) -> str:
    if not changed:
        return otherwise
    words = [f"{name} {_value(value)}" for name, value in changed.items()]
    return f"{otherwise}, but {', '.join(words)}"


def _value(value: Any) -> str:
    if value is ...:
        return "left out"
    if isinstance(value, In):
        return f"now {value.seconds:+d} s"
    if isinstance(value, Written):
        return value.text
    return json.dumps(value)
