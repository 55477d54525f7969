"""Outages: the parts of recordings in which something that the target needs is away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from udckit.conformance.scenario.judging import hold
from udckit.conformance.scenario.recording import Look, Recording, Recordings
from udckit.specs import surface

__all__ = ["OUTAGES", "Outage", "health_problem", "holds_health", "listening", "outages"]

_UP: Final = frozenset({200, 503})


@dataclass(frozen=True, slots=True)
class Outage:
    """One outage: whom it is of, and between which notes of which scenario."""

    of: str
    scenario: str
    start: str
    end: str
    keyless: bool = False
    """True where the Registry is away, so that a token may not be checkable: 401 is right too."""
    is_felt: bool = True
    """False where a target that has all that it needs may not ask whoever is away."""


OUTAGES: Final = (
    Outage("Registry", "registry-down", "launch", "registry back", keyless=True),
    Outage("Registry", "registry-down", "no key", "key back", keyless=True, is_felt=False),
    Outage("Registry", "registry-down", "away again", "heal registry", keyless=True, is_felt=False),
    Outage("Orchestrator", "orchestrator-away", "launch", "orchestrator back"),
    Outage("database", "dependencies", "database cut", "database restored", is_felt=False),
    Outage("Redis", "dependencies", "redis cut", "redis restored", is_felt=False),
)


def outages(recordings: Recordings) -> Iterator[tuple[Outage, Recording]]:
    """Give each outage that was played, with the part of its recording."""
    for each in OUTAGES:
        whole = recordings.get(each.scenario)
        if whole is not None and whole.trouble is None and whole.at(each.start) is not None:
            yield each, whole.part(each.start, each.end)


def listening(recording: Recording) -> list[Look]:
    """Give the looks since it first answered anything: before, it was starting."""
    first = next((each.at for each in recording.looks if each.status is not None), None)
    return [each for each in recording.looks if first is not None and each.at >= first]


def health_problem(look: Look) -> str | None:
    """Say what is wrong with an answer of /health; None where it has the contract's shape."""
    if look.status not in _UP:
        return look.outcome
    try:
        body: Any = json.loads(look.body)
    except ValueError:
        return f"{look.outcome} with a body that is no JSON"
    problems = surface("udc").operations["getHealth"].response_problems(look.status, body)
    return f"{look.outcome}: {problems[0]}" if problems else None


def holds_health(recording: Recording, looks: list[Look]) -> None:
    """Hold that each look at /health saw 200 or 503 in the contract's shape."""
    for look in looks:
        if look.path == "/health":
            problem = health_problem(look)
            hold(
                recording,
                look,
                problem is None,
                expected="/health in the contract's shape, with 200 or 503",
                observed=f"{problem}, {look}",
            )
