"""The target's clock as the kit keeps it: the machine's own, or one that runs faster."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from udckit.fakes import Clock, ManualClock

__all__ = ["FasterClock", "Leg", "in_target_time", "speed_of", "word_for"]

_SLICE: Final = 0.05
"""Real seconds after which a sleeper looks whether the speed has changed."""


@dataclass(frozen=True, slots=True)
class Leg:
    """From a moment of the machine on, `speed` seconds of the target pass in each of its own.

    `real` and `target` are seconds since the clock began.
    """

    real: float
    target: float
    speed: float

    def at(self, real: float) -> float:
        """Give the target's seconds at a moment of the machine."""
        return self.target + (real - self.real) * self.speed

    @property
    def offset(self) -> float:
        """Where the target would have begun, had it run at this speed from the beginning."""
        return self.target - self.real * self.speed


class FasterClock(Clock):
    """Runs as the machine's clock does until `hurry`, then `factor` times as fast, until `walk`.

    A change of speed is continuous. `epoch` is when it began, on both clocks.
    """

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self.epoch = time.time()
        self.mark = time.monotonic()
        self._legs: tuple[Leg, ...] = (Leg(0.0, 0.0, 1.0),)
        self._changing = threading.Lock()

    @property
    def leg(self) -> Leg:
        """The leg that it is on."""
        return self._legs[-1]

    def hurry(self, tell: Callable[[Leg], None] = lambda _: None) -> None:
        """Run at the factor from now on; `tell` tells the target, just before it is so."""
        self._change(self.factor, tell)

    def walk(self, tell: Callable[[Leg], None] = lambda _: None) -> None:
        """Run as the machine's clock does from now on."""
        self._change(1.0, tell)

    def _change(self, speed: float, tell: Callable[[Leg], None]) -> None:
        with self._changing:
            real = time.monotonic() - self.mark
            leg = Leg(real, self.leg.at(real), speed)
            tell(leg)
            self._legs = (*self._legs, leg)

    def of(self, epoch: float) -> float:
        """Give the target's time at a moment of the machine's clock."""
        real = epoch - self.epoch
        leg = next((each for each in reversed(self._legs) if each.real <= real), self._legs[0])
        return self.epoch + leg.at(real)

    def now(self) -> float:
        return self.epoch + self.monotonic()

    def monotonic(self) -> float:
        return self.leg.at(time.monotonic() - self.mark)

    def sleep(self, seconds: float) -> None:
        ends = self.monotonic() + seconds
        while (left := ends - self.monotonic()) > 0:
            time.sleep(min(_SLICE, left / self.leg.speed))

    async def asleep(self, seconds: float) -> None:
        ends = self.monotonic() + seconds
        await asyncio.sleep(0)
        while (left := ends - self.monotonic()) > 0:  # noqa: ASYNC110 - time is no event
            await asyncio.sleep(min(_SLICE, left / self.leg.speed))

    def timeout(self, seconds: float) -> contextlib.AbstractAsyncContextManager[Any]:
        return asyncio.timeout(seconds / self.leg.speed)


def in_target_time(clock: Clock, epoch: float) -> float:
    """Give the target's time at a moment of the machine's clock."""
    return clock.of(epoch) if isinstance(clock, FasterClock) else epoch


def speed_of(clock: Clock) -> float:
    """Seconds of the target that pass in one of the machine at this moment."""
    return clock.leg.speed if isinstance(clock, FasterClock) else 1.0


def word_for(clock: Clock) -> str:
    """Say which clock a recording was made by: real, x20, by hand."""
    if isinstance(clock, FasterClock):
        return f"x{clock.factor:g}"
    return "by hand" if isinstance(clock, ManualClock) else "real"
