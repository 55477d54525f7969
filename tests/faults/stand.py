"""The stand: a right droplet behind the proxy, and the engine in front of it, fault by fault."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fleet_support import launch, member

from faults.fault import Fault
from faults.plain_droplet import PlainDroplet
from faults.proxy import FaultProxy
from udckit import fakes
from udckit.conformance import (
    Engine,
    Identity,
    LiveSource,
    Outcomes,
    Recorder,
    Redactor,
    RunRecord,
    Settings,
    TokenShelf,
)
from udckit.conformance._floor import floor_p95
from udckit.conformance.authority import from_fake
from udckit.conformance.surroundings import Enrol

__all__ = [
    "DROPLETS",
    "IN_PROCESS",
    "MEASURES",
    "OF_TIME",
    "TEN_DAYS",
    "Seen",
    "Stand",
    "brought_up",
    "shown",
    "stand",
]

DROPLETS: Final = ("fake_droplet", "plain_droplet", "flask_metrics", "node_bare")
"""Right droplets that share no code, but for the kit's own fake, which comes first."""

_SHOWN: Final = {
    "fake_droplet": frozenset({"metrics"}),
    "plain_droplet": frozenset({"metrics", "openapi"}),
}
IN_PROCESS: Final = frozenset(_SHOWN)
"""Droplets of this process, whose clock is moved by hand."""

_GUARDED: Final = frozenset({"node_bare", "starlette_middleware"})
"""Droplets that refuse a `reply_to` whose host the Registry does not know, as they may."""

OF_TIME: Final = frozenset({"UDC-HEALTH-016", "UDC-HEALTH-017"})
"""Rows that are judged by how a droplet's own clock runs. The others need nobody to wait."""

TEN_DAYS: Final = 864_000
_SOON: Final = 10.0

MEASURES: Final[Mapping[str, Callable[[], float]]] = {
    "floor": functools.cache(floor_p95),
    "boot": functools.partial(float, 0.5),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run under a fault came to, and how often the fault struck."""

    outcomes: Outcomes
    struck: int
    record: RunRecord

    def word(self, row: str) -> str:
        """Give the verdict of one row."""
        return self.outcomes.verdicts[row].verdict

    def said(self, row: str) -> str:
        """Give the verdict of one row with what it says, for a message."""
        verdict = self.outcomes.verdicts[row]
        more = verdict.observed or verdict.message or verdict.blocked_by or ""
        return f"{row} {verdict.verdict} {more}".strip()

    def failed(self, level: str = "MUST") -> set[str]:
        """Name the rows of a level that said fail."""
        return {
            row
            for row, verdict in self.outcomes.verdicts.items()
            if verdict.verdict == "fail" and verdict.level == level
        }

    def errors(self) -> list[str]:
        """Name the rows at which the kit itself failed."""
        return [self.said(row) for row in self.outcomes.verdicts if self.word(row) == "error"]


@dataclass(slots=True)
class Stand:
    """One right droplet, reached through the proxy, with a token that it takes."""

    name: str
    has: frozenset[str]
    url: str
    proxy: FaultProxy
    token: str
    identity: Identity
    enrol: Enrol | None = None
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.settings = Settings(target=self.proxy.url, identity=self.identity, reached="launch")

    def can_show(self, fault: Fault) -> bool:
        """True where the droplet has what a fault strikes."""
        return self.has.issuperset(fault.needs)

    def run(
        self, fault: Fault | None = None, *, only: tuple[str, ...] = (), **settings: Any
    ) -> Seen:
        """Judge the droplet under a fault, the whole stage or only some rows with their needs.

        `settings` replace those of the stand.

        Where only rows are asked for that no clock decides, nobody waits.
        """
        told: dict[str, Any] = dict(fault.settings) if fault is not None else {}
        measures = {
            name: functools.partial(float, told.pop(name)) if name in told else usual
            for name, usual in MEASURES.items()
        }
        asked = replace(self.settings, only=only, **told, **settings)
        hurried = bool(only) and not OF_TIME.intersection(only)
        recorder = Recorder()
        source = LiveSource(
            asked,
            recorder,
            Redactor(on_token=lambda facts: recorder.write(facts.as_json())),
            now=self.now,
            sleep=_at_once if hurried else self.sleep,
            measures=measures,
        )
        self.proxy.strike(fault)
        try:
            outcomes = Engine(asked, source, TokenShelf(valid=self.token), recorder).run()
        finally:
            source.close()
        return Seen(outcomes, self.proxy.struck, recorder.record())

    def run_together(self, faults: Sequence[Fault]) -> Mapping[str, Seen]:
        """Judge the rows of several faults at the same time, so that they wait together.

        Each has a proxy of its own. Gives what was seen by the fault's id.
        """

        def one(fault: Fault) -> Seen:
            with FaultProxy(self.url, token=self.token) as proxy:
                return replace(self, proxy=proxy).run(fault, only=fault.rows)

        with ThreadPoolExecutor(max_workers=len(faults)) as pool:
            return dict(zip((each.id for each in faults), pool.map(one, faults), strict=True))


def shown(name: str) -> frozenset[str]:
    """Name the capabilities of one of the DROPLETS, without bringing it up."""
    has = _SHOWN[name] if name in _SHOWN else member(name).has
    return has if name in _GUARDED else has | {"any-reply-to"}


def _at_once(_: float) -> None:
    """Wait for nothing."""


@contextlib.contextmanager
def stand(name: str) -> Iterator[Stand]:
    """Bring one of the DROPLETS up behind a proxy; its own process where it is one of the fleet."""
    clock = fakes.ManualClock(time.time()) if name in IN_PROCESS else fakes.SystemClock()
    with contextlib.ExitStack() as stack:
        registry = stack.enter_context(fakes.FakeRegistry(clock=clock, token_lifetime=TEN_DAYS))
        orchestrator = stack.enter_context(fakes.FakeOrchestrator(registry=registry, clock=clock))
        url = stack.enter_context(brought_up(name, registry, orchestrator, clock))
        probe = registry.register("udckit-probe", 990_001)
        proxy = stack.enter_context(FaultProxy(url, token=probe.token))
        yield Stand(
            name=name,
            has=shown(name),
            url=url,
            proxy=proxy,
            token=probe.token,
            identity=Identity("udckit-probe", probe.service_id),
            enrol=from_fake(registry).enrol,
            now=clock.now,
            sleep=clock.sleep,
        )


@contextlib.contextmanager
def brought_up(
    name: str,
    registry: fakes.FakeRegistry,
    orchestrator: fakes.FakeOrchestrator,
    clock: fakes.Clock,
) -> Iterator[str]:
    """Bring one of the DROPLETS up, or any of the fleet, registered; give its URL."""
    with contextlib.ExitStack() as stack:
        up = stack.enter_context
        if name == "fake_droplet":
            yield up(
                fakes.FakeDroplet(registry=registry, orchestrator=orchestrator, clock=clock)
            ).url
        elif name == "plain_droplet":
            yield up(PlainDroplet(registry.url, clock.now)).url
        else:
            running = launch(name, registry_url=registry.url, orchestrator_url=orchestrator.url)
            url = up(running).url
            registry.journal.wait_for(path="/register", timeout=_SOON)
            yield url
