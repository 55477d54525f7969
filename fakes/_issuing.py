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
    gets an `exp` one second later.
    """

    def __init__(self, key: SigningKey) -> None:
        self.key = key
        self._former: list[SigningKey] = []
        self._lock = threading.Lock()
        self._expiries: OrderedDict[str, int] = OrderedDict()
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
        others = repr({**claims, "exp": None})
        with self._lock:
            last = self._expiries.get(others)
            if last is not None and claims["exp"] <= last:
                claims["exp"] = last + 1
            self._expiries[others] = claims["exp"]
            if len(self._expiries) > _MOST_REMEMBERED:
                self._expiries.popitem(last=False)


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
