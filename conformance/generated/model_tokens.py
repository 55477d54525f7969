"""What becomes of tokens: one that has expired lets nobody in, however often it did before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from udckit.conformance.generated.claims import Asked, Claim, shown
from udckit.conformance.redaction import TokenFacts

__all__ = ["TokenModel"]

_EXPIRED: Final = 300.0
"""Seconds after which a token is expired by any clock: the leeway (CONF-55), and clocks apart."""

_REFUSED: Final = 401


class TokenModel:
    """Remembers which tokens let somebody in while they were right."""

    def __init__(self, facts: Callable[[str], TokenFacts | None]) -> None:
        self._facts = facts
        self._let_in: dict[str, int] = {}

    def claims(self, asked: Asked) -> Iterator[Claim]:
        """Say what should be so of an answer to a token that is right, or was right once."""
        if not asked.operation.needs_token:
            return
        token = next(
            (v for k, v in asked.exchange.request.headers if k.lower() == "authorization"), ""
        ).partition(" ")[2]
        facts = self._facts(token)
        claims = facts.claims if facts is not None and isinstance(facts.claims, dict) else {}
        ends = claims.get("exp")
        if not isinstance(ends, int | float) or asked.status is None:
            return
        let_in = 200 <= asked.status < 300  # noqa: PLR2004 - the 2xx
        if asked.exchange.at < ends and let_in:
            self._let_in.setdefault(token, asked.number)
        elif asked.exchange.at > ends + _EXPIRED and (let_in or asked.status == _REFUSED):
            late = asked.exchange.at - ends
            before = self._let_in.get(token)
            yield Claim(
                ("AUTH-009",),
                not let_in,
                f"status 401: the token expired {late:.0f} s ago",
                shown(asked),
                steps=() if before is None else (before,),
            )
