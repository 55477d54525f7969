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

_GRACE = 0.02  # real seconds in which a task that seems to wait may show that it does not
_FAREWELL = 0.5  # real seconds, at most, in which a held request learns that its caller gave up


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

    async def asleep_until(self, moment: float) -> None:
        """Let time pass for the calling task until `now()` is `moment`."""
        await self.asleep(moment - self.now())

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
    gives_up: bool = field(compare=False)
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
        self._stirred: set[Task] = set()  # rung, and not yet waiting for something again
        self._patient: set[Task] = set()  # awake, and known to wait for an answer that is held
        self._held = 0
        self._leaving = 0  # held requests whose callers were just told to give up
        self._state = threading.Condition(threading.RLock())
        self._driver = threading.RLock()

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now - self._start

    def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))

    async def asleep(self, seconds: float) -> None:
        await self.asleep_until(self._now + seconds)

    async def asleep_until(self, moment: float) -> None:
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        with self._state:
            is_past = moment <= self._now
            alarm = self._set(moment, _from_any_thread(loop, _finish, woken))
            alarm.cancelled = is_past
        if is_past:
            await asyncio.sleep(0)
            return
        try:
            with self._resting(alarm.task):
                await woken
        finally:
            alarm.cancelled = True

    @contextlib.asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as limit:
            ring = _from_any_thread(loop, _expire, limit)
            alarm = self._set(self._now + seconds, ring, gives_up=True)
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

    def _set(self, moment: float, ring: Callable[[], None], *, gives_up: bool = False) -> _Alarm:
        task = asyncio.current_task()
        with self._state:
            followed = task if task in self._followed else None
            number = next(self._numbers)
            alarm = _Alarm(moment, number, ring, followed, gives_up)
            heapq.heappush(self._alarms, alarm)
            if followed is not None:
                self._stirred.discard(followed)
                self._state.notify_all()
        return alarm

    @contextlib.contextmanager
    def _resting(self, task: Task | None) -> Iterator[None]:
        if task is None:
            yield
            return
        with self._state:
            self._awake.discard(task)
            self._patient.discard(task)
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
            self._stirred.discard(task)
            self._state.notify_all()

    def _hold(self, change: int) -> None:
        with self._state:
            self._held += change
            if change < 0:
                self._leaving = max(0, self._leaving + change)
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
                    self._ring(alarm)
            return True

    def _ring(self, alarm: _Alarm) -> None:
        if alarm.task is not None and alarm.task in self._followed:
            self._awake.add(alarm.task)
            self._stirred.add(alarm.task)
            self._patient.discard(alarm.task)
            if alarm.gives_up:
                self._leaving = min(self._held, self._leaving + 1)
        alarm.ring()

    def _wait_until_settled(self, patience: float) -> None:
        with self._state:
            self._state.wait_for(lambda: not self._leaving, _FAREWELL)
            self._leaving = 0
            self._state.wait_for(self._is_settled, patience)
            if self._awake - self._patient:
                self._state.wait_for(lambda: not self._awake, _GRACE)
            self._patient = set(self._awake)

    def _is_settled(self) -> bool:
        """Nobody has anything to do: each task sleeps, or waits for an answer that is held."""
        return not self._stirred and len(self._awake) <= self._held


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
