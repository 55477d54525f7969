"""A raw server on loopback: each connection is given to a script that writes what it likes."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Final, Self

__all__ = ["HostileServer", "Line", "answer"]

_SOON: Final = 5.0


def answer(
    body: bytes = b"{}", *headers: str, status: str = "200 OK", media: str = "application/json"
) -> bytes:
    """Make a whole answer, with its length."""
    told = (f"Content-Type: {media}", f"Content-Length: {len(body)}", *headers)
    lines = "".join(f"{each}\r\n" for each in told)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


class Line:
    """One connection, as a script holds it."""

    def __init__(self, sock: socket.socket, number: int, over: threading.Event) -> None:
        self.number = number
        self._socket = sock
        self._over = over
        self._kept = b""

    def request(self) -> bytes:
        """Read the head of the next request; empty where the client has gone."""
        while b"\r\n\r\n" not in self._kept:
            try:
                part = self._socket.recv(65536)
            except OSError:
                return b""
            if not part:
                return b""
            self._kept += part
        head, _, self._kept = self._kept.partition(b"\r\n\r\n")
        return head

    def rest(self) -> bytes:
        """Give what has come behind the head that was read; wait for it where nothing has."""
        if not self._kept:
            with contextlib.suppress(OSError):
                self._kept = self._socket.recv(65536)
        kept, self._kept = self._kept, b""
        return kept

    def send(self, content: bytes) -> None:
        """Write, unless the client has gone."""
        with contextlib.suppress(OSError):
            self._socket.sendall(content)

    def pour(self, content: bytes) -> None:
        """Write the same without end: until the client has gone."""
        with contextlib.suppress(OSError):
            while not self._over.is_set():
                self._socket.sendall(content)

    def drip(self, content: bytes, seconds: float) -> None:
        """Write byte after byte, with a pause after each."""
        with contextlib.suppress(OSError):
            for each in content:
                self._socket.sendall(bytes([each]))
                if self._over.wait(seconds):
                    return

    def hang(self) -> None:
        """Do nothing until the test is over."""
        self._over.wait()

    def reset(self) -> None:
        """Close with a TCP reset instead of a farewell."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._socket.close()


class HostileServer:
    """Runs a script in a thread for each connection, while the `with` block lasts."""

    def __init__(self, script: Callable[[Line], None]) -> None:
        self._script = script
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, name="hostile")]
        self._sockets: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads[0].join(_SOON)
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join(_SOON)

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock, self.connections))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        with sock:
            self._script(Line(sock, number, self._over))
