"""A target that starts as fast as it can, and lives by a faster clock from then on."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from udckit.conformance.heard import Line
from udckit.conformance.scenario.clock import FasterClock
from udckit.conformance.scenario.shim import LibraryClock
from udckit.conformance.scenario.stand import Surround, Target

__all__ = ["FasterTarget", "faster"]

_LOOK_EVERY: Final = 0.02
_CONNECTS_WITHIN: Final = 0.5
_JOINS_WITHIN: Final = 2.0


class FasterTarget:
    """Wraps a target. A start is at normal speed until it asks its Registry, listens or ends.

    It must be told before it sleeps for the first time, for a sleep that has begun is not
    shortened: hence the Registry's journal, which writes a request down before it is answered.
    """

    def __init__(
        self,
        inner: Target,
        keeper: LibraryClock,
        around: Surround,
        on_up: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_up = on_up
        self._inner = inner
        self._keeper = keeper
        self._around = around
        self._started = threading.Event()
        self._over = threading.Event()
        self._watching: threading.Thread | None = None

    @property
    def url(self) -> str:
        return self._inner.url

    @property
    def exit_status(self) -> int | None:
        return self._inner.exit_status

    def start(self, environment: Mapping[str, str]) -> None:
        self.stop()
        self._keeper.walk()
        self._started = threading.Event()
        self._over = threading.Event()
        self._inner.start({**environment, **self._keeper.environment(os.environ)})
        self._watching = threading.Thread(
            target=self._watch, args=(self._over,), name="udckit-clock", daemon=True
        )
        self._watching.start()

    def stop(self) -> int | None:
        self._over.set()
        status = self._inner.stop()
        if self._watching is not None:
            self._watching.join(_JOINS_WITHIN)
            self._watching = None
        return status

    def take_lines(self) -> Sequence[Line]:
        return self._inner.take_lines()

    @contextlib.contextmanager
    def at_own_speed(self) -> Iterator[None]:
        self._keeper.walk()
        try:
            yield
        finally:
            self._keeper.hurry()

    def _watch(self, over: threading.Event) -> None:
        with self._around.registry.journal.told(self._up):
            while not over.is_set() and not self._started.is_set():
                if self._inner.exit_status is not None or self._listens():
                    self._up()
                over.wait(_LOOK_EVERY)

    def _up(self) -> None:
        if not self._started.is_set() and not self._over.is_set():
            self._started.set()
            self._keeper.hurry()
            self._on_up()

    def _listens(self) -> bool:
        where = urlsplit(self._inner.url)
        with contextlib.suppress(OSError):
            socket.create_connection(
                (where.hostname or "127.0.0.1", where.port or 0), timeout=_CONNECTS_WITHIN
            ).close()
            return True
        return False


@contextlib.contextmanager
def faster(
    library: Path,
    clock: FasterClock,
    around: Surround,
    inner: Target,
    on_up: Callable[[], None] = lambda: None,
) -> Iterator[FasterTarget]:
    """Let a target live by this clock as long as the context lasts; `on_up` ends each start."""
    with LibraryClock(library, clock) as keeper:
        target = FasterTarget(inner, keeper, around, on_up)
        try:
            yield target
        finally:
            target.stop()
