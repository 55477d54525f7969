"""The five verdicts, and what is said with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["VERDICTS", "Verdict", "Word"]

Word = Literal["pass", "fail", "not_observed", "not_applicable", "error"]

VERDICTS: tuple[Word, ...] = ("pass", "fail", "not_observed", "not_applicable", "error")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one requirement came to.

    `subjects` counts the responses, beats or tokens that were really judged. `exchanges` are the
    numbers of what the check asked for, in order; `culprit` is the one that broke the promise,
    and `recipe` names what was forged for it.
    """

    id: str
    level: str
    stage: str
    verdict: Word
    subjects: int = 0
    blocked_by: str | None = None
    message: str = ""
    expected: str | None = None
    observed: str | None = None
    culprit: int | None = None
    exchanges: tuple[int, ...] = ()
    recipe: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the line of the run record: stable keys, nothing that depends on the clock."""
        return {
            "kind": "verdict",
            "id": self.id,
            "level": self.level,
            "stage": self.stage,
            "verdict": self.verdict,
            "subjects": self.subjects,
            "blocked_by": self.blocked_by,
            "message": self.message,
            "expected": self.expected,
            "observed": self.observed,
            "culprit": self.culprit,
            "exchanges": list(self.exchanges),
            **({"recipe": self.recipe} if self.recipe is not None else {}),
        }

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> Verdict:
        """Read the line back."""
        facts = {key: value for key, value in line.items() if key != "kind"}
        return cls(**{**facts, "exchanges": tuple(facts["exchanges"])})
