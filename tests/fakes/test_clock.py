"""Time that is moved by hand, and what waits for it."""

import asyncio
import threading
import time

import pytest

from udckit.fakes import Clock, ManualClock, SystemClock


def on_a_loop(
    clock: ManualClock, *sleeps: float
) -> tuple[list[float], threading.Thread, asyncio.AbstractEventLoop]:
    """A followed task on a loop of its own that notes when it wakes."""
    woken: list[float] = []
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def work() -> None:
        task = asyncio.current_task()
        assert task is not None
        clock.follow(task)
        ready.set()
        for seconds in sleeps:
            await clock.asleep(seconds)
            woken.append(clock.monotonic())

    def run() -> None:
        loop.run_until_complete(work())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(5)
    return woken, thread, loop


def test_a_manual_clock_stands_still() -> None:
    clock = ManualClock(100.0)

    assert (clock.now(), clock.monotonic()) == (100.0, 0.0)


def test_advance_moves_both_readings() -> None:
    clock = ManualClock(100.0)

    clock.advance(7.5)

    assert (clock.now(), clock.monotonic()) == (107.5, 7.5)


def test_a_thread_that_sleeps_moves_the_clock() -> None:
    clock = ManualClock()

    clock.sleep(60)

    assert clock.monotonic() == 60


def test_advance_stops_at_every_alarm_on_the_way() -> None:
    clock = ManualClock()
    woken, thread, _ = on_a_loop(clock, 60, 60, 60)

    clock.advance(180)

    thread.join(5)
    assert woken == [60, 120, 180]


def test_a_short_advance_wakes_nobody() -> None:
    clock = ManualClock()
    woken, thread, _ = on_a_loop(clock, 60)

    clock.advance(59.9)
    assert woken == []
    clock.advance(0.1)

    thread.join(5)
    assert woken == [60]


def test_two_tasks_keep_their_order() -> None:
    clock = ManualClock()
    slow, one, _ = on_a_loop(clock, 50, 50)
    fast, two, _ = on_a_loop(clock, 30, 30, 30)

    clock.advance(100)

    one.join(5)
    two.join(5)
    assert slow == [50, 100]
    assert fast == [30, 60, 90]


@pytest.mark.parametrize("clock", [ManualClock(), SystemClock()])
def test_a_timeout_that_is_not_reached_does_nothing(clock: Clock) -> None:
    async def quick() -> str:
        async with clock.timeout(5):
            await asyncio.sleep(0)
        return "done"

    assert asyncio.run(quick()) == "done"


def test_a_timeout_ends_with_the_clock_and_not_before() -> None:
    clock = ManualClock()
    outcome: list[str] = []

    async def waits() -> None:
        task = asyncio.current_task()
        assert task is not None
        clock.follow(task)
        started.set()
        try:
            async with clock.timeout(5):
                with clock.holding():
                    await asyncio.Event().wait()
        except TimeoutError:
            outcome.append(f"over at {clock.monotonic():g}")

    started = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(waits()))
    thread.start()
    started.wait(5)
    clock.advance(4.9)
    assert outcome == []
    clock.advance(0.1)
    thread.join(5)

    assert outcome == ["over at 5"]


def test_a_system_timeout_ends_in_real_time() -> None:
    async def waits() -> None:
        async with SystemClock().timeout(0.01):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(waits())


def test_the_system_clock_is_the_machine_s() -> None:
    clock = SystemClock()
    before = time.monotonic()

    clock.sleep(0)

    assert abs(clock.now() - time.time()) < 5
    assert clock.monotonic() >= before


def test_a_cancelled_sleep_rings_no_more() -> None:
    clock = ManualClock()

    async def gives_up() -> None:
        task = asyncio.ensure_future(clock.asleep(10))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(gives_up())
    clock.advance(20)

    assert clock.monotonic() == 20
