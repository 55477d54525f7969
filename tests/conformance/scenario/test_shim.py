"""libfaketime under the kit's own shared start: exact, for every process of a target."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from udckit.conformance.scenario import FasterClock
from udckit.conformance.scenario.shim import LibraryClock, find_library

LIBRARY = find_library()
needs_library = pytest.mark.skipif(LIBRARY is None, reason="no libfaketime is installed")

CHILD = "import time; print(time.time(), flush=True)"
PAIR = (
    "import subprocess, sys, time; subprocess.run([sys.executable, '-c', "
    f"{CHILD!r}]); print(time.time())"
)


def _told(keeper: LibraryClock, script: str) -> list[float]:
    environment = {**os.environ, **keeper.environment({})}
    words = [sys.executable, "-S", "-c", script]
    text = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return [float(line) for line in text.stdout.split()]


@needs_library
def test_processes_of_one_target_share_one_clock_which_the_kit_knows() -> None:
    assert LIBRARY is not None
    clock = FasterClock(50.0)
    with LibraryClock(LIBRARY, clock) as keeper:
        keeper.hurry()
        earliest = clock.now()
        child, parent = _told(keeper, PAIR)
        latest = clock.now()

    assert earliest <= child <= parent <= latest
    assert latest - time.time() > 1.0


@needs_library
def test_a_clock_that_walks_again_keeps_what_it_is_ahead() -> None:
    assert LIBRARY is not None
    clock = FasterClock(100.0)
    with LibraryClock(LIBRARY, clock) as keeper:
        keeper.hurry()
        clock.sleep(20.0)
        keeper.walk()
        ahead = clock.now() - time.time()
        earliest = clock.now()
        (told,) = _told(keeper, CHILD)
        latest = clock.now()

    assert ahead > 15.0
    assert earliest <= told <= latest


@needs_library
def test_nothing_is_left_in_shared_memory() -> None:
    assert LIBRARY is not None
    before = _ours()
    with LibraryClock(LIBRARY, FasterClock(2.0)):
        assert len(_ours() - before) == 2

    assert _ours() == before


def _ours() -> set[str]:
    return {each.name for each in Path("/dev/shm").glob(f"*udckit-{os.getpid()}-*")}  # noqa: S108 - where POSIX shared memory is


@needs_library
def test_what_was_preloaded_before_stays() -> None:
    assert LIBRARY is not None
    with LibraryClock(LIBRARY, FasterClock(2.0)) as keeper:
        assert keeper.environment({"LD_PRELOAD": "/x.so"})["LD_PRELOAD"] == f"{LIBRARY}:/x.so"
