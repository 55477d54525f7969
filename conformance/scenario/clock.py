"""The target's clock as the kit keeps it: the machine's own, or one that runs faster."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from udckit.fakes import Clock, ManualClock

__all__ = ["FasterClock", "in_target_time", "word_for"]


class FasterClock(Clock):
    """The machine's clock until `begin`; from then on `factor` seconds pass in each."""

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self._epoch = time.time()
        self._mark = time.monotonic()

    def of(self, epoch: float) -> float:
        """Give the target's time at a moment of the machine's clock."""
        return self._epoch + (epoch - self._epoch) * self.factor

    def now(self) -> float:
        return self._epoch + self.monotonic()

    def monotonic(self) -> float:
        return (time.monotonic() - self._mark) * self.factor

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / self.factor)

    async def asleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.factor)

    def timeout(self, seconds: float) -> contextlib.AbstractAsyncContextManager[Any]:
        return asyncio.timeout(seconds / self.factor)


def in_target_time(clock: Clock, epoch: float) -> float:
    """Give the target's time at a moment of the machine's clock."""
    return clock.of(epoch) if isinstance(clock, FasterClock) else epoch


def word_for(clock: Clock) -> str:
    """Say which clock a recording was made by: real, x20, by hand."""
    if isinstance(clock, FasterClock):
        return f"x{clock.factor:g}"
    return "by hand" if isinstance(clock, ManualClock) else "real"
