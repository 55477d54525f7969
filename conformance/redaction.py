"""Redaction that keeps facts: no usable secret reaches disk, yet tokens stay distinguishable.

A token becomes `<token:t3>`, and its facts (header, claims, who signed it, what it was issued as)
are told once. A password in a URL becomes `<password>`, a private key `<private key>`, a secret
that the operator gave `<secret>`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from udckit.fakes import secrets as looks

__all__ = ["PASSWORD", "PLACEHOLDER", "PRIVATE_KEY", "Redactor", "TokenFacts"]

PASSWORD: Final = "<password>"  # noqa: S105 - what stands in for one
PRIVATE_KEY: Final = "<private key>"
PLACEHOLDER: Final = re.compile(r"<token:(t\d+)>")

_BARE_USERINFO = re.compile(r"(?<![\w.%+:/@-])([\w.%+-]{1,64}):([^\s/:@\"'<>\\]{1,128})@(?=[\w\[])")
_WORD: Final = r"\b(\w{0,40}?(?:password|passwd|pwd))"
_PAIR = re.compile(_WORD + r"=(?:\\{1,2}\ |[^\s&;,\"'<>\\])+", re.IGNORECASE)
_QUOTED_PAIR = re.compile(
    _WORD + r"\s{0,3}=\s{0,3}(\\?[\"'])(?:(?!\2)(?:\\{1,2}[^\n]|[^\\\n])){1,200}?\2", re.IGNORECASE
)
_SPACED_PAIR = re.compile(_WORD + r"\s{1,3}=\s{1,3}(?:\\{1,2}\ |[^\s&;,\"'<>\\])+", re.IGNORECASE)
_KEYWORDS = re.compile(r"\b(?:host|hostaddr|dbname|user|sslmode)\s{0,3}=", re.IGNORECASE)
_SAYS_PASSWORD = re.compile(r"passw(?:or)?d|pwd", re.IGNORECASE)
_MEMBER = re.compile(
    r"(\"(?:password|passwd|secret_key|jwt_secret|client_secret|api_key)\"\s*:\s*\")"
    r"(?!\*+\")[^\"<]{4,}(?=\")",
    re.IGNORECASE,
)
_PRIVATE_JWK = re.compile(r"(\"(?:d|p|q|dp|dq|qi)\"\s*:\s*\")[A-Za-z0-9_-]{40,}(?=\")")
"""Passwords in `user:password@host`, `password=…` and JSON members; private parts of a JWK.

A pair is written as libpq, JDBC, a shell or a `repr` write it: with quotes, with escaped blanks,
and, where other keywords of libpq stand beside it, with blanks around the sign.
"""
_ENOUGH_OF_A_SECRET: Final = 6

Signer = Callable[[str], str]
"""Says who signed a token: `authority`, or `unknown`."""


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What may be known of a token without being able to use it."""

    ref: str
    header: Any
    claims: Any
    signed_by: str
    issued_as: str | None

    def as_json(self) -> dict[str, Any]:
        """Give the line of the run record."""
        return {
            "kind": "token",
            "ref": self.ref,
            "header": self.header,
            "claims": self.claims,
            "signed_by": self.signed_by,
            "issued_as": self.issued_as,
        }

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> TokenFacts:
        """Read the line back."""
        return cls(**{name: value for name, value in line.items() if name != "kind"})


def _unknown(_: str) -> str:
    return "unknown"


@dataclass(slots=True)
class Redactor:
    """Takes the secrets out of text, and remembers each token under a reference of its own."""

    signed_by: Signer = _unknown
    secrets: tuple[str, ...] = ()
    on_token: Callable[[TokenFacts], None] | None = None
    names: Callable[[str], str] | None = None
    """Gives a token its reference, as others do who see it too; None counts them."""
    _known: dict[str, TokenFacts] = field(default_factory=dict)
    _by_ref: dict[str, str] = field(default_factory=dict)
    _issued: dict[str, str] = field(default_factory=dict)

    def issued(self, token: str, label: str) -> None:
        """Remember what a token of the kit's own was made for."""
        self._issued[token] = label

    def facts_of(self, token: str) -> TokenFacts:
        """Give a token's facts, under the same reference each time it is seen."""
        facts = self._known.get(token)
        if facts is None:
            header, claims = _decode(token)
            facts = TokenFacts(
                ref=self.names(token) if self.names else f"t{len(self._known) + 1}",
                header=header,
                claims=claims,
                signed_by=self.signed_by(token),
                issued_as=self._issued.get(token),
            )
            self._known[token] = facts
            self._by_ref[facts.ref] = token
            if self.on_token is not None:
                self.on_token(facts)
        return facts

    def known(self, placeholder: str) -> TokenFacts | None:
        """Give the facts of the token that a text is the placeholder of, and of nothing else."""
        found = PLACEHOLDER.fullmatch(placeholder)
        token = None if found is None else self._by_ref.get(found.group(1))
        return None if token is None else self._known[token]

    def revealed(self, text: str) -> str:
        """Put tokens that were seen back in the place of their placeholders, to be sent."""
        return PLACEHOLDER.sub(lambda found: self._by_ref.get(found.group(1), found.group()), text)

    def text(self, text: str) -> str:
        """Give the text without its secrets; other text comes back untouched."""
        if "." in text:
            text = looks.with_tokens(text, self._without_token)
        if "://" in text and "@" in text:
            text = looks.USERINFO.sub(rf"\1:{PASSWORD}@", text)
        if "@" in text and ":" in text:
            text = _BARE_USERINFO.sub(rf"\1:{PASSWORD}@", text)
        if "=" in text and _SAYS_PASSWORD.search(text) is not None:
            text = _without_pairs(text)
        if '"' in text:
            text = _MEMBER.sub(rf"\1{PASSWORD}", text)
        if '"kty"' in text:
            text = _PRIVATE_JWK.sub(rf"\1{PRIVATE_KEY}", text)
        if "PRIVATE KEY" in text:
            text = looks.PRIVATE_KEY.sub(PRIVATE_KEY, text)
        for secret in self.secrets:
            if len(secret) >= _ENOUGH_OF_A_SECRET and secret in text:
                text = text.replace(secret, "<secret>")
        return text

    def _without_token(self, token: str) -> str:
        """Only what begins as every library writes it needs no second look."""
        if not token.startswith("eyJ") and not isinstance(_decode(token)[0], dict):
            return token
        return f"<token:{self.facts_of(token).ref}>"


def _without_pairs(text: str) -> str:
    """Take the passwords out of keywords and values."""
    text = _QUOTED_PAIR.sub(rf"\1={PASSWORD}", text)
    if _KEYWORDS.search(text) is not None:
        text = _SPACED_PAIR.sub(rf"\1={PASSWORD}", text)
    return _PAIR.sub(rf"\1={PASSWORD}", text)


def _decode(token: str) -> tuple[Any, Any]:
    """Read header and claims of what looks like a token; None where that is not JSON."""
    parts = token.split(".")
    return _segment(parts[0]), _segment(parts[1]) if len(parts) > 1 else None


def _segment(segment: str) -> Any:
    try:
        padded = segment + "=" * (-len(segment) % 4)
        value = json.loads(base64.urlsafe_b64decode(padded))
        json.dumps(value).encode()
    except (ValueError, RecursionError, binascii.Error):
        return None
    return value
