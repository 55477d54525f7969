"""Progress of a run: one line that updates, for a terminal, once a run lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

from udckit.conformance import Settings, wanted_rows

__all__ = ["Progress"]

_QUIET_FOR: Final = 1.5
_EVERY: Final = 0.5
_ERASE: Final = "\r\x1b[2K"


class Progress:
    """Listens to the lines of a record, and keeps one line of a terminal up to date.

    `write` puts text on the terminal; None keeps silent. It says something even while the target
    does not: a thread of its own writes.
    """

    def __init__(self, write: Callable[[str], None] | None) -> None:
        self._write = write
        self._began = time.monotonic()
        self._wanted = 0
        self._judged = 0
        self._requests = 0
        self._shown = False
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self, line: dict[str, Any]) -> None:
        """Take a line of the record."""
        match line["kind"]:
            case "header":
                self._wanted = len(wanted_rows(Settings.from_json(line["settings"])))
            case "verdict":
                self._judged += 1
            case "exchange":
                self._requests += 1

    def __enter__(self) -> Self:
        if self._write is not None:
            self._thread = threading.Thread(target=self._run, name="udckit-progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        self.erase()

    def erase(self) -> None:
        """Take the line away, so that something else can be written in its place."""
        with self._lock:
            if self._shown and self._write is not None:
                self._write(_ERASE)
                self._shown = False

    def told(self) -> str:
        """Say how far the run is."""
        seconds = time.monotonic() - self._began
        if not self._wanted:
            return f"waiting for an answer · {seconds:.0f} s"
        judged = min(self._judged, self._wanted)
        return (
            f"{judged} of {self._wanted} requirements · {self._requests} requests · {seconds:.0f} s"
        )

    def _run(self) -> None:
        pause = _QUIET_FOR
        while not self._over.wait(pause):
            with self._lock:
                if self._write is not None:
                    self._write(f"{_ERASE}{self.told()}")
                    self._shown = True
            pause = _EVERY
