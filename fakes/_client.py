"""The fakes' own outgoing calls; no HTTP client is imported before the first of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from udckit.fakes._strict_json import JsonError, dumps, strict_loads
from udckit.fakes.clock import Clock

if TYPE_CHECKING:
    import httpcore

__all__ = ["Client", "Reply", "UnreachableError"]

LARGEST_REPLY = 1 << 20


class UnreachableError(Exception):
    """No answer came: refused, reset, timed out, or what came was no HTTP."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that came."""

    status: int
    body: bytes

    @property
    def value(self) -> Any:
        """The body as a JSON value; None where it is none."""
        try:
            return strict_loads(self.body)
        except JsonError:
            return None


class Client:
    """Keeps connections, follows no redirect, reads a megabyte at most, waits on the clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._pool: httpcore.AsyncConnectionPool | None = None

    async def get(self, url: str, *, token: str | None = None, timeout: float) -> Reply:  # noqa: ASYNC109 - on the injected clock
        """GET. Raises UnreachableError."""
        return await self._ask("GET", url, None, token, timeout)

    async def post(
        self,
        url: str,
        value: Mapping[str, Any],
        *,
        token: str | None = None,
        timeout: float,  # noqa: ASYNC109 - on the injected clock
    ) -> Reply:
        """POST `value` as JSON. Raises UnreachableError."""
        return await self._ask("POST", url, dumps(value).encode(), token, timeout)

    async def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.aclose()

    async def _ask(
        self, method: str, url: str, body: bytes | None, token: str | None, seconds: float
    ) -> Reply:
        import httpcore  # noqa: PLC0415 - not before the first outgoing call

        if self._pool is None:
            self._pool = httpcore.AsyncConnectionPool(max_connections=100, keepalive_expiry=30)
        headers = [(b"accept", b"application/json")]
        if body is not None:
            headers.append((b"content-type", b"application/json"))
        if token is not None:
            headers.append((b"authorization", b"Bearer " + token.encode()))
        try:
            async with self.clock.timeout(seconds):
                return await _exchange(self._pool, method, url, headers, body)
        except TimeoutError:
            raise UnreachableError(f"no answer within {seconds:g} s") from None
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            httpcore.UnsupportedProtocol,
            OSError,
            ValueError,
        ) as error:
            raise UnreachableError(_words(error)) from None


async def _exchange(
    pool: "httpcore.AsyncConnectionPool",
    method: str,
    url: str,
    headers: list[tuple[bytes, bytes]],
    body: bytes | None,
) -> Reply:
    async with pool.stream(method, url, headers=headers, content=body) as response:
        parts, size = [], 0
        async for part in response.aiter_stream():
            parts.append(part)
            size += len(part)
            if size > LARGEST_REPLY:
                raise ValueError("the answer is larger than a megabyte")
    return Reply(response.status, b"".join(parts))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
