"""The faster clock: continuous when its speed changes, and asked about any moment that was."""

import asyncio
import time

from udckit.conformance.scenario import FasterClock
from udckit.conformance.scenario.clock import Leg, in_target_time, word_for
from udckit.fakes import ManualClock, SystemClock


def test_a_faster_clock_begins_as_the_machines_own() -> None:
    clock = FasterClock(20.0)

    assert abs(clock.now() - time.time()) < 0.05
    assert clock.leg.speed == 1.0


def test_a_change_of_speed_is_continuous() -> None:
    clock = FasterClock(50.0)
    legs: list[Leg] = []

    before = clock.monotonic()
    clock.hurry(legs.append)
    after = clock.monotonic()
    clock.walk(legs.append)

    assert 0 <= after - before < 1.0
    assert [leg.speed for leg in legs] == [50.0, 1.0]
    assert legs[1].target == legs[0].at(legs[1].real)


def test_the_offset_of_a_leg_is_what_a_library_reckons_with() -> None:
    leg = Leg(real=10.0, target=15.0, speed=20.0)

    assert leg.offset + 20.0 * 11.0 == leg.at(11.0)


def test_it_sleeps_as_long_as_the_target_would() -> None:
    clock = FasterClock(100.0)
    clock.hurry()
    began, real = clock.monotonic(), time.monotonic()

    clock.sleep(10.0)
    asyncio.run(clock.asleep(10.0))

    assert clock.monotonic() - began >= 20.0
    assert time.monotonic() - real < 10.0


def test_a_sleeper_notices_that_the_speed_has_changed() -> None:
    clock = FasterClock(1000.0)

    async def sleep_meanwhile() -> None:
        sleeper = asyncio.create_task(clock.asleep(300.0))
        await asyncio.sleep(0.01)
        clock.hurry()
        await asyncio.wait_for(sleeper, 30.0)

    asyncio.run(sleep_meanwhile())


def test_a_moment_of_the_past_is_on_the_leg_of_then() -> None:
    clock = FasterClock(10.0)
    early = clock.epoch
    clock.hurry()

    assert in_target_time(clock, early) == early
    late = clock.epoch + clock.leg.real + 1.0
    assert (
        abs(in_target_time(clock, late) - (clock.epoch + clock.leg.at(clock.leg.real + 1.0))) < 1e-3
    )
    assert in_target_time(SystemClock(), early) == early


def test_a_recording_says_by_which_clock_it_was_made() -> None:
    assert [word_for(each) for each in (FasterClock(20.0), ManualClock(), SystemClock())] == [
        "x20",
        "by hand",
        "real",
    ]
