"""Refusing connections for a while, as a service that is down does, and keeping the port."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from udckit.fakes._armed import Faults
from udckit.fakes._server import RunningServer
from udckit.fakes.clock import Clock

__all__ = ["Refusals"]


class Refusals:
    """Keeps a server's socket in step with the faults of the kind `refuse`."""

    faults: Faults

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._server: RunningServer | None = None
        self._alarm: asyncio.Task[None] | None = None
        self._adjusting: asyncio.Task[None] | None = None

    @property
    def in_force(self) -> bool:
        """Whether connections are to be refused now."""
        now = self._clock.now()
        return any(start <= now for start, _ in self.faults.refusals(now))

    def watch(self, server: RunningServer | None) -> None:
        """Answer for `server` from now on, or for none."""
        if server is None:
            self._call(self._quit())
        self._server = server
        self.changed()

    def changed(self) -> None:
        """Look again. When this returns, the socket is as it should be; on the loop, `settled`."""
        server = self._server
        if server is not None and server.loop.is_current:
            self._adjusting = asyncio.ensure_future(self._adjust())
            self._clock.follow(self._adjusting)
        else:
            self._call(self._adjust())

    async def settled(self) -> None:
        """Wait on the loop until the socket is as it should be."""
        if self._adjusting is not None:
            await self._adjusting

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        if self._server is None:
            work.close()
        else:
            self._server.loop.call(work)

    async def _adjust(self) -> None:
        if self._server is None:
            return
        if self.in_force:
            self._server.pause(spared="/__udckit__/")
        else:
            await self._server.resume()
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        now = self._clock.now()
        ahead = [moment for window in self.faults.refusals(now) for moment in window if moment]
        ahead = [moment for moment in ahead if moment > now]
        if ahead:
            self._alarm = asyncio.ensure_future(self._ring(min(ahead) - now))
            self._clock.follow(self._alarm)

    async def _ring(self, seconds: float) -> None:
        await self._clock.asleep(seconds)
        self._alarm = None
        await self._adjust()

    async def _quit(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            await asyncio.gather(self._alarm, return_exceptions=True)
            self._alarm = None
