"""Waiting for the end of a process that serves: a signal, or somebody who says that it is over."""

import contextlib
import select
import signal
import socket
from collections.abc import Iterator
from types import TracebackType
from typing import Self

__all__ = ["Ending", "until_signalled"]


class Ending:
    """An event that a signal sets, at whatever moment it comes.

    `threading.Event`, set by a signal handler, is none: a signal that comes on the way into `wait`
    finds its lock held, or is handled only after the wait for it. Here a byte tells it.
    """

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._reader.close()
        self._writer.close()

    def set(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: it was said often enough
            self._writer.send(b"\0")

    def is_set(self) -> bool:
        return bool(select.select([self._reader], [], [], 0)[0])

    def wait(self) -> None:
        """Come back when it is set, at once where it was; what was said stays said."""
        select.select([self._reader], [], [])

    def listen_to(self, *numbers: signal.Signals) -> None:
        """Let these signals set it, and do nothing else."""
        for number in numbers:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)


@contextlib.contextmanager
def until_signalled() -> Iterator[Ending]:
    """Give what Ctrl-C and SIGTERM set from now on; to be called in the main thread."""
    with Ending() as over:
        over.listen_to(signal.SIGINT, signal.SIGTERM)
        try:
            yield over
        finally:
            signal.set_wakeup_fd(-1)
