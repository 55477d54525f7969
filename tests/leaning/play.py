"""Plays the scenario of outages with a leaning droplet, thirty times as fast as it would be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from faults.behaving import Misbehaviour

from leaning.droplet import Habits, LeaningDroplet
from leaning.upstream import Upstream
from udckit.conformance.backing import Dependency, read_dependencies
from udckit.conformance.scenario import FasterClock, Recording, Runner, outage_scenario, surround
from udckit.conformance.scenario.acts import Scenario
from udckit.conformance.scenario.behind import behind
from udckit.conformance.scenario.outage_acts import Slowly

__all__ = ["habits_of", "kinds_needed", "play_outages"]

FACTOR: Final = 60.0
_SHORTER: Final = 0.1


def play_outages(kinds: Collection[str], habits: Mapping[str, Any]) -> Recording:
    """Play it with these dependencies declared."""
    scenario = outage_scenario(kinds)
    assert scenario is not None
    with Upstream() as upstream:
        clock = FasterClock(FACTOR)
        declared = _declared(kinds, upstream.port)
        with behind(declared, proxied=True) as back, surround(clock) as around:
            droplet = LeaningDroplet(clock, Habits(**habits), back.environment)
            return Runner(_quick(scenario), droplet, around, behind=back).play()


def habits_of(fault: Misbehaviour) -> dict[str, Any]:
    """Give the habits of a fault, as Habits takes them."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in fault.behaviour.items()}


def kinds_needed(fault: Misbehaviour) -> tuple[str, ...]:
    """Give the kinds without which the fault cannot show: fewer outages are sooner over."""
    if "UDC-HEALTH-010" in fault.kills:
        return ("external-api",)
    if fault.id.startswith("redis") or "OPS-CACHE-001" in fault.kills:
        return ("redis",)
    return ("database",)


def _declared(kinds: Collection[str], port: int) -> tuple[Dependency, ...]:
    urls = {
        "database": {"url": f"postgresql://udckit:secret@127.0.0.1:{port}/app"},
        "redis": {"url": f"redis://127.0.0.1:{port}/0"},
        "external-api": {
            "url": f"http://127.0.0.1:{port}",
            "environment": {"API_URL": "{url}"},
        },
    }
    return read_dependencies({kind: urls[kind] for kind in kinds}, "a test")


def _quick(scenario: Scenario) -> Scenario:
    """What is looked at in real time needs no seconds here: the droplet hangs at once or never."""
    script = tuple(
        replace(act, seconds=act.seconds * _SHORTER, every=0.05) if isinstance(act, Slowly) else act
        for act in scenario.script
    )
    return replace(scenario, script=script)
