"""The exit code of a run, once what its owner knows to be broken is taken into account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from udckit.conformance.ending import EXIT, exit_code, wanted_rows
from udckit.conformance.gates import StageResult
from udckit.conformance.judge import root_cause
from udckit.conformance.settings import Settings
from udckit.conformance.verdict import Verdict

__all__ = ["Ruling", "rule"]


@dataclass(frozen=True, slots=True)
class Ruling:
    """The exit code with known failures taken into account, and why.

    `excused` failed as listed, `stale` are listed and pass, `expired` are listed too long,
    `unseen` are listed, were asked for, and could not be judged: nothing is said of them.
    """

    exit_code: int
    excused: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


def rule(
    verdicts: Mapping[str, Verdict],
    stages: Iterable[StageResult],
    settings: Settings,
    today: date,
    *,
    interrupted: bool = False,
) -> Ruling:
    """Reckon the exit code, with the known failures of the settings taken into account.

    A listed failure is excused while its time lasts, and with it the rows that wait for it. What
    else is broken, missing or the kit's own fault counts as it always does. `today` is the day of
    the run.
    """
    known = settings.known_failures
    if not known:
        return Ruling(exit_code(verdicts, stages, settings, interrupted=interrupted))
    asked = set(wanted_rows(settings))
    expired = tuple(each.id for each in known if each.expires < today)
    said = {each.id: verdicts[each.id].verdict for each in known if each.id in verdicts}
    stale = tuple(each for each, word in said.items() if word == "pass" and each in asked)
    excused = {each for each, word in said.items() if word == "fail" and each not in expired}
    judged = [verdicts[each] for each in asked if each in verdicts]
    broken = {one.id for one in judged if one.verdict == "fail" and one.level == "MUST"} - excused
    missing = _missing(verdicts, stages, settings, asked) - excused
    held_up = {each for each in missing if _root(each, verdicts) in excused}
    code = EXIT["certified"]
    if broken or stale or expired:
        code = EXIT["broken"]
    elif any(one.verdict == "error" for one in verdicts.values()):
        code = EXIT["kit"]
    elif missing - held_up or interrupted or not judged:
        code = EXIT["incomplete"]
    return Ruling(
        exit_code=code,
        excused=tuple(each for each in said if each in excused),
        stale=stale,
        expired=expired,
        unseen=tuple(
            each
            for each, word in said.items()
            if each in asked and word in {"not_observed", "error"} and each not in expired
        ),
    )


def _missing(
    verdicts: Mapping[str, Verdict],
    stages: Iterable[StageResult],
    settings: Settings,
    asked: set[str],
) -> set[str]:
    """Name the rows without which what was asked for is incomplete."""
    if settings.only:
        return {
            each
            for each in asked
            if each not in verdicts or verdicts[each].verdict == "not_observed"
        }
    results = [each for each in stages if each.word != "not_asked"]
    gating = {row for each in results for row in each.missing}
    empty = {each.stage for each in results if each.word == "incomplete" and not each.missing}
    return gating | {f"stage {each}" for each in empty}


def _root(each: str, verdicts: Mapping[str, Verdict]) -> str | None:
    return root_cause(verdicts[each], verdicts).id if each in verdicts else None
