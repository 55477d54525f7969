"""Known failures: what a target's owner knows is broken, why, and until when that may stand.

They change the exit code and nothing else. The verdict stays `fail`, the stage stays `failed`, and
no certificate is given. A listed row that passes, and one whose time is up, is exit code 1: the
list can only tell the truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from udckit.conformance.engine import EXIT, wanted_rows
from udckit.conformance.errors import InvocationError
from udckit.conformance.gates import StageResult
from udckit.conformance.judge import root_cause
from udckit.conformance.settings import Settings
from udckit.conformance.verdict import Verdict
from udckit.specs import SpecsError, requirement

__all__ = ["KnownFailure", "Ruling", "read_known_failures", "rule"]

_MEMBERS: Final = ("id", "reason", "expires")


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One row that its owner knows is broken; `expires` is the last day on which that stands."""

    id: str
    reason: str
    expires: date

    def as_json(self) -> dict[str, str]:
        """Give it as it stands in a run record."""
        return {"id": self.id, "reason": self.reason, "expires": self.expires.isoformat()}


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


def read_known_failures(value: Any, where: str) -> tuple[KnownFailure, ...]:
    """Read `[[known-failures]]` of udckit.toml; `where` names the file in what is said of it.

    Raises:
        InvocationError: an entry lacks a member, names no requirement, or gives no date.
    """
    if not isinstance(value, list):
        raise InvocationError(f"{where}: known-failures is a list of tables: [[known-failures]]")
    found: dict[str, KnownFailure] = {}
    for entry in value:
        known = _read(entry, where)
        if known.id in found:
            raise InvocationError(f"{where}: {known.id} is listed twice in known-failures")
        found[known.id] = known
    return tuple(found.values())


def _read(entry: Any, where: str) -> KnownFailure:
    if not isinstance(entry, Mapping):
        raise InvocationError(f"{where}: known-failures is a list of tables: [[known-failures]]")
    named = entry.get("id", "an entry without an id")
    missing = [name for name in _MEMBERS if name not in entry]
    if missing:
        raise InvocationError(
            f"{where}: known failure {named}: {' and '.join(missing)} missing; each entry has an "
            "id, a reason and a last day, such as expires = 2027-03-31"
        )
    if unknown := sorted(set(entry) - set(_MEMBERS)):
        raise InvocationError(f"{where}: known failure {named} says {unknown[0]!r}, unknown here")
    each, reason, expires = (entry[name] for name in _MEMBERS)
    if not isinstance(each, str):
        raise InvocationError(f"{where}: the id of a known failure is a text, not {each!r}")
    if not isinstance(reason, str) or not reason.strip():
        raise InvocationError(f"{where}: known failure {each}: say the reason in words")
    if isinstance(expires, datetime) or not isinstance(expires, date):
        raise InvocationError(
            f"{where}: known failure {each}: expires is a day without quotes, such as 2027-03-31"
        )
    return KnownFailure(_known_row(each, where), reason.strip(), expires)


def _known_row(each: str, where: str) -> str:
    try:
        row = requirement(each.upper())
    except SpecsError as unknown:
        raise InvocationError(f"{where}: known-failures: {unknown}") from unknown
    if row.excluded is not None:
        raise InvocationError(f"{where}: {row.id} is excluded and cannot fail: {row.excluded}")
    return row.id


def rule(
    known: Sequence[KnownFailure],
    verdicts: Mapping[str, Verdict],
    stages: Iterable[StageResult],
    settings: Settings,
    today: date,
    *,
    interrupted: bool = False,
) -> Ruling:
    """Reckon the exit code again, with known failures taken into account.

    A listed failure is excused while its time lasts, and with it the rows that wait for it. What
    else is broken, missing or the kit's own fault counts as it always does. `today` is the day of
    the run.
    """
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
    elif any(one.verdict == "error" for one in judged):
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
