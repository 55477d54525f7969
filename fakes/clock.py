"""Time for the fakes: the machine's own, or one that a test moves by hand."""

import asyncio
import contextlib
import heapq
import itertools
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Clock", "ManualClock", "SystemClock"]

Task = asyncio.Task[Any]

_GRACE = 0.02  # real seconds that a held request has to learn that its caller gave up


class Clock(ABC):
    """What a fake knows of time; seconds everywhere."""

    @abstractmethod
    def now(self) -> float:
        """Seconds since the epoch."""

    @abstractmethod
    def monotonic(self) -> float:
        """Seconds since some fixed moment; never falls."""

    @abstractmethod
    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass for the calling thread."""

    @abstractmethod
    async def asleep(self, seconds: float) -> None:
        """Let `seconds` pass for the calling task."""

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[Any]:
        """End the block with `TimeoutError` after `seconds`."""
        return asyncio.timeout(seconds)

    def follow(self, task: Task) -> None:  # noqa: B027 - real time waits for nobody
        """Note a background task, so that a clock moved by hand can wait for it."""

    def holding(self) -> AbstractContextManager[None]:
        """Mark the block as one that keeps a caller waiting on purpose."""
        return contextlib.nullcontext()


class SystemClock(Clock):
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))

    async def asleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(order=True, slots=True)
class _Alarm:
    when: float
    number: int
    ring: Callable[[], None] = field(compare=False)
    task: Task | None = field(compare=False)
    cancelled: bool = field(default=False, compare=False)


class ManualClock(Clock):
    """A clock that stands still until it is moved.

    `advance(seconds)` goes from alarm to alarm in order and, after each, waits for the followed
    tasks that it woke until they sleep again, so that three beats in 180 seconds are three beats
    at 60, 120 and 180. A thread that calls `sleep` moves the clock itself.
    """

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self._start = start
        self._now = start
        self._numbers = itertools.count()
        self._alarms: list[_Alarm] = []
        self._followed: set[Task] = set()
        self._awake: set[Task] = set()
        self._held = 0
        self._state = threading.Condition(threading.RLock())
        self._driver = threading.RLock()

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now - self._start

    def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))

    async def asleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        alarm = self._set(seconds, _from_any_thread(loop, _finish, woken))
        try:
            with self._resting(alarm.task):
                await woken
        finally:
            alarm.cancelled = True

    @contextlib.asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as limit:
            alarm = self._set(seconds, _from_any_thread(loop, _expire, limit))
            try:
                yield
            finally:
                alarm.cancelled = True

    def follow(self, task: Task) -> None:
        with self._state:
            self._followed.add(task)
            self._awake.add(task)
        task.add_done_callback(self._forget)

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        self._hold(1)
        try:
            yield
        finally:
            self._hold(-1)

    def advance(self, seconds: float, *, patience: float = 5.0) -> None:
        """Move the clock; waits at most `patience` real seconds for the tasks of each step."""
        with self._driver:
            target = self._now + seconds
            self._wait_until_settled(patience)
            while self._step(target):
                self._wait_until_settled(patience)

    def _set(self, seconds: float, ring: Callable[[], None]) -> _Alarm:
        task = asyncio.current_task()
        with self._state:
            followed = task if task in self._followed else None
            alarm = _Alarm(self._now + seconds, next(self._numbers), ring, followed)
            heapq.heappush(self._alarms, alarm)
        return alarm

    @contextlib.contextmanager
    def _resting(self, task: Task | None) -> Iterator[None]:
        if task is None:
            yield
            return
        with self._state:
            self._awake.discard(task)
            self._state.notify_all()
        try:
            yield
        finally:
            with self._state:
                self._awake.add(task)

    def _forget(self, task: Task) -> None:
        with self._state:
            self._followed.discard(task)
            self._awake.discard(task)
            self._state.notify_all()

    def _hold(self, change: int) -> None:
        with self._state:
            self._held += change
            self._state.notify_all()

    def _step(self, target: float) -> bool:
        """Ring what is due next, not later than `target`; false when nothing was."""
        with self._state:
            while self._alarms and self._alarms[0].cancelled:
                heapq.heappop(self._alarms)
            if not self._alarms or self._alarms[0].when > target:
                self._now = max(self._now, target)
                return False
            moment = self._alarms[0].when
            self._now = max(self._now, moment)
            while self._alarms and self._alarms[0].when <= moment:
                alarm = heapq.heappop(self._alarms)
                if not alarm.cancelled:
                    if alarm.task in self._followed:
                        self._awake.add(alarm.task)
                    alarm.ring()
            return True

    def _wait_until_settled(self, patience: float) -> None:
        with self._state:
            self._state.wait_for(lambda: len(self._awake) <= self._held, patience)
            if self._awake:
                self._state.wait_for(lambda: not self._awake, _GRACE)
            if self._held:
                self._state.wait_for(lambda: not self._held, _GRACE)


def _from_any_thread(
    loop: asyncio.AbstractEventLoop, call: Callable[[Any], None], subject: object
) -> Callable[[], None]:
    def ring() -> None:
        with contextlib.suppress(RuntimeError):  # the loop of a stopped fake is closed
            loop.call_soon_threadsafe(call, subject)

    return ring


def _finish(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)


def _expire(limit: asyncio.Timeout) -> None:
    with contextlib.suppress(RuntimeError):  # the block was left in the same moment
        limit.reschedule(asyncio.get_running_loop().time())
