"""The scenarios of each role: an Orchestrator's and a Registry's are a droplet's, made to fit.

Neither beats. A Registry registers with nobody: the kit's peer registers with it instead.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from typing import Final

from udckit.conformance.scenario.acts import (
    Act,
    Await,
    Enrol,
    Heal,
    Launch,
    Probe,
    Rotate,
    Scenario,
    Strike,
    Task,
    Visit,
)
from udckit.conformance.scenario.scenarios import SCENARIOS
from udckit.specs import catalogue

__all__ = ["fitted", "scenarios_for", "scenarios_of"]

_OF_DROPLETS: Final = frozenset({"ERR-014", "ERR-015", "UDC-HEALTH-007", "UDC-HEALTH-013"})
"""Rows whose outage is that of a Registry or an Orchestrator, which these are themselves."""

_HANDED_OUT: Final = 15.0
_LEAST: Final = 30.0
"""Seconds of a scenario without beats."""


def scenarios_for(ids: Collection[str], role: str = "droplet") -> tuple[Scenario, ...]:
    """Name the scenarios that serve these rows."""
    own = scenarios_of(role).values()
    return tuple(one for one in own if not one.serves.isdisjoint(ids))


@cache
def scenarios_of(role: str) -> Mapping[str, Scenario]:
    """Give the scenarios of a role by name: those that serve a row of its."""
    if role == "droplet":
        return SCENARIOS
    own = (fitted(each, role) for each in SCENARIOS.values())
    return {each.name: each for each in own if each.serves}


def fitted(scenario: Scenario, role: str) -> Scenario:
    """Make a scenario of a droplet fit a role."""
    if role == "droplet":
        return scenario
    script = [fit for act in scenario.script for fit in _fit(act, role)]
    waits = [act for act in scenario.script if isinstance(act, Await) and act not in script]
    if role == "orchestrator" and scenario.name == "calm":
        script[-1:-1] = [
            Task("task"),
            Await("task handed out", "peer", "POST /message", within=_HANDED_OUT, taken=False),
        ]
    return replace(
        scenario,
        script=tuple(script),
        serves=frozenset(
            row for row in scenario.serves - _OF_DROPLETS if role in catalogue()[row].roles
        ),
        length=max(_LEAST, scenario.length - sum(act.within for act in waits)),
    )


def _fit(act: Act, role: str) -> list[Act]:
    """Give what becomes of one act."""
    absent = {"orchestrator"} if role == "orchestrator" else {"orchestrator", "registry"}
    match act:
        case Strike() | Heal() | Await() if act.fake in absent:
            return []
        case Await(fake="registry") if act.times > 1:
            return []  # only a beat that is refused makes it register again
        case Launch() if role == "registry":
            return [act, Enrol()] if act.answers else [act]
        case Visit() | Rotate() if role == "registry":
            return []
        case Probe(token="fresh") if role == "registry":
            return []  # only it could give one
    return [act]
