"""Where a fake has the verifying key from that is no Registry: /auth/public-key."""

import asyncio
import logging
from collections.abc import Callable

from udckit.fakes._client import Client, Reply, UnreachableError
from udckit.fakes._identity import KeyUnavailableError
from udckit.fakes._tokens import VerifyingKey

__all__ = ["FetchedKey"]

PATIENCE = 5.0  # seconds that a caller waits for the key (IG §4.1)
KEPT = 300.0  # seconds that a key is trusted without asking again (CONF-15)
AGAIN = 10.0  # seconds between two fetches that a refused token asked for (AUTH-031)
BETWEEN_FAILURES = 1.0


class FetchedKey:
    """The Registry's key over HTTP: fetched when first needed, kept, asked for again in time.

    While the Registry is away the key at hand stays good; where there is none, tokens cannot be
    checked and nobody is let in.
    """

    def __init__(
        self,
        url: Callable[[], str],
        client: Client,
        log: logging.Logger,
        *,
        cached: bool = True,
        kept: float = KEPT,
        freely: bool = False,
        again: bool = True,
        patience: float = PATIENCE,
        baked_in: VerifyingKey | None = None,
    ) -> None:
        self._url = url
        self._client = client
        self._clock = client.clock
        self._log = log
        self._cached = cached
        self._kept = kept
        self._again = (0.0 if freely else AGAIN) if again else float("inf")
        self._patience = patience
        self._lock = asyncio.Lock()
        self._refresh: asyncio.Task[None] | None = None
        self._baked_in = baked_in
        self._fetched = self._tried = float("-inf")
        self.current: VerifyingKey | None = baked_in
        self.is_unreadable = False
        """Whether the last answer was a success that held no key."""

    async def key(self) -> VerifyingKey:
        if self._baked_in is not None:
            return self._baked_in
        if not self._cached:
            self.current = None
            await self._fetch()
        if self.current is None:
            await self._first()
        elif self._clock.monotonic() - self._fetched > self._kept and self._refresh is None:
            self._refresh = asyncio.ensure_future(self._refreshed())
            self._clock.follow(self._refresh)
        if self.current is None:
            raise KeyUnavailableError
        return self.current

    async def another_key(self) -> VerifyingKey | None:
        if self._baked_in is not None or self._clock.monotonic() - self._tried < self._again:
            return None
        before = self.current
        async with self._lock:
            if self.current is before:
                await self._fetch()
        return self.current if self.current is not before else None

    async def close(self) -> None:
        """End a fetch that is under way."""
        if self._refresh is not None:
            self._refresh.cancel()
            await asyncio.gather(self._refresh, return_exceptions=True)

    async def _first(self) -> None:
        async with self._lock:
            waited = self._clock.monotonic() - self._tried >= BETWEEN_FAILURES
            if self.current is None and waited:
                await self._fetch()

    async def _refreshed(self) -> None:
        try:
            async with self._lock:
                await self._fetch()
        finally:
            self._refresh = None

    async def _fetch(self) -> None:
        try:
            url = f"{self._url()}/auth/public-key"
            self.is_unreadable = False
            reply = await self._client.get(url, timeout=self._patience)
            self.is_unreadable = reply.status == 200  # noqa: PLR2004 - OK
            key = _read(reply)
            self.is_unreadable = False
        except (UnreachableError, ValueError) as error:
            self._log.warning("the public key could not be fetched", extra={"cause": str(error)})
        else:
            self._fetched = self._clock.monotonic()
            if self.current is None or key.pem != self.current.pem:
                self.current = key
        finally:
            self._tried = self._clock.monotonic()


def _read(reply: Reply) -> VerifyingKey:
    """The key in an answer. Raises ValueError."""
    value = reply.value
    if reply.status != 200 or not isinstance(value, dict):  # noqa: PLR2004 - OK
        raise ValueError(f"status {reply.status}")
    return VerifyingKey(str(value.get("public_key")))
