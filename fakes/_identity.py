"""Who asks: the bearer token of a request, verified once and remembered while it lives."""

from collections.abc import Mapping
from typing import Any, Protocol

from udckit.fakes._http import RawHeaders, Refusal
from udckit.fakes._tokens import Claims, TokenRefusedError, VerifyingKey

__all__ = ["Identities", "KeySource", "KeyUnavailableError"]

_MOST_KNOWN = 4096
_CHALLENGE = ((b"www-authenticate", b"Bearer"),)


class KeyUnavailableError(Exception):
    """There is no key to verify with, because the Registry does not give it."""


class KeySource(Protocol):
    """Where the verifying key comes from."""

    @property
    def current(self) -> VerifyingKey | None:
        """The key at hand."""
        ...

    async def key(self) -> VerifyingKey:
        """The key in force; raises KeyUnavailableError."""
        ...

    async def another_key(self) -> VerifyingKey | None:
        """A newer key than the one that just failed, None where there is none (yet)."""
        ...


class Identities:
    """Verifies tokens and remembers those that count; expiry is looked at every time."""

    def __init__(self, keys: KeySource) -> None:
        self._keys = keys
        self._key: VerifyingKey | None = None
        self._known: dict[bytes, tuple[Claims, float]] = {}

    @property
    def key(self) -> VerifyingKey | None:
        """The key at hand."""
        return self._keys.current

    def remembered(self, credentials: bytes | None, now: float) -> Claims | None:
        """The claims of an Authorization value that was verified before and still holds."""
        if self._keys.current is not self._key:
            self._key = self._keys.current
            self._known.clear()
        known = None if credentials is None else self._known.get(credentials)
        return known[0] if known is not None and known[1] > now else None

    async def identify(self, headers: RawHeaders, now: float) -> Claims:
        """The claims of the request's token. Raises Refusal: 401, or 503 without a key."""
        credentials, token = _bearer(headers)
        known = self.remembered(credentials, now)
        if known is not None:
            return known
        try:
            claims = await self._verify(token, now)
        except TokenRefusedError as error:
            raise _unauthorized(f"{str(error)[0].upper()}{str(error)[1:]}.") from None
        except KeyUnavailableError:
            why = "The token cannot be checked now: the Registry gives no key."
            raise Refusal(503, "KEY_UNAVAILABLE", why) from None
        if len(self._known) >= _MOST_KNOWN or self._keys.current is not self._key:
            self._known.clear()
        self._known[credentials] = (claims, float(min(claims["exp"], 1e15)))
        return claims

    async def _verify(self, token: str, now: float) -> Mapping[str, Any]:
        key = await self._keys.key()
        try:
            return key.verify(token, now=now)
        except TokenRefusedError as error:
            another = await self._keys.another_key() if error.unknown_key else None
            if another is None:
                raise
        return another.verify(token, now=now)


def _bearer(headers: RawHeaders) -> tuple[bytes, str]:
    """The Authorization value and the token in it, exactly two words (IG §4.2)."""
    values = [value for name, value in headers if name == b"authorization"]
    if not values:
        raise _unauthorized("The Authorization header is missing.")
    if len(values) > 1:
        raise _unauthorized("There is more than one Authorization header.")
    words = values[0].split()
    if len(words) != 2 or words[0].lower() != b"bearer":  # noqa: PLR2004 - a scheme and a token
        raise _unauthorized("The Authorization header is not `Bearer <token>`.")
    try:
        return values[0], words[1].decode("ascii")
    except UnicodeDecodeError:
        raise _unauthorized("The token is not ASCII.") from None


def _unauthorized(message: str) -> Refusal:
    return Refusal(401, "UNAUTHORIZED", message, headers=_CHALLENGE)
