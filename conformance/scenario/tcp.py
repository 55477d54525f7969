"""A TCP proxy before something that a droplet depends on: open, cut, or hung."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Final, Literal, Self

__all__ = ["TcpProxy"]

State = Literal["open", "cut", "hung"]

_CHUNK: Final = 64 * 1024
_CONNECTS_WITHIN: Final = 5.0
_JOINS_WITHIN: Final = 2.0


class TcpProxy:
    """Passes bytes on to `upstream`, two threads a connection, on a port of loopback.

    `cut` drops what is connected and refuses what comes; `hang` takes connections and bytes and
    is silent; `restore` passes on again, what was held back while it hung as well.
    """

    def __init__(self, upstream: tuple[str, int]) -> None:
        self._upstream = upstream
        self._changed = threading.Condition()
        self._state: State = "open"
        self._ever_hung = False
        self._ends: set[socket.socket] = set()
        self._connections = 0
        self.peak = 0
        """The most connections that were open at once; those that hang are not counted."""
        self.taken = 0
        """The connections that came, however short they were."""
        self._door = _door(0)
        self.port: int = self._door.getsockname()[1]

    @property
    def place(self) -> tuple[str, int]:
        """Where it listens."""
        return "127.0.0.1", self.port

    def __enter__(self) -> Self:
        self._open_door()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def cut(self) -> None:
        """Drop what is connected, and refuse from now on."""
        with self._changed:
            self._state = "cut"
            ends, self._ends = self._ends, set()
            self._changed.notify_all()
        _shut(self._door)
        for end in ends:
            _shut(end)
        self._doorman.join(_JOINS_WITHIN)

    def hang(self) -> None:
        """Take connections and bytes, and say nothing."""
        with self._changed:
            self._state = "hung"
            self._ever_hung = True

    def restore(self) -> None:
        """Pass on again, what hung as well."""
        was = self._state
        with self._changed:
            self._state = "open"
            self._changed.notify_all()
        if was == "cut":
            self._door = _door(self.port)
            self._open_door()

    def _open_door(self) -> None:
        self._doorman = threading.Thread(
            target=self._take, args=(self._door,), name="udckit-tcp", daemon=True
        )
        self._doorman.start()

    def _take(self, door: socket.socket) -> None:
        while True:
            try:
                near, _ = door.accept()
            except OSError:
                return
            self.taken += 1
            threading.Thread(
                target=self._join_up, args=(near,), name="udckit-tcp-pair", daemon=True
            ).start()

    def _join_up(self, near: socket.socket) -> None:
        """Connect the other side once the way is open, and pass bytes in both directions."""
        with contextlib.ExitStack() as stack:
            stack.callback(_shut, near)
            if not self._keep(near) or not self._is_open():
                return
            try:
                far = socket.create_connection(self._upstream, _CONNECTS_WITHIN)
            except OSError:
                return
            far.settimeout(None)
            stack.callback(_shut, far)
            if not self._keep(far):
                return
            self._count(1)
            stack.callback(self._count, -1)
            back = threading.Thread(
                target=self._pass_on, args=(far, near), name="udckit-tcp-back", daemon=True
            )
            back.start()
            self._pass_on(near, far)
            back.join()

    def _pass_on(self, here: socket.socket, there: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := here.recv(_CHUNK):
                if not self._is_open():
                    return
                there.sendall(data)
        with contextlib.suppress(OSError):
            there.shutdown(socket.SHUT_WR)

    def _keep(self, end: socket.socket) -> bool:
        """Know an end of a connection, so that a cut finds it; False where it was cut already."""
        with self._changed:
            if self._state == "cut":
                return False
            self._ends.add(end)
            return True

    def _is_open(self) -> bool:
        """Wait while it hangs."""
        with self._changed:
            self._changed.wait_for(lambda: self._state != "hung")
            return self._state == "open"

    def _count(self, change: int) -> None:
        with self._changed:
            self._connections += change
            if not self._ever_hung:
                self.peak = max(self.peak, self._connections)


def _door(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port), backlog=128)


def _shut(end: socket.socket) -> None:
    """Close a socket on which another thread may be waiting."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
