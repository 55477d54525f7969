"""libfaketime, which makes a launched target's clock run faster, and how it is told the speed.

The library reckons `start + offset + (real - start) * speed`. Each process would take its own birth
for `start`; it is given one for all through the shared memory in which its own wrapper passes
it, so that a target of several processes has one clock, which the kit knows to the millisecond.
The speed stands in a file that is read at each look at the clock.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import itertools
import os
import struct
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Self

from udckit.conformance.scenario.clock import FasterClock, Leg

__all__ = ["LibraryClock", "find_library"]

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - where POSIX shared memory is, not a file of ours
_SYSTEM: Final = ("/usr/lib", "/usr/lib64", "/usr/local/lib")
_NAMES: Final = ("*/faketime/libfaketimeMT.so.1", "faketime/libfaketimeMT.so.1")
_PACKAGED: Final = "vendor/libfaketime/src/libfaketime.so.1"
_BILLION: Final = 1_000_000_000
_CLOCKS: Final = (
    time.CLOCK_REALTIME,
    time.CLOCK_MONOTONIC,
    getattr(time, "CLOCK_MONOTONIC_RAW", time.CLOCK_MONOTONIC),
    getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC),
)
"""In the order in which the library keeps their start."""

_numbers: Final = itertools.count(1)


def find_library() -> Path | None:
    """Find a libfaketime that stands threads: the system's, else that of PyPI's package.

    None where there is none, or where this system has no way to hand it a start.
    """
    if not sys.platform.startswith("linux") or not os.access(_MEMORY, os.W_OK):
        return None
    for place in map(Path, _SYSTEM):
        for name in _NAMES:
            for found in sorted(place.glob(name)):
                return found
    return next(_packaged(), None)


def _packaged() -> Iterator[Path]:
    found = importlib.util.find_spec("libfaketime")
    for place in (found.submodule_search_locations or ()) if found is not None else ():
        library = Path(place) / _PACKAGED
        if library.is_file():
            yield library


class LibraryClock:
    """Keeps the clock of one target's processes where a FasterClock says. Use it as a context."""

    def __init__(self, library: Path, clock: FasterClock) -> None:
        self.clock = clock
        self._library = library
        self._name = f"/udckit-{os.getpid()}-{next(_numbers)}"
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="udckit-clock-"))
            self._speed = Path(folder) / "speed"
            stack.enter_context(_semaphore(self._name))
            memory = _MEMORY / self._name[1:]
            stack.callback(memory.unlink, missing_ok=True)
            memory.touch(0o600)
            memory.write_bytes(_start(self.clock))
            self._tell(self.clock.leg)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def environment(self, before: Mapping[str, str]) -> dict[str, str]:
        """Give what a process needs to live by this clock; `before` is what it has already."""
        preloaded = before.get("LD_PRELOAD", "")
        return {
            "LD_PRELOAD": f"{self._library}:{preloaded}" if preloaded else str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._speed),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_SHARED": f"{self._name} {self._name}",
        }

    def hurry(self) -> None:
        """Run at the clock's factor from now on."""
        self.clock.hurry(self._tell)

    def walk(self) -> None:
        """Run at the machine's speed from now on."""
        self.clock.walk(self._tell)

    def _tell(self, leg: Leg) -> None:
        """Replace the file as a whole: it may be read at any moment."""
        fresh = self._speed.with_suffix(".fresh")
        fresh.write_text(f"{leg.offset:+.6f} x{leg.speed:g}", encoding="ascii")
        fresh.replace(self._speed)


@contextlib.contextmanager
def _semaphore(name: str) -> Iterator[None]:
    """Make the semaphore that the library wants beside the shared memory."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.sem_open.restype = ctypes.c_void_p
    held = libc.sem_open(name.encode(), os.O_CREAT | os.O_EXCL, 0o600, 1)
    if not held:
        raise OSError(ctypes.get_errno(), "no semaphore can be made for the faster clock")
    try:
        yield
    finally:
        libc.sem_close(ctypes.c_void_p(held))
        libc.sem_unlink(name.encode())


def _start(clock: FasterClock) -> bytes:
    """Write when the clock began as the library keeps it: two counters, then each start."""
    ago = time.time() - clock.epoch
    starts = [time.clock_gettime(each) - ago for each in _CLOCKS]
    nanoseconds = [round(each * _BILLION) for each in starts]
    parts = [struct.pack("qq", *divmod(each, _BILLION)) for each in nanoseconds]
    return struct.pack("QQ", 0, 0) + b"".join(parts)
