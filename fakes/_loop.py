"""The one event loop, in a thread of its own, on which every fake of a process runs."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["SHARED", "LoopThread"]

T = TypeVar("T")


class LoopThread:
    """A loop in a daemon thread that lives as long as somebody uses it.

    `acquire` starts it for the first user, `release` ends it after the last one.
    """

    def __init__(self, name: str = "udckit-fakes") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._users = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("the loop of the fakes is not running: start a fake first")
        return self._loop

    @property
    def users(self) -> int:
        return self._users

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this very loop."""
        return threading.current_thread() is self._thread

    def acquire(self) -> None:
        with self._lock:
            self._users += 1
            if self._users > 1:
                return
            loop = _new_loop()
            thread = threading.Thread(target=_run, args=(loop,), name=self._name, daemon=True)
            thread.start()
            self._loop, self._thread = loop, thread

    def release(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users:
                return
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:  # pragma: no cover - release without acquire
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` on the loop and wait for what it returns."""
        if self.is_current:
            work.close()
            raise RuntimeError("this blocks, and was called from the fakes' own loop")
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 - absent on Windows, and not needed before the first start
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        asyncio.set_event_loop(None)


SHARED = LoopThread()
