"""All scenarios of a run, side by side, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Final, Self

from udckit.conformance.check import all_checks
from udckit.conformance.observation import Tally
from udckit.conformance.record import Recorder, RunRecord
from udckit.conformance.scenario.acts import Scenario
from udckit.conformance.scenario.recording import Recording, Recordings
from udckit.conformance.scenario.runner import Runner
from udckit.conformance.scenario.scenarios import SCENARIOS
from udckit.conformance.scenario.stand import Target, surround
from udckit.fakes import Clock, SystemClock

__all__ = ["Company", "scenarios_for", "subjects_in", "subjects_of"]

_LAST_WAIT: Final = 15.0
_APART: Final = 0.5

Targets = Callable[[], Target]
Subject = Callable[[str], Any]


def scenarios_for(ids: Collection[str]) -> tuple[Scenario, ...]:
    """Name the scenarios that these rows need; a row that needs several needs them all."""
    checks = all_checks()
    if any(each in checks and checks[each].wants == "recordings" for each in ids):
        return tuple(SCENARIOS.values())
    return tuple(one for one in SCENARIOS.values() if not one.serves.isdisjoint(ids))


class Company:
    """Plays scenarios beside everything else. A row that asks for a recording waits for its end."""

    def __init__(
        self,
        scenarios: Collection[Scenario],
        targets: Targets,
        recorder: Recorder,
        *,
        startup: float = 40.0,
        clock: Callable[[], Clock] = SystemClock,
    ) -> None:
        self._scenarios = tuple(scenarios)
        self._targets = targets
        self._recorder = recorder
        self._startup = startup
        self._clock = clock
        self._ended = threading.Event()
        self._done = {each.name: threading.Event() for each in self._scenarios}
        self._seen: dict[str, Recording] = {}
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin, one scenario shortly after the other, so that they do not start all at once."""
        for number, scenario in enumerate(self._scenarios):
            thread = threading.Thread(
                target=self._play, args=(scenario, number), name=f"udckit-{scenario.name}"
            )
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End what is still under way, and stop its target."""
        self._ended.set()
        for thread in self._threads:
            thread.join(_LAST_WAIT)

    def subjects(self) -> Mapping[str, Subject]:
        """Give what the engine hands to checks, by the name of their parameter."""
        return {"recording": self._recording, "recordings": self._recordings}

    def _recording(self, row: str) -> Recording | None:
        name = _serving(row)
        if name not in self._done:
            return None
        self._done[name].wait()
        return replace(self._seen[name], tally=Tally())

    def _recordings(self, _: str) -> Recordings:
        for done in self._done.values():
            done.wait()
        return Recordings(dict(self._seen))

    def _play(self, scenario: Scenario, number: int) -> None:
        """Play one; what goes wrong with the kit itself is the recording's trouble."""
        seen = Recording(scenario.name, "real", 0.0, trouble="it was not begun")
        try:
            if not self._ended.wait(_APART * number):
                with surround(self._clock()) as around:
                    runner = Runner(
                        scenario,
                        self._targets(),
                        around,
                        startup=self._startup,
                        ended=self._ended,
                        tell=self._tell,
                        number=number,
                    )
                    seen = runner.play()
        except Exception as fault:  # noqa: BLE001 - the check that asks for it says so
            seen = replace(seen, trouble=f"the kit itself failed: {fault!r}")
        finally:
            for line in seen.as_lines():
                self._recorder.write(line)
            self._seen[scenario.name] = seen
            self._done[scenario.name].set()

    def _tell(self, text: str) -> None:
        self._recorder.tell({"kind": "progress", "text": text})


def subjects_of(record: RunRecord) -> Mapping[str, Subject]:
    """Give the same from a record."""
    recordings = Recordings.of(record.lines("scene"))
    return subjects_in(recordings) if recordings.by_name else {}


def subjects_in(recordings: Recordings) -> Mapping[str, Subject]:
    """Give what checks are handed, by the name of their parameter and by row; each counts anew."""

    def recording(row: str) -> Recording | None:
        found = recordings.by_name.get(_serving(row))
        return None if found is None else replace(found, tally=Tally())

    return {"recording": recording, "recordings": lambda _: Recordings(recordings.by_name)}


def _serving(row: str) -> str:
    return next((each.name for each in SCENARIOS.values() if row in each.serves), "")
