"""HTTP/1.1 messages as they stood on the wire: what nobody touches goes on byte for byte."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

__all__ = ["Message", "read_answer", "read_request"]

HEAD_LIMIT: Final = 4 * 1024 * 1024
"""Bytes that a head may have; the droplet behind has narrower limits of its own."""

_END: Final = b"\r\n\r\n"
_BODILESS: Final = frozenset({204, 304})


@dataclass(slots=True)
class Message:
    """One request or answer. `wire` is what came; it is sent again unless something was changed."""

    start: str
    headers: list[tuple[str, str]]
    body: bytes
    wire: bytes
    changed: bool = False
    closes: bool = False

    def header(self, name: str) -> str | None:
        """Give the first value of a header."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def set_header(self, name: str, value: str | None) -> None:
        """Replace a header where it stands, add it at the end, or (None) take every one away."""
        kept: list[tuple[str, str]] = []
        placed = value is None
        for key, old in self.headers:
            if key.lower() != name.lower():
                kept.append((key, old))
            elif not placed:
                kept.append((key, value or ""))
                placed = True
        if not placed:
            kept.append((name, value or ""))
        self.headers = kept
        self.changed = True

    def set_body(self, body: bytes) -> None:
        """Replace the body; its length is told anew when the message is sent."""
        self.body = body
        self.changed = True

    @property
    def method(self) -> str:
        """The method of a request."""
        return self.start.split(" ", 1)[0]

    @property
    def target(self) -> str:
        """Path and query of a request."""
        parts = self.start.split(" ")
        return parts[1] if len(parts) > 1 else ""

    def set_target(self, method: str, target: str) -> None:
        """Ask for something else."""
        self.start = f"{method} {target} HTTP/1.1"
        self.changed = True

    @property
    def status(self) -> int:
        """The status code of an answer."""
        return int(self.start.split(" ")[1])

    def set_status(self, status: int) -> None:
        """Answer with another status code."""
        self.start = f"HTTP/1.1 {status} Faulty"
        self.changed = True

    def as_parts(self) -> tuple[bytes, bytes]:
        """Give head and body for the wire; the order and the case of the headers stay."""
        if not self.changed:
            end = self.wire.index(_END) + len(_END)
            return self.wire[:end], self.wire[end:]
        framing = {"content-length", "transfer-encoding"}
        framed = bool(self.body) or any(key.lower() in framing for key, _ in self.headers)
        kept = [f"{key}: {value}" for key, value in self.headers if key.lower() not in framing]
        if framed:
            kept.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([self.start, *kept]).encode("latin-1") + _END, self.body

    def as_bytes(self) -> bytes:
        """Give what goes on the wire."""
        return b"".join(self.as_parts()) if self.changed else self.wire


async def read_request(reader: asyncio.StreamReader) -> Message | None:
    """Read one request; None where the client has gone."""
    try:
        head = await reader.readuntil(_END)
    except asyncio.IncompleteReadError:
        return None
    start, headers = _parsed(head)
    body, raw = await _framed(reader, headers)
    return Message(start, headers, body, head + raw, closes=_closes(headers))


async def read_answer(reader: asyncio.StreamReader, method: str) -> tuple[bytes, Message]:
    """Read one answer, and the informational heads (1xx) that came before it."""
    before = b""
    while True:
        head = await reader.readuntil(_END)
        start, headers = _parsed(head)
        status = int(start.split(" ")[1])
        if status >= 200:
            break
        before += head
    closes = _closes(headers)
    if method == "HEAD" or status in _BODILESS:
        return before, Message(start, headers, b"", head, closes=closes)
    names = {key.lower() for key, _ in headers}
    if not names & {"content-length", "transfer-encoding"}:
        body = await reader.read()
        return before, Message(start, headers, body, head + body, closes=True)
    body, raw = await _framed(reader, headers)
    return before, Message(start, headers, body, head + raw, closes=closes)


def _parsed(head: bytes) -> tuple[str, list[tuple[str, str]]]:
    start, *lines = head[: -len(_END)].decode("latin-1").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    return start, [(key, value.strip()) for key, _, value in pairs]


def _closes(headers: list[tuple[str, str]]) -> bool:
    return any(key.lower() == "connection" and "close" in value.lower() for key, value in headers)


async def _framed(
    reader: asyncio.StreamReader, headers: list[tuple[str, str]]
) -> tuple[bytes, bytes]:
    """Read a body; give it as it is meant, and as it stood on the wire."""
    for key, value in headers:
        if key.lower() == "transfer-encoding" and "chunked" in value.lower():
            return await _chunked(reader)
    for key, value in headers:
        if key.lower() == "content-length" and value.isdigit():
            body = await reader.readexactly(int(value))
            return body, body
    return b"", b""


async def _chunked(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    parts: list[bytes] = []
    raw: list[bytes] = []
    while True:
        line = await reader.readuntil(b"\r\n")
        raw.append(line)
        size = int(line.split(b";")[0], 16)
        if size == 0:
            break
        part = await reader.readexactly(size + 2)
        raw.append(part)
        parts.append(part[:-2])
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        raw.append(line)
    raw.append(line)
    return b"".join(parts), b"".join(raw)
