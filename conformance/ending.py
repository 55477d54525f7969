"""How a run ends: the rows that were asked for, and the exit code that they come to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from udckit.conformance.gates import StageResult
from udckit.conformance.settings import Settings
from udckit.conformance.verdict import Verdict
from udckit.specs import catalogue

__all__ = ["EXIT", "exit_code", "wanted_rows"]

EXIT: Final[Mapping[str, int]] = {
    "certified": 0,
    "broken": 1,
    "invocation": 2,
    "kit": 3,
    "unreachable": 4,
    "incomplete": 5,
}
"""What the exit codes mean, everywhere."""


def wanted_rows(settings: Settings) -> list[str]:
    """Name the rows that were asked for and bind the role, in the catalogue's order."""
    return [
        row.id
        for row in catalogue().values()
        if settings.role in row.roles
        and row.excluded is None
        and (row.id in settings.only if settings.only else row.stage in settings.stages)
    ]


def exit_code(
    verdicts: Mapping[str, Verdict],
    stages: Iterable[StageResult],
    settings: Settings,
    *,
    interrupted: bool = False,
) -> int:
    """Reckon the exit code: 1 before 3, 3 before 5; an error in what a row needs is one too."""
    asked = [verdicts[each] for each in wanted_rows(settings) if each in verdicts]
    words = {stage.word for stage in stages}
    if settings.only:
        broken = any(each.verdict == "fail" and each.level == "MUST" for each in asked)
        missing = not asked or any(each.verdict == "not_observed" for each in asked)
    else:
        broken = "failed" in words
        missing = "incomplete" in words or "certified" not in words
    if broken:
        return EXIT["broken"]
    if any(each.verdict == "error" for each in verdicts.values()):
        return EXIT["kit"]
    return EXIT["incomplete"] if missing or interrupted else EXIT["certified"]
