"""How much is generated, and what it may cost at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

__all__ = ["EFFORTS", "Budget", "Effort", "budget_of"]

Effort = Literal["none", "quick", "standard", "deep"]


@dataclass(frozen=True, slots=True)
class Budget:
    """What an effort may send, in requests, and how long it may take, in seconds.

    `values` are cases made from the documents and from a list of values known to hurt, `raw` are
    bytes that no JSON library writes, `rounds` are cases drawn at random from a seed, `engine` are
    those of schemathesis over the whole document, `machines` steps of state machines.
    """

    told: str
    values: int = 0
    raw: int = 0
    rounds: int = 0
    engine: int = 0
    machines: int = 0
    seconds: float = 0.0

    @property
    def requests(self) -> int:
        """The most that is sent, the twins beside it included."""
        return self.values + self.raw + self.rounds + self.engine + self.machines


EFFORTS: Final[Mapping[Effort, Budget]] = {
    "none": Budget("nothing is generated"),
    "quick": Budget("the cases known to hurt", values=600, raw=80, seconds=20.0),
    "standard": Budget(
        "every known case, some that are drawn, the engine over the whole document",
        values=900,
        raw=330,
        rounds=200,
        engine=400,
        machines=200,
        seconds=60.0,
    ),
    "deep": Budget(
        "ten times as many",
        values=900,
        raw=330,
        rounds=4_000,
        engine=4_000,
        machines=2_000,
        seconds=600.0,
    ),
}
"""The certifying lane is deterministic in each: the same target gets the same requests."""


def budget_of(effort: Effort, rate: float | None = None) -> Budget:
    """Give what an effort may cost; at a rate, what can be sent in its time."""
    budget = EFFORTS[effort]
    share = 1.0 if rate is None else min(1.0, rate * budget.seconds / max(budget.requests, 1))
    return replace(
        budget,
        values=int(budget.values * share),
        raw=int(budget.raw * share),
        rounds=int(budget.rounds * share),
        engine=int(budget.engine * share),
        machines=int(budget.machines * share),
    )
