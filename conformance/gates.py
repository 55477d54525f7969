"""Gates: what a stage and a tick-box come to, by the rules at the head of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from udckit.conformance.settings import STAGES
from udckit.conformance.verdict import Verdict
from udckit.specs import Requirement, catalogue, checklist

__all__ = ["BoxResult", "StageResult", "box_results", "stage_results"]

StageWord = Literal["certified", "failed", "incomplete", "not_asked"]
BoxWord = Literal["ticked", "crossed", "open", "not_applicable"]
Applies = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class StageResult:
    """One stage: its word, and how many rows came to which verdict."""

    stage: str
    word: StageWord
    counts: Mapping[str, int]
    failed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BoxResult:
    """One of the guide's 21 boxes; `cause` is the row that crossed it or kept it open."""

    slug: str
    block: str
    text: str
    word: BoxWord
    cause: str | None = None
    only_should: bool = False


def stage_results(
    verdicts: Mapping[str, Verdict],
    *,
    role: str,
    asked: Iterable[str],
    applies: Applies,
    whole: bool = True,
) -> tuple[StageResult, ...]:
    """Reckon every stage. `applies(capability)` says whether an `if-` gate holds for this target.

    `whole` is False where only some requirements were asked: then no stage is.
    """
    wanted = set(asked) if whole else set()
    return tuple(_stage(stage, verdicts, role, applies, wanted=stage in wanted) for stage in STAGES)


def _stage(
    stage: str, verdicts: Mapping[str, Verdict], role: str, applies: Applies, *, wanted: bool
) -> StageResult:
    rows = [row for row in catalogue().values() if row.stage == stage and role in row.roles]
    known = [(row, verdicts[row.id]) for row in rows if row.id in verdicts]
    counts: dict[str, int] = {}
    for _, verdict in known:
        counts[verdict.verdict] = counts.get(verdict.verdict, 0) + 1
    if not wanted:
        return StageResult(stage, "not_asked", counts)
    musts = [(row, verdict) for row, verdict in known if row.level == "MUST"]
    failed = tuple(row.id for row, verdict in musts if verdict.verdict == "fail")
    gating = [
        row
        for row in rows
        if row.level == "MUST"
        and row.excluded is None
        and gates(row, verdicts.get(row.id), applies)
    ]
    passed = {row.id for row, verdict in musts if verdict.verdict == "pass"}
    missing = tuple(row.id for row in gating if row.id not in passed)
    if failed:
        return StageResult(stage, "failed", counts, failed, missing)
    if missing or not gating:
        return StageResult(stage, "incomplete", counts, (), missing)
    return StageResult(stage, "certified", counts)


def gates(row: Requirement, verdict: Verdict | None, applies: Applies) -> bool:
    """True where a MUST holds its stage open until it passes; None: nobody came to judge it."""
    if row.gate == "never" or (verdict is not None and verdict.verdict == "not_applicable"):
        return False
    return row.gate == "always" or applies(row.gate.removeprefix("if-"))


def box_results(
    verdicts: Mapping[str, Verdict], *, role: str, applies: Applies
) -> tuple[BoxResult, ...]:
    """Tick the 21 boxes of the guide's section 12."""
    rows = [row for row in catalogue().values() if row.checklist and role in row.roles]
    return tuple(
        _box(
            box.slug,
            box.block,
            box.text,
            [r for r in rows if r.checklist == box.slug],
            verdicts,
            applies,
        )
        for box in checklist()
    )


def _box(
    slug: str,
    block: str,
    text: str,
    rows: list[Requirement],
    verdicts: Mapping[str, Verdict],
    applies: Applies,
) -> BoxResult:
    known = [(row, verdicts[row.id]) for row in rows if row.id in verdicts]
    bound = [(row, verdict) for row, verdict in known if verdict.verdict != "not_applicable"]
    musts = [(row, verdict) for row, verdict in bound if row.level == "MUST"]
    judged = musts or bound
    only_should = bool(bound) and not musts
    for row, verdict in judged:
        if verdict.verdict == "fail":
            return BoxResult(slug, block, text, "crossed", row.id, only_should)
    for row, verdict in judged:
        waits = row.gate == "always" or row.level != "MUST" or gates(row, verdict, applies)
        if verdict.verdict != "pass" and waits:
            return BoxResult(slug, block, text, "open", row.id, only_should)
    if len(known) < len(rows):
        asked = {row.id for row, _ in known}
        return BoxResult(slug, block, text, "open", next(r.id for r in rows if r.id not in asked))
    if any(verdict.verdict == "pass" for _, verdict in bound):
        return BoxResult(slug, block, text, "ticked", None, only_should)
    return BoxResult(slug, block, text, "not_applicable")
