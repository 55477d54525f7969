"""How a scenario lets time pass: in real time it can be ended, by hand the clock is moved."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Final, TypeVar

from udckit.conformance.scenario.clock import FasterClock, speed_of
from udckit.fakes import Clock, ManualClock

__all__ = ["EndedError", "Pace"]

T = TypeVar("T")

_STEP: Final = 0.1
_LONGEST_STEP: Final = 0.5
_LOOK_EVERY: Final = 0.01
_TICK: Final = 0.001
_POLL: Final = 0.25
_LONG: Final = 600.0
_AT_ONCE: Final = 1.0
"""Real seconds after which an answer under a clock moved by hand is one that waits for it."""


class EndedError(Exception):
    """The run was ended while a scenario was under way."""


class Pace:
    """Lets time pass for one scenario."""

    def __init__(self, clock: Clock, ended: threading.Event) -> None:
        self.clock = clock
        self._ended = ended
        self._factor = clock.factor if isinstance(clock, FasterClock) else 1.0
        self._pool: ThreadPoolExecutor | None = None
        self._pools: list[ThreadPoolExecutor] = []

    @property
    def factor(self) -> float:
        """Seconds of the target in one of the machine, once it has started."""
        return self._factor

    @property
    def poll(self) -> float:
        """Seconds of the target after which it is looked to, where there is nothing to ask."""
        return _LONG if isinstance(self.clock, ManualClock) else _POLL * self._factor

    def rest(self, seconds: float) -> None:
        """Let so many seconds of the target pass. Raises EndedError where the run was ended."""
        if isinstance(self.clock, ManualClock):
            self.clock.advance(max(0.0, seconds))
        else:
            self._ended.wait(max(0.0, seconds) / speed_of(self.clock))
        if self._ended.is_set():
            raise EndedError

    def during(self, work: Callable[[], T], within: float) -> T | None:
        """Do what the target answers; a clock that is moved by hand goes on meanwhile.

        On such a clock None is given after `within` seconds, and `work` is left to itself.
        """
        if not isinstance(self.clock, ManualClock):
            return work()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="udckit-scenario-ask")
            self._pools.append(self._pool)
        future: Future[T] = self._pool.submit(work)
        ends = self.clock.now() + within
        patience = _AT_ONCE
        step = _STEP
        while True:
            try:
                return future.result(patience)
            except FutureTimeoutError:
                if self.clock.now() >= ends:
                    self._pool = None
                    return None
                self.clock.advance(step)
                patience = _LOOK_EVERY
                step = min(_LONGEST_STEP, 1.1 * step)

    def tick(self) -> None:
        """Let a moment pass on a clock that is moved by hand, so that what follows is later."""
        if isinstance(self.clock, ManualClock):
            self.clock.advance(_TICK)

    def close(self) -> None:
        for pool in self._pools:
            pool.shutdown(wait=True)
