"""What generated cases came to, row by row, and how it joins what a check said."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from udckit.conformance.verdict import Verdict

__all__ = ["Breach", "Evidence"]


@dataclass(frozen=True, slots=True)
class Breach:
    """One generated exchange that breaks a promise: what was asked, what it should have come to.

    `rows` are the requirements that it breaks, the one that names it best first. `steps` are the
    numbers of the exchanges that led there, the last one being the one that shows it.
    """

    rows: tuple[str, ...]
    expected: str
    observed: str
    steps: tuple[int, ...]

    @property
    def number(self) -> int:
        """The exchange that shows it."""
        return self.steps[-1]


@dataclass(slots=True)
class Evidence:
    """The subjects and the breaches of a run's generated cases; `trouble` is the kit's own."""

    judged: dict[str, set[int]] = field(default_factory=dict)
    breaches: list[Breach] = field(default_factory=list)
    trouble: str | None = None

    def of(self, row: str) -> Breach | None:
        """Give the first breach of a row."""
        return next((each for each in self.breaches if row in each.rows), None)

    def joined(self, verdict: Verdict) -> Verdict:
        """Give a check's verdict with what was generated beside it.

        A breach fails the row, whatever its check could see. What holds adds subjects to a pass,
        and makes no pass of anything else.
        """
        breach = self.of(verdict.id)
        if breach is not None and verdict.verdict != "fail":
            return replace(
                verdict,
                verdict="fail",
                subjects=verdict.subjects + len(self.judged.get(verdict.id, ())),
                blocked_by=None,
                message="A generated case breaks it.",
                expected=breach.expected,
                observed=breach.observed,
                culprit=breach.number,
            )
        if verdict.verdict == "pass" and self.trouble is not None:
            return replace(verdict, verdict="error", message=self.trouble)
        if verdict.verdict == "pass":
            return replace(
                verdict, subjects=verdict.subjects + len(self.judged.get(verdict.id, ()))
            )
        return verdict
