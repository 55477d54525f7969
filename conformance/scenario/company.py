"""All scenarios of a run, side by side, each in a thread of its own."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final, Self

from udckit.conformance.backing import Dependency
from udckit.conformance.errors import InvocationError, UnreachableError
from udckit.conformance.record import Recorder
from udckit.conformance.scenario.acts import Scenario
from udckit.conformance.scenario.behind import behind
from udckit.conformance.scenario.belief import Takes, all_serving, doubted, doubted_in_all, serving
from udckit.conformance.scenario.clock import FasterClock
from udckit.conformance.scenario.expected import expected_seconds
from udckit.conformance.scenario.faster import faster
from udckit.conformance.scenario.outage_scenario import DEPENDENCIES
from udckit.conformance.scenario.recording import Recording, Recordings
from udckit.conformance.scenario.runner import Runner
from udckit.conformance.scenario.shim import find_library
from udckit.conformance.scenario.speed import REAL_TIME, Speed, choose_speed, slower
from udckit.conformance.scenario.stand import Surround, Target, surround
from udckit.conformance.scenario.turns import Turns
from udckit.conformance.trigger import Trigger
from udckit.fakes import Clock, SystemClock

__all__ = ["Company"]

_LAST_WAIT: Final = 15.0
_APART: Final = 0.5
_LIKELY: Final = 10.0
"""The factor of a faster clock that a machine of two busy cores bears."""
_CHOOSING: Final = 10.0
_A_START: Final = 1.0

Targets = Callable[[Mapping[str, str]], Target]
"""Makes a target, which is given these variables beside those of each start."""

Subject = Callable[[str], Any]


class Company:
    """Plays scenarios beside everything else. A row that asks for a recording waits for its end.

    `boot` is what a start of the target took. `speed` is the factor of the target's clock that is
    wished for; None lets the kit choose.
    Where a scenario was accelerated, and one of the rows `wanted` does not pass by it, it is played
    again, more slowly and then in real time. `triggers` make the target call others,
    `declares_peers` says that it does.
    """

    def __init__(
        self,
        scenarios: Collection[Scenario],
        targets: Targets,
        recorder: Recorder,
        *,
        startup: float = 40.0,
        boot: float = 0.0,
        clock: Callable[[], Clock] = SystemClock,
        speed: float | None = 1.0,
        wanted: Collection[str] = (),
        dependencies: Sequence[Dependency] = (),
        triggers: Collection[Trigger] = (),
        declares_peers: bool = False,
    ) -> None:
        self._scenarios = tuple(scenarios)
        self._targets = targets
        self._recorder = recorder
        self._startup = startup
        self._boot = boot
        self._clock = clock
        self._wish = speed
        self._wanted = tuple(wanted)
        self._dependencies = tuple(dependencies)
        self._triggers = tuple(triggers)
        self._declares_peers = declares_peers
        self._speed = REAL_TIME
        self._ended = threading.Event()
        self._chosen = threading.Event()
        self._done = {each.name: threading.Event() for each in self._scenarios}
        self._taken: dict[str, tuple[Recording, ...]] = {}
        self._places: dict[str, int] = {}
        self._threads: list[threading.Thread] = []
        self._at_a_time = (os.cpu_count() or 1) + 1
        self._turns = Turns(self._at_a_time)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin: choose the speed, then play, first what surely takes long.

        Starts take turns, for a start keeps a core busy, and what waits keeps none.
        """
        self._begin(self._choose, "udckit-speed")
        longest = sorted(self._scenarios, key=self._lasts, reverse=True)
        numbers = {each.name: number for number, each in enumerate(self._scenarios)}
        self._places = {each.name: place for place, each in enumerate(longest)}
        for place, scenario in enumerate(longest):
            self._turns.expect(place)
            number = numbers[scenario.name]
            work = partial(self._play, scenario, number, place)
            self._begin(work, f"udckit-{scenario.name}")

    def _lasts(self, scenario: Scenario) -> float:
        """Give what it lasts on the target's clock, where a start is no sooner over."""
        start = _LIKELY * max(self._boot, _A_START)
        return expected_seconds(scenario, has_trigger=bool(self._triggers), boot=start)

    def stop(self) -> None:
        """End what is still under way, and stop its target."""
        self._ended.set()
        for thread in self._threads:
            thread.join(_LAST_WAIT)

    def should_take(self) -> float:
        """Give the seconds that all of it should take on this machine, before anything is known.

        All are played beside each other, by a faster clock once that was chosen; so many start at
        a time.
        """
        each = [
            expected_seconds(one, has_trigger=bool(self._triggers), boot=self._boot)
            for one in self._scenarios
        ]
        slow = max(each, default=0.0)
        if not each or self._wish == 1.0 or find_library() is None:
            return slow
        starts = self._boot * len(each) / self._at_a_time
        fast = slow / (self._wish or _LIKELY)
        return min(slow, _CHOOSING + starts + fast)

    def subjects(self) -> Mapping[str, Subject]:
        """Give what the engine hands to checks, by the name of their parameter."""
        return {"recording": self._recording, "recordings": self._recordings}

    def _recording(self, row: str) -> Recording | None:
        name = serving(row)
        if name not in self._done:
            return None
        self._done[name].wait()
        return self._takes.recording(row)

    def _recordings(self, row: str) -> Recordings:
        names = all_serving(row)
        for name in names:
            if name in self._done:
                self._done[name].wait()
        for speed in self._slower:
            left = [
                each
                for each in self._scenarios
                if each.name in names and speed.word not in self._clocks(each.name)
            ]
            if left and doubted_in_all(row, self._takes):
                self._repeat(left, speed, row)
        return self._takes.recordings(row)

    @property
    def _takes(self) -> Takes:
        return Takes(dict(self._taken))

    @property
    def _slower(self) -> tuple[Speed, ...]:
        """The speeds at which what is doubted is played again, one after the other."""
        return slower(self._speed)

    def _clocks(self, name: str) -> list[str]:
        """Name the clocks by which a scenario was played."""
        return [each.clock for each in self._taken.get(name, ())]

    def _begin(self, work: Callable[[], None], name: str) -> threading.Thread:
        thread = threading.Thread(target=work, name=name)
        self._threads.append(thread)
        thread.start()
        return thread

    def _choose(self) -> None:
        """Choose the speed, and say in one line which and why."""
        try:
            with behind(self._dependencies, proxied=False) as back:
                target = partial(self._targets, back.environment)
                self._speed = choose_speed(
                    self._wish, target, startup=self._startup, ended=self._ended
                )
        except Exception as fault:  # noqa: BLE001 - real time needs no speed
            self._speed = Speed(1.0, f"choosing a faster clock failed: {fault!r}")
        finally:
            if self._wish != 1.0:
                self._recorder.write(self._speed.as_json())
            self._chosen.set()

    def _play(self, scenario: Scenario, number: int, place: int) -> None:
        name = scenario.name
        self._chosen.wait()
        if self._speed.factor > 1:
            self._take(scenario, number, self._speed)
            doubts = doubted(scenario, self._taken[name][-1], self._wanted)
            for speed in self._slower if doubts else ():
                self._play_again(scenario, number, speed, doubts)
                if not (doubts := doubted(scenario, self._taken[name][-1], doubts)):
                    break
        else:
            self._ended.wait(_APART * place)
            self._take(scenario, number, REAL_TIME)
        self._done[name].set()

    def _take(self, scenario: Scenario, number: int, speed: Speed) -> None:
        seen = self._played(scenario, number, speed)
        self._taken[scenario.name] = (*self._taken.get(scenario.name, ()), seen)

    def _repeat(self, scenarios: Iterable[Scenario], speed: Speed, row: str) -> None:
        """Play scenarios again, side by side."""
        started = []
        for number, each in enumerate(scenarios):
            work = partial(self._play_again, each, number, speed, [row])
            started.append(self._begin(work, f"udckit-{each.name}-again"))
        for thread in started:
            thread.join()

    def _play_again(
        self, scenario: Scenario, number: int, speed: Speed, doubts: Sequence[str]
    ) -> None:
        if self._ended.is_set():
            return
        self._recorder.write(
            {"kind": "clock", "again": scenario.name, "by": speed.word, "rows": list(doubts)}
        )
        self._take(scenario, number, speed)

    def _played(self, scenario: Scenario, number: int, speed: Speed) -> Recording:
        """Play one; what goes wrong with the kit itself is the recording's trouble."""
        seen = Recording(scenario.name, "real", 0.0, trouble="it was not begun")
        try:
            if not self._ended.is_set():
                seen = self._run(scenario, number, speed)
        except (InvocationError, UnreachableError) as missing:
            seen = replace(seen, trouble=str(missing))
        except Exception as fault:  # noqa: BLE001 - the check that asks for it says so
            seen = replace(seen, trouble=f"the kit itself failed: {fault!r}")
        finally:
            self._turns.forget(self._places[scenario.name])
        for line in seen.as_lines():
            self._recorder.write(line)
        return seen

    def _run(self, scenario: Scenario, number: int, speed: Speed) -> Recording:
        with contextlib.ExitStack() as stack:
            proxied = scenario.name == DEPENDENCIES
            back = stack.enter_context(behind(self._dependencies, proxied=proxied))
            target = self._targets(back.environment)
            around: Surround
            if speed.library is not None:
                clock = FasterClock(speed.factor)
                around = stack.enter_context(surround(clock))
                up = stack.enter_context(self._turns.turn(self._places[scenario.name]))
                target = stack.enter_context(faster(speed.library, clock, around, target, up))
            else:
                around = stack.enter_context(surround(self._clock()))
            runner = Runner(
                scenario,
                target,
                around,
                startup=self._startup,
                ended=self._ended,
                tell=self._tell,
                number=number,
                behind=back,
                triggers=self._triggers,
                declares_peers=self._declares_peers,
            )
            return runner.play()

    def _tell(self, text: str) -> None:
        self._recorder.tell({"kind": "progress", "text": text})
