"""What the security stage knows of its standing with the target, from check to check.

It is reckoned from observations alone, so a record that is judged again comes to the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from udckit.conformance.doors import Door
    from udckit.conformance.observation import Observation

__all__ = ["Standing"]


@dataclass(slots=True)
class Standing:
    """One for a run. `accepted` and `locked` hold a door's name with a twin's."""

    bracket: int = 8
    """Forged tokens between two accepted twins."""
    waited: bool = False
    """True once a lockout was waited out, which is done once in a run."""
    accepted: set[tuple[str, str]] = field(default_factory=set)
    locked: set[tuple[str, str]] = field(default_factory=set)
    twins: list[Observation] = field(default_factory=list)
    """Every answer to a valid token of the battery, for AUTH-025."""
    surroundings: dict[str, str] = field(default_factory=dict)
    """What recipes read: the target's service_name, the address of a peer that listens."""
    doors: tuple[Door, ...] | None = None
    burst: list[Observation] | None = None
    """The answers of the one burst, where the operator opted in to it."""
    advertised: set[str] = field(default_factory=set)
    """Paths of `reply_to` addresses that the target gave a peer of the kit's: it may POST there."""
