"""How long scenarios take with a target that is right: said before a run, held by a test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from udckit.conformance.scenario._words import BEAT
from udckit.conformance.scenario.acts import Act, Await, Launch, Scenario, Triggered, Wait
from udckit.conformance.scenario.outage_acts import Notice, Slowly

__all__ = ["expected_seconds"]

_BETWEEN_BEATS: Final = 60.0
_NOTICED: Final = 20.0
_TRIED_AGAIN: Final = 10.0
"""Seconds between attempts that fail, as most back off."""


def expected_seconds(scenario: Scenario, *, has_trigger: bool, boot: float = 0.0) -> float:
    """Give the seconds of the target that a scenario takes, `boot` for each of its starts.

    What is waited for comes at once where that is what the contract has: a registration, an
    answer. Beats come every minute, the first of them with the start.
    """
    return _seconds(scenario.script, has_trigger=has_trigger, boot=boot)


def _seconds(script: Iterable[Act], *, has_trigger: bool, boot: float) -> float:
    passed = 0.0
    for act in script:
        match act:
            case Wait() | Slowly():
                passed += act.seconds
            case Await(route=route, since=None) if route == BEAT:
                passed = max(passed, _BETWEEN_BEATS * (act.times - 1))
            case Await(route=route) if route == BEAT:
                passed += _BETWEEN_BEATS * (act.times - 0.5)
            case Await(taken=False, times=times) if times > 1:
                passed += _TRIED_AGAIN * (times - 1) / 2
            case Notice():
                passed += _NOTICED
            case Launch(only_if_exited=False):
                passed += boot
            case Triggered() if has_trigger:
                passed += _seconds(act.acts, has_trigger=True, boot=boot)
    return passed
