"""Peers of the kit's: each listens on a socket, writes down what comes, and answers 200.

They take what a FakeDroplet would refuse: a call that is no HTTP, without a token, or for a key.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass
from typing import Final

from udckit.conformance.forge import attacker_key_files

__all__ = ["Call", "Peer"]

_MOST: Final = 64 * 1024
_PATIENCE: Final = 5.0
_END: Final = b"\r\n\r\n"
_RECEIVED: Final = b'{"received": true, "message_id": "udckit-1", "status": "processing"}'
"""Right for a message, and for a callback."""

_FAILURE: Final = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
    b"Content-Length: 57\r\n\r\n"
    b'{"error":{"code":"INTERNAL_ERROR","message":"It broke."}}'
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came, or a connection: then method, target and body are empty.

    Bytes that are no HTTP have no method.
    """

    at: float
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Peer:
    """Listens on a free port of `host`; raises OSError where it cannot.

    One that `fails` answers 500 to everything.
    """

    def __init__(self, host: str = "127.0.0.1", *, fails: bool = False) -> None:
        self.host = host
        self.fails = fails
        self.calls: list[Call] = []
        self._news = threading.Condition()
        self._socket = socket.create_server((host, 0))
        self.port: int = self._socket.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._closed = False
        self._thread = threading.Thread(target=self._listen, name="udckit-peer", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://{self.host}:{self.port}"

    def wait_for(self, mark: str, seconds: float) -> list[Call]:
        """Give the calls that hold a mark, waiting until there is one, or the time is over.

        An empty mark is held by everything, a mere connection included.
        """

        def marked() -> list[Call]:
            return [
                each for each in self.calls if mark in each.target or mark.encode() in each.body
            ]

        with self._news:
            self._news.wait_for(marked, seconds)
            return marked()

    def close(self) -> None:
        """Close the socket and every connection."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join(_PATIENCE)

    def _listen(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._note(Call(time.time(), "", "", (), b""))
        with contextlib.suppress(OSError), connection:
            connection.settimeout(_PATIENCE)
            while (call := _read(connection)) is not None:
                self._note(call)
                if not call.method:
                    break
                connection.sendall(_FAILURE if self.fails else _answer(call.target))
        self._open.discard(connection)

    def _note(self, call: Call) -> None:
        with self._news:
            self.calls.append(call)
            self._news.notify_all()


def _read(connection: socket.socket) -> Call | None:
    """Read one call; None where nothing (more) came."""
    raw = b""
    with contextlib.suppress(TimeoutError):
        while _END not in raw and len(raw) < _MOST and (part := connection.recv(_MOST)):
            raw += part
            if not _may_be_http(raw):
                break
    if not raw:
        return None
    at = time.time()
    head, end, body = raw.partition(_END)
    start, *lines = head.decode("latin-1").split("\r\n")
    words = start.split(" ")
    if not end or len(words) != 3:  # noqa: PLR2004 - method, target, version
        return Call(at, "", "", (), raw)
    pairs = tuple(
        (name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines)
    )
    size = next((value for name, value in pairs if name.lower() == "content-length"), "0")
    wanted = min(int(size) if size.isdigit() else 0, _MOST)
    with contextlib.suppress(TimeoutError):
        while len(body) < wanted and (part := connection.recv(_MOST)):
            body += part
    if any(n.lower() == "transfer-encoding" and "chunked" in v.lower() for n, v in pairs):
        body = _unchunked(connection, body)
    return Call(at, words[0], words[1], pairs, body)


def _may_be_http(raw: bytes) -> bool:
    """True where the first bytes look like a method."""
    word = raw[:8].split(b" ")[0]
    return word.isalpha() and word.isupper()


def _unchunked(connection: socket.socket, raw: bytes) -> bytes:
    """Read a chunked body to its end and put it together."""
    with contextlib.suppress(TimeoutError):
        while b"\r\n0\r\n" not in b"\r\n" + raw and len(raw) < _MOST:
            part = connection.recv(_MOST)
            if not part:
                break
            raw += part
    body = b""
    while raw:
        size, _, raw = raw.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0], 16)
        except ValueError:
            break
        if not length:
            break
        body, raw = body + raw[:length], raw[length + 2 :]
    return body


def _answer(target: str) -> bytes:
    """Answer 200: the attacker's key where one is asked for, else that it was received."""
    media, body = attacker_key_files().get(
        target.rsplit("/", 1)[-1], ("application/json", _RECEIVED)
    )
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
