"""One fault in front of one right target, and what the kit said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

__all__ = ["Sighting"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was expected of a run under a fault, and what it came to.

    `failed` are those of `kills` that said fail, `strange` the MUSTs that said so and were not
    expected; None where only the rows of the fault were judged, so that nothing else could.
    `seconds` is wall time.
    """

    lane: str
    fault: str
    target: str
    kills: tuple[str, ...]
    failed: tuple[str, ...]
    strange: tuple[str, ...] | None = None
    errors: tuple[str, ...] = ()
    struck: int = 1
    requests: int = 0
    seconds: float = 0.0

    @property
    def is_kill(self) -> bool:
        """True where every row that must see the fault said fail, and the kit was sound."""
        return bool(self.kills) and not self.missed and not self.errors and self.struck > 0

    @property
    def missed(self) -> tuple[str, ...]:
        """The rows that should have said fail and did not."""
        return tuple(row for row in self.kills if row not in self.failed)

    def as_json(self) -> dict[str, Any]:
        """Give what JSON can keep, without what is as usual."""
        usual = {field.name: field.default for field in fields(self)}
        return {name: value for name, value in asdict(self).items() if value != usual[name]}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """Read it back."""
        lists = {name: tuple(value) for name, value in facts.items() if isinstance(value, list)}
        return cls(**{**facts, **lists})
