"""Running fakes, a droplet that was started by hand, and the kit that comes later."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from acting import ActingDroplet

from udckit.conformance import Recorder
from udckit.conformance.authority import Authority, from_registry
from udckit.conformance.scenario import WATCH, AttachedTo, Attachment, Recording
from udckit.conformance.scenario.acts import Await
from udckit.fakes import FakesUp, ManualClock, RemoteFake, RunningFakes, fakes_up

__all__ = ["By", "attached", "watched"]

_SELDOM = replace(
    WATCH,
    script=tuple(
        replace(act, every=4.0) if isinstance(act, Await) and act.watching else act
        for act in WATCH.script
    ),
)
"""The same, but for /health, which is asked as seldom as a test may."""

Meanwhile = Callable[[FakesUp, ActingDroplet, ManualClock], None]


@dataclass(frozen=True, slots=True)
class By:
    """What a test has of it."""

    attachment: Attachment
    recorder: Recorder
    authority: Authority
    url: str


@contextmanager
def attached(
    behaviour: Mapping[str, Any],
    *,
    before: float = 5.0,
    told: bool = True,
    declared: bool = False,
    sure: bool = False,
    closely: bool = False,
    earlier: Mapping[str, Any] | None = None,
    meanwhile: Meanwhile = lambda *_: None,
) -> Iterator[By]:
    """Start a droplet of this behaviour by hand, and let the kit come `before` seconds later.

    `told` gives it all that `udckit fakes up` prints, else it has names of its own; `sure` says
    that it surely had them, as an app has; `closely` asks /health as often as a run does;
    `earlier` is how it behaved in a life before this one; `meanwhile` is done just before the kit
    comes.
    """
    clock, recorder = ManualClock(time.time()), Recorder()
    with fakes_up(clock=clock, announce=False) as up:
        droplet, started = ActingDroplet(clock, behaviour), clock.now()
        own = {"SERVICE_NAME": "by-hand", "DROPLET_ID": "77"}
        settings = {**up.settings, "SERVICE_PORT": "0"} if told else own
        if earlier is not None:
            before_it = ActingDroplet(clock, earlier)
            before_it.start({**up.environment, **settings})
            clock.advance(200.0)
            before_it.stop()
        droplet.start({**up.environment, **settings})
        port = droplet.url.rpartition(":")[2]
        fakes = RunningFakes(
            pid=0,
            registry=RemoteFake(up.registry.url),
            orchestrator=RemoteFake(up.orchestrator.url),
            started=started,
        )
        try:
            clock.advance(before)
            meanwhile(up, droplet, clock)
            told_to_be = {**up.settings, "SERVICE_PORT": port}
            authority = from_registry(up.registry.url, kind="fakes")
            assert authority.enrol is not None
            yield By(
                Attachment(
                    AttachedTo(droplet.url, fakes, told_to_be, are_sure=sure, declared=declared),
                    recorder,
                    authority.enrol,
                    wanted=["REG-CLIENT-001"],
                    clock=lambda: clock,
                    script=WATCH if closely else _SELDOM,
                ),
                recorder,
                authority,
                droplet.url,
            )
        finally:
            droplet.stop()


def watched(behaviour: Mapping[str, Any], **how: Any) -> Recording:
    """Watch it, as `attached` says."""
    with attached(behaviour, **how) as by:
        by.attachment.watch()
        seen = by.attachment.seen
    assert seen is not None
    return seen
