"""A whole run of scenarios leaves a record that says the same again, and nothing that runs."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from acting import ActingDroplet

from udckit.conformance import (
    Engine,
    LiveSource,
    Recorder,
    Redactor,
    Settings,
    TokenShelf,
    dump,
    rejudge,
)
from udckit.conformance.scenario import SCENARIOS, Company
from udckit.fakes import ManualClock, SystemClock

ROWS: Final = ("ORCH-CLIENT-007", "REG-CLIENT-008", "REG-CLIENT-001", "DISC-001")
PLAYED: Final = ("calm", "registry-down", "orchestrator-away")


class Ground:
    """Makes clocks and droplets, each pair for the thread that plays a scenario."""

    def __init__(self) -> None:
        self._mine = threading.local()
        self.droplets: list[ActingDroplet] = []

    def clock(self) -> ManualClock:
        self._mine.clock = getattr(self._mine, "clock", None) or ManualClock(time.time())
        clock: ManualClock = self._mine.clock
        return clock

    def droplet(self, _: Mapping[str, str]) -> ActingDroplet:
        droplet = ActingDroplet(self.clock(), {})
        self.droplets.append(droplet)
        return droplet


def listens(url: str) -> bool:
    """Say whether anybody takes a connection at a URL."""
    try:
        socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=1).close()
    except OSError:
        return False
    return True


def test_record_of_a_run_says_the_same_again_and_nothing_is_left_running() -> None:
    before = set(threading.enumerate())
    ground, recorder = Ground(), Recorder()
    company = Company(
        [SCENARIOS[name] for name in PLAYED], ground.droplet, recorder, clock=ground.clock
    )
    settings = Settings(target="http://127.0.0.1:9", reached="launch", only=ROWS)
    with company:
        source = LiveSource(settings, recorder, Redactor(), sleep=lambda _: None)
        shelf = TokenShelf(None, "none is needed")
        Engine(settings, source, shelf, recorder, subjects=company.subjects()).run()
        source.close()
    record = recorder.record()

    again = rejudge(record)
    assert {row: dump(again[row].as_json()) for row in ROWS} == {
        row: dump(record.verdicts[row].as_json()) for row in ROWS
    }
    assert [record.verdicts[row].verdict for row in ROWS[:3]] == ["pass"] * 3
    assert set(threading.enumerate()) <= before
    assert [one for one in ground.droplets if listens(one.url)] == []


def test_run_that_is_ended_leaves_what_was_seen_and_what_was_waited_for() -> None:
    before = set(threading.enumerate())
    told: list[str] = []
    seen = threading.Event()

    def hear(line: Mapping[str, object]) -> None:
        if line["kind"] == "progress":
            told.append(str(line["text"]))
            seen.set()

    recorder = Recorder(None, [hear])
    droplets: list[ActingDroplet] = []

    def droplet(_: Mapping[str, str]) -> ActingDroplet:
        droplets.append(ActingDroplet(SystemClock(), {}))
        return droplets[-1]

    with Company([SCENARIOS["calm"]], droplet, recorder):
        assert seen.wait(15)

    scene = [line for line in recorder.lines if line["kind"] == "scene"]
    head = next(line for line in scene if line["what"] == "scenario")
    assert head["trouble"] == "the run was ended"
    assert any(line["what"] == "call" for line in scene)
    assert told[0].startswith("calm: waiting for third beat, at most ")
    assert set(threading.enumerate()) <= before
    assert [one for one in droplets if listens(one.url)] == []
