"""The verdicts so far, as the subject of a row that sums up others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from udckit.conformance.errors import NotObserved, Violation
from udckit.conformance.gates import gates
from udckit.conformance.observation import Tally
from udckit.conformance.verdict import Verdict
from udckit.specs import Requirement, catalogue

__all__ = ["VerdictsSoFar"]


@dataclass(frozen=True, slots=True)
class VerdictsSoFar:
    """What the rows before came to. A check whose parameter is named `verdicts` is given it."""

    verdicts: Mapping[str, Verdict]
    role: str
    applies: Callable[[str], bool]
    tally: Tally = field(default_factory=Tally)

    def musts(self, family: str, stage: str) -> list[Requirement]:
        """Name the MUSTs of a family and a stage that bind the target's role."""
        return [
            row
            for row in catalogue().values()
            if row.id.startswith(family)
            and row.level == "MUST"
            and row.stage == stage
            and self.role in row.roles
            and row.excluded is None
        ]

    def all_pass(self, rows: Iterable[Requirement]) -> None:
        """Every row passed, but for those that do not apply; each that passed is a subject.

        Raises:
            Violation: a row failed.
            NotObserved: a row that applies was not judged, or not to its end.

        """
        known = [(number, row, self.verdicts.get(row.id)) for number, row in enumerate(rows)]
        failed = [each for _, _, each in known if each is not None and each.verdict == "fail"]
        if failed:
            first, more = failed[0], len(failed) - 1
            others = f"; and {more} more" if more else ""
            raise Violation(
                expected=f"{first.id} passes, as every MUST of its kind",
                observed=f"{first.id} expected {first.expected}; observed {first.observed}{others}",
            )
        for number, row, verdict in known:
            if verdict is None:
                raise NotObserved(f"{row.id} was not asked for", blocked_by=row.id)
            if verdict.verdict == "pass":
                self.tally.judged.add(number)
            elif gates(row, verdict, self.applies):
                raise NotObserved(f"{row.id} came to {verdict.verdict}", blocked_by=row.id)
