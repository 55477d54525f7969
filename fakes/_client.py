"""The fakes' own outgoing calls: one connection each, which is gone when the call is over.

httpcore's pool leaves a socket behind where a task is cancelled while it connects, and a fake that
is stopped cancels whatever it was about. Here every connection is known from its first byte.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from udckit.fakes._strict_json import JsonError, dumps, strict_loads
from udckit.fakes.clock import Clock

__all__ = ["Client", "Reply", "UnreachableError"]

LARGEST_REPLY = 1 << 20
_TURNS = 100  # of the loop, at most, until the last connection has said goodbye


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
    """Follows no redirect, reads a megabyte at most, waits on the clock that it is given."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._lines: set[_Line] = set()

    async def get(
        self,
        url: str,
        *,
        token: str | None = None,
        timeout: float,  # noqa: ASYNC109 - on the injected clock
    ) -> Reply:
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
        """Cut every connection that there is."""
        for _ in range(_TURNS):
            for line in tuple(self._lines):
                line.abandon()
            await asyncio.sleep(0)
            if not self._lines:
                return

    async def _ask(
        self, method: str, url: str, body: bytes | None, token: str | None, seconds: float
    ) -> Reply:
        try:
            place = _Place.of(url)
            sent = place.request(method, body, token)
            async with self.clock.timeout(seconds):
                return await self._exchange(place, sent)
        except TimeoutError:
            raise UnreachableError(f"no answer within {seconds:g} s") from None
        except (OSError, ValueError) as error:
            raise UnreachableError(f"{type(error).__name__}: {error}") from None

    async def _exchange(self, place: "_Place", sent: bytes) -> Reply:
        loop = asyncio.get_running_loop()
        line = _Line(loop.create_future(), self._lines)
        tls = _tls() if place.tls else None
        try:
            await loop.create_connection(lambda: line, place.host, place.port, ssl=tls)
            line.send(sent)
            return await line.reply
        finally:
            line.abandon()


@dataclass(frozen=True, slots=True)
class _Place:
    """A URL taken apart."""

    host: str
    port: int
    tls: bool
    netloc: str
    target: str

    @classmethod
    def of(cls, url: str) -> "_Place":
        """Raises ValueError for what no request can be sent to."""
        if not (url.isascii() and url.isprintable()) or " " in url:
            raise ValueError("the URL holds characters that a URL does not")
        parts = urlsplit(url)
        tls = parts.scheme.lower() == "https"
        if not parts.hostname or (not tls and parts.scheme.lower() != "http"):
            raise ValueError("the URL is not http://host… or https://host…")
        query = f"?{parts.query}" if parts.query else ""
        return cls(
            host=parts.hostname,
            port=parts.port or (443 if tls else 80),
            tls=tls,
            netloc=parts.netloc.rpartition("@")[2],
            target=(parts.path or "/") + query,
        )

    def request(self, method: str, body: bytes | None, token: str | None) -> bytes:
        """The bytes of a request."""
        lines = [
            f"{method} {self.target} HTTP/1.1",
            f"host: {self.netloc}",
            "accept: application/json",
            "connection: close",
        ]
        if token is not None:
            lines.append(f"authorization: Bearer {token}")
        if body is not None:
            lines += ["content-type: application/json", f"content-length: {len(body)}"]
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("latin-1", "replace") + (body or b"")


class _Line(asyncio.Protocol):
    """One connection and the one answer that comes on it."""

    def __init__(self, reply: "asyncio.Future[Reply]", lines: "set[_Line]") -> None:
        from httptools import HttpResponseParser  # noqa: PLC0415 - not before the first call

        self.reply = reply
        self._lines = lines
        self._parser = HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._abandoned = self._framed = self._has_head = False
        self._parts: list[bytes] = []
        self._size = 0

    def send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def abandon(self) -> None:
        """Cut the connection, now or as soon as there is one."""
        self._abandoned = True
        if not self.reply.done():
            self.reply.cancel()
        elif not self.reply.cancelled():
            self.reply.exception()  # it was looked at
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # TCP gives a Transport
        self._lines.add(self)
        if self._abandoned:
            transport.abort()  # type: ignore[attr-defined]  # likewise

    def connection_lost(self, exc: Exception | None) -> None:
        self._lines.discard(self)
        if self._has_head and not self._framed and exc is None:
            self.on_message_complete()
        self._fail(exc or ConnectionResetError("the connection was closed before the answer"))

    def data_received(self, data: bytes) -> None:
        from httptools import HttpParserError  # noqa: PLC0415 - loaded long ago

        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self._fail(ValueError("what came is no HTTP"))

    # httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        del value
        self._framed |= name.lower() in {b"content-length", b"transfer-encoding"}

    def on_headers_complete(self) -> None:
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > LARGEST_REPLY:
            self._fail(ValueError("the answer is larger than a megabyte"))
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # noqa: PLR2004 - an interim answer: the real one follows
            self._has_head = self._framed = False
        elif not self.reply.done():
            self.reply.set_result(Reply(status, b"".join(self._parts)))

    def _fail(self, error: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(error)
        with contextlib.suppress(AttributeError):
            self._transport.abort()  # type: ignore[union-attr]  # there may be none


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
