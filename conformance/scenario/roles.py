"""The scenarios of each role: an Orchestrator's and a Registry's are a droplet's, made to fit.

Neither beats. A Registry registers with nobody: the kit's peer registers with it instead. What goes
away for an Orchestrator is its Registry; for a Registry it is the Orchestrator, whichever way it
asks that.
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
    Note,
    Probe,
    Rotate,
    Scenario,
    Stop,
    Strike,
    Task,
    Until,
    Visit,
    Wait,
)
from udckit.conformance.scenario.scenarios import SCENARIOS
from udckit.specs import catalogue

__all__ = ["fitted", "scenarios_for", "scenarios_of"]

_OF_OUTAGES: Final = frozenset({"ERR-014", "ERR-015", "UDC-HEALTH-007", "UDC-HEALTH-013"})
_ITSELF: Final[Mapping[str, Collection[str]]] = {
    "orchestrator": ("orchestrator-away",),
    "registry": ("registry-down", "registry-odd"),
}
"""Outages of whoever is launched: nobody is without himself."""

_FAILING: Final = Note("failing")
_GLANCE: Final = 6.0
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
    whole = scenario.script
    if role == "orchestrator" and scenario.name == "registry-odd":
        whole = (*whole[: whole.index(_FAILING) + 1], Stop())
    fit_in = _fit_away if role == "registry" and scenario.name == "orchestrator-away" else _fit
    script = [fit for act in whole for fit in fit_in(act, role)]
    waits = [act for act in scenario.script if isinstance(act, Await) and act not in script]
    rows = scenario.serves
    if scenario.name in _ITSELF[role]:
        rows -= _OF_OUTAGES
    if role == "orchestrator" and scenario.name == "calm":
        script[-1:-1] = [
            Task("task"),
            Await("task handed out", "peer", "POST /message", within=_HANDED_OUT, taken=False),
        ]
    return replace(
        scenario,
        script=tuple(script),
        serves=frozenset(row for row in rows if role in catalogue()[row].roles),
        length=max(_LEAST, scenario.length - sum(act.within for act in waits)),
    )


def _fit(act: Act, role: str) -> list[Act]:
    """Give what becomes of one act."""
    absent = {"orchestrator"} if role == "orchestrator" else {"orchestrator", "registry"}
    match act:
        case Strike() | Heal() | Await() if act.fake in absent:
            return []
        case Await(fake="registry", taken=True) if act.times > 1:
            return []  # only a beat that is refused makes it register again
        case Launch() if role == "registry":
            return [act, Enrol()] if act.answers else [act]
        case Visit() | Rotate() | Until(token="old") if role == "registry":
            return []
        case Probe(token="fresh") if role == "registry":
            return []  # only it could give one
    return [act]


def _fit_away(act: Act, role: str) -> list[Act]:
    """Give what becomes of one act where the Orchestrator is away from a Registry.

    No contract says what it asks there, so every route is struck. Where a droplet would be waited
    for to beat, it is looked at, and for no longer than that shows what it does.
    """
    match act:
        case Strike(fake="orchestrator"):
            return [replace(act, faults=tuple(replace(each, route=None) for each in act.faults))]
        case Heal(fake="orchestrator"):
            return [act]
        case Await(fake="orchestrator"):
            return [Wait(_GLANCE, act.watching, 1.0)]
        case Wait():
            return [replace(act, seconds=min(act.seconds, _GLANCE))]
    return _fit(act, role)
