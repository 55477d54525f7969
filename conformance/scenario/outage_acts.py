"""The acts of an outage: something that a droplet depends on goes away, and comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["Notice", "Outage", "OutageAct", "Recovery", "Slowly"]

_NOTICED_WITHIN: Final = 125.0
"""Seconds in which an outage must show (UDC-DEPS-004: 120), and a little to look at it."""


@dataclass(frozen=True, slots=True)
class Outage:
    """Take a dependency away: cut is dropped and refused, hang is taken and never answered."""

    kind: str
    how: Literal["cut", "hang"]


@dataclass(frozen=True, slots=True)
class Recovery:
    """Give every dependency back."""

    what: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Look once a second until /health says one of these words and /dependencies agrees."""

    what: str
    health: tuple[str, ...]
    down: tuple[str, ...] = ()
    up: tuple[str, ...] = ()
    within: float = _NOTICED_WITHIN
    every: float = 1.0


@dataclass(frozen=True, slots=True)
class Slowly:
    """Look for so many seconds at the machine's own speed: here fractions of a second count."""

    seconds: float
    watching: tuple[str, ...]
    every: float = 0.25


OutageAct = Outage | Recovery | Notice | Slowly
