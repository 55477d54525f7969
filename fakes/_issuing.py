"""Issues tokens, no two alike, and remembers what each was issued for."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from udckit.fakes._tokens import SigningKey, VerifyingKey

__all__ = ["Issuer", "OwnKey"]

_MOST_REMEMBERED = 100_000


class Issuer:
    """The signing side of a Registry.

    RS256 is deterministic and the contract has no `jti`: a token whose claims were signed before
    gets an `exp` one second later; one that is over when it is made gets it one second earlier.
    """

    def __init__(self, key: SigningKey) -> None:
        self.key = key
        self._former: list[SigningKey] = []
        self._lock = threading.Lock()
        self._furthest: OrderedDict[tuple[str, int], int] = OrderedDict()  # by what was wanted
        self._labels: OrderedDict[str, str] = OrderedDict()  # each step of it is one operation

    def issue(
        self,
        claims: dict[str, Any],
        label: str,
        *,
        key: SigningKey | None = None,
        headers: Mapping[str, Any] | None = None,
        unique: bool = True,
    ) -> str:
        """A token over `claims`; `label` says what for, such as `registration of my-service`."""
        if unique:
            self._set_apart(claims)
        token = (key or self.key).sign(claims, headers)
        self._labels[token] = label
        if len(self._labels) > _MOST_REMEMBERED:
            self._labels.popitem(last=False)
        return token

    def rotate(self, key: SigningKey) -> None:
        """Sign with `key` from now on."""
        self._former.append(self.key)
        self.key = key

    @property
    def rotations(self) -> int:
        """How often the key was rotated."""
        return len(self._former)

    def issued_as(self, token: str) -> str | None:
        """What a token was issued for; None for one that did not come from here."""
        return self._labels.get(token)

    def signed_by(self, token: str) -> str | None:
        """The name of the key that signed a token, former keys included."""
        for key in (self.key, *reversed(self._former)):
            if key.public.signed(token):
                return key.name
        return None

    def _set_apart(self, claims: dict[str, Any]) -> None:
        """Move `exp` to the nearest second that is free: later, or earlier where it is over."""
        others, wanted = repr({**claims, "exp": None}), claims["exp"]
        issued = claims.get("iat")
        step = -1 if isinstance(issued, int) and wanted <= issued else 1
        expiry = wanted
        with self._lock:
            while (others, expiry) in self._furthest:
                expiry = self._furthest[others, expiry] + step
            self._furthest[others, wanted] = self._furthest[others, expiry] = expiry
            while len(self._furthest) > _MOST_REMEMBERED:
                self._furthest.popitem(last=False)
        claims["exp"] = expiry


class OwnKey:
    """Asks nobody: the Registry is this one, or in the same process."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    @property
    def current(self) -> VerifyingKey | None:
        return self._issuer.key.public

    async def key(self) -> VerifyingKey:
        return self._issuer.key.public

    async def another_key(self) -> VerifyingKey | None:
        return None
