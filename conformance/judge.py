"""Judging: one check becomes one verdict, by rules that are the same live and replayed."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from udckit.conformance.check import Check
from udckit.conformance.errors import NotApplicable, NotObserved, Violation
from udckit.conformance.probe import Probe
from udckit.conformance.verdict import Verdict, Word
from udckit.specs import Requirement, catalogue

__all__ = ["in_order", "judge", "root_cause", "with_order"]


def in_order(ids: Sequence[str], checks: Mapping[str, Check], role: str) -> list[Requirement]:
    """Put rows into the order of judging: what a row needs comes first, late checks last.

    The needs of a row are added, whatever stage they belong to.
    """
    return [row for _, row in with_order(ids, checks, role)]


def with_order(
    ids: Sequence[str], checks: Mapping[str, Check], role: str
) -> list[tuple[int, Requirement]]:
    """Put rows into the order of judging, each beside the order that its check asked for."""
    rows = catalogue()
    placed: dict[str, None] = {}

    def place(each: str) -> None:
        if each in placed:
            return
        for need in rows[each].needs:
            if role in rows[need].roles and rows[need].excluded is None:
                place(need)
        placed[each] = None

    for each in ids:
        place(each)
    order = {each: checks[each].order if each in checks else 0 for each in placed}
    for each in placed:
        order[each] = max([order[each], *(order.get(need, 0) for need in rows[each].needs)])
    return [(order[each], rows[each]) for each in sorted(placed, key=lambda each: order[each])]


def judge(
    row: Requirement,
    check: Check | None,
    subject: Any,
    verdicts: Mapping[str, Verdict],
    *,
    role: str,
) -> Verdict:
    """Run one check and give its verdict; only `Violation` blames the target."""
    if check is None:
        return _verdict(row, "not_observed", message="no check of this kit judges it yet")
    absent = next(
        (n for n in row.needs if n in verdicts and verdicts[n].verdict == "not_applicable"), None
    )
    if absent is not None and role in catalogue()[absent].roles:
        return _verdict(
            row,
            "not_applicable",
            blocked_by=absent,
            message=f"{absent}, which it needs, is not applicable",
        )
    return _run(row, check, subject, verdicts)


def _run(row: Requirement, check: Check, subject: Any, verdicts: Mapping[str, Verdict]) -> Verdict:
    try:
        check.function(subject)
    except Violation as broken:
        forged = broken.seen.recipe if broken.seen is not None else None
        return _verdict(
            row,
            "fail",
            subject,
            message=check.claim,
            expected=broken.expected,
            observed=broken.observed,
            culprit=broken.seen.number if broken.seen is not None else None,
            recipe=forged.name if forged is not None else None,
        )
    except NotApplicable as outcome:
        return _verdict(row, "not_applicable", subject, message=outcome.reason)
    except NotObserved as outcome:
        cause = _cause(row, verdicts) or outcome.blocked_by
        return _verdict(row, "not_observed", subject, message=outcome.reason, blocked_by=cause)
    except Exception as fault:  # noqa: BLE001 - whatever else a check raises is the kit's own fault
        return _verdict(row, "error", subject, message=_own_fault(fault))
    if _subjects(subject) == 0:
        cause = _cause(row, verdicts)
        return _verdict(
            row,
            "not_observed",
            subject,
            message="nothing came that could be judged",
            blocked_by=cause,
        )
    return _verdict(row, "pass", subject)


def _verdict(row: Requirement, word: Word, subject: Any = None, **more: Any) -> Verdict:
    asked = tuple(subject.source.asked) if isinstance(subject, Probe) else ()
    return Verdict(
        id=row.id,
        level=row.level,
        stage=row.stage,
        verdict=word,
        subjects=_subjects(subject),
        exchanges=asked,
        **more,
    )


def _subjects(subject: Any) -> int:
    return 0 if subject is None else len(subject.tally.judged)


def _cause(row: Requirement, verdicts: Mapping[str, Verdict]) -> str | None:
    """Name the first need that failed, or was itself not observed."""
    return next(
        (
            need
            for need in row.needs
            if need in verdicts and verdicts[need].verdict in {"fail", "not_observed", "error"}
        ),
        None,
    )


def root_cause(verdict: Verdict, verdicts: Mapping[str, Verdict]) -> Verdict:
    """Follow `blocked_by` to the row that all the others wait for."""
    for seen in _chain(verdict, verdicts):
        verdict = seen
    return verdict


def _chain(verdict: Verdict, verdicts: Mapping[str, Verdict]) -> Iterator[Verdict]:
    walked = {verdict.id}
    while verdict.blocked_by in verdicts and verdict.blocked_by not in walked:
        verdict = verdicts[verdict.blocked_by or ""]
        walked.add(verdict.id)
        yield verdict


def _own_fault(fault: Exception) -> str:
    """Say where the kit itself went wrong; a file's name, never this machine's path."""
    frames = traceback.extract_tb(fault.__traceback__)
    last = frames[-1] if frames else None
    where = f"{Path(last.filename).name}:{last.lineno}" if last is not None else "nowhere"
    return f"{type(fault).__name__} at {where}: {fault}"
