"""What a run record comes to: computed from the record alone, and read by every report."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from udckit.conformance import (
    STAGES,
    BoxResult,
    Ruling,
    RunRecord,
    Settings,
    StageResult,
    Verdict,
    box_results,
    root_cause,
    rule,
    stage_results,
    wanted_rows,
)
from udckit.reports._breaks import breaks
from udckit.reports._folding import folded
from udckit.specs import catalogue

if TYPE_CHECKING:
    from udckit.conformance.pacts import Reliance

__all__ = ["Account", "Cause", "Failure", "account_of"]

_WITHOUT_A_STAGE: Final = len(STAGES)

_MUCH: Final = 3
"""Rows held up that outweigh the catalogue's own order, which puts what others rest on first."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A MUST that is broken, what follows from it, and the rows that wait for any of these."""

    verdict: Verdict
    blocks: tuple[str, ...] = ()
    holds_open: int = 0
    """How many of these rows keep a stage from being certified."""
    breaks: tuple[Reliance, ...] = ()
    """The consumers whose contracts lean on it."""
    follows: tuple[Verdict, ...] = ()
    """Rows that are broken because of it: one cause, told once."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Its row, then those that follow from it."""
        return tuple(each.id for each in self.verdicts)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Its verdict, then those that follow from it."""
        return self.verdict, *self.follows


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why rows were not observed; `root` names the row that they wait for."""

    reason: str
    rows: tuple[str, ...]
    root: str | None = None
    holds_open: int = 0
    """How many of the rows keep a stage from being certified."""


@dataclass(frozen=True, slots=True)
class Account:
    """One run, sorted for a reader. `ended` is False where the run did not reach its end."""

    record: RunRecord
    settings: Settings
    ended: bool
    exit_code: int
    ruling: Ruling
    """What became of the known failures."""
    stages: tuple[StageResult, ...]
    boxes: tuple[BoxResult, ...]
    asked: tuple[Verdict, ...]
    unjudged: int
    failures: tuple[Failure, ...]
    causes: tuple[Cause, ...]
    warnings: tuple[Verdict, ...]
    faults: tuple[Verdict, ...]
    absent: tuple[str, ...]
    """Capabilities that it neither shows nor is said to have."""
    unknown: tuple[str, ...]
    """Capabilities that could not be looked for."""

    @property
    def mend_first(self) -> Failure | None:
        """The first failure that nobody listed as known, else None."""
        first = next(iter(self.failures), None)
        return None if first is None or first.verdict.id in self.ruling.excused else first

    @property
    def requests_sent(self) -> int:
        """Requests that left; of a run that was killed, those that were written down."""
        footer = self.record.footer
        return len(self.record.exchanges) if footer is None else int(footer["requests_sent"])

    @property
    def seconds(self) -> float:
        """How long the run took; 0 where nobody wrote it down."""
        footer = self.record.footer
        return 0.0 if footer is None else float(footer["seconds"])

    @property
    def words(self) -> dict[str, str]:
        """Each stage with its word."""
        return {each.stage: each.word for each in self.stages}


def account_of(record: RunRecord) -> Account:
    """Sort a record for its readers."""
    settings = Settings.from_json(record.header["settings"])
    shown = {line["name"]: line["shown"] for line in record.lines("capability")}
    wanted = wanted_rows(settings)

    def applies(capability: str) -> bool:
        return capability in settings.has or bool(shown.get(capability))

    stages = stage_results(
        record.verdicts,
        role=settings.role,
        asked=settings.stages,
        applies=applies,
        whole=not settings.only,
    )
    if not record.complete:
        stages = tuple(_unfinished(each) for each in stages)
    gates = sorted(each for each in _gates(wanted) | set(shown) if not applies(each))
    ruling = rule(
        record.verdicts, stages, settings, _day_of(record), interrupted=not record.complete
    )
    failures, causes = _why(record.verdicts, wanted, stages)
    failures, warnings = _one_each(record, failures, ruling.excused)
    failures = tuple(each for each in failures if _is_asked_about(each, settings.only))
    failures = tuple(replace(each, breaks=breaks(settings, *each.verdicts)) for each in failures)
    failures = tuple(sorted(failures, key=lambda each: each.verdict.id in ruling.excused))
    return Account(
        record=record,
        settings=settings,
        ended=record.complete,
        exit_code=ruling.exit_code if record.footer is None else int(record.footer["exit_code"]),
        ruling=ruling,
        stages=stages,
        boxes=box_results(record.verdicts, role=settings.role, applies=applies),
        asked=tuple(record.verdicts[each] for each in wanted if each in record.verdicts),
        unjudged=sum(each not in record.verdicts for each in wanted),
        failures=failures,
        causes=causes,
        warnings=warnings,
        faults=tuple(_with(record, "error")),
        absent=tuple(each for each in gates if shown.get(each, False) is not None),
        unknown=tuple(each for each in gates if shown.get(each, False) is None),
    )


def _gates(wanted: Iterable[str]) -> set[str]:
    """Name the capabilities on which rows that were asked for depend."""
    gates = {catalogue()[each].gate for each in wanted}
    return {gate.removeprefix("if-") for gate in gates if gate.startswith("if-")}


def _unfinished(stage: StageResult) -> StageResult:
    """What a run did not finish is never certified."""
    return replace(stage, word="incomplete") if stage.word == "certified" else stage


def _day_of(record: RunRecord) -> date:
    """Give the day of the run: on another day its known failures may have had their time."""
    moment = record.header["started"] if record.footer is None else record.footer["finished"]
    return datetime.fromtimestamp(float(moment), UTC).date()


def _with(record: RunRecord, word: str) -> list[Verdict]:
    found = [each for each in record.verdicts.values() if each.verdict == word]
    return sorted(found, key=lambda each: _place(each.id))


def _place(requirement_id: str) -> int:
    """Give a row's place in the catalogue; unknown rows come last."""
    rows = catalogue()
    return list(rows).index(requirement_id) if requirement_id in rows else len(rows)


def _why(
    verdicts: Mapping[str, Verdict], wanted: list[str], stages: Iterable[StageResult]
) -> tuple[tuple[Failure, ...], tuple[Cause, ...]]:
    """Fold the rows that were not observed under what they wait for."""
    gating = {each for stage in stages for each in stage.missing}
    blocked: dict[str, list[str]] = {}
    groups: dict[str, list[tuple[str, str | None]]] = {}
    for each in wanted:
        verdict = verdicts.get(each)
        if verdict is None or verdict.verdict != "not_observed":
            continue
        root = root_cause(verdict, verdicts)
        if root.verdict == "fail" and root.level == "MUST":
            blocked.setdefault(root.id, []).append(each)
        else:
            known = root.id in wanted and root.verdict in {"not_observed", "error"}
            reason = root.message if known else verdict.message
            groups.setdefault(reason, []).append((each, root.id if root is not verdict else None))
    failed = [one for one in verdicts.values() if one.verdict == "fail" and one.level == "MUST"]
    echoes = _echoes(failed)
    failures = [_failure(one, blocked.get(one.id, []), gating) for one in failed]
    causes = [_cause(reason, rows, gating) for reason, rows in groups.items()]
    return (
        tuple(sorted(failures, key=lambda each: _urgency(each, echoes))),
        tuple(sorted(causes, key=lambda cause: (-cause.holds_open, -len(cause.rows)))),
    )


def _one_each(
    record: RunRecord, failures: Sequence[Failure], excused: Collection[str]
) -> tuple[tuple[Failure, ...], tuple[Verdict, ...]]:
    """Make one failure of each cause; give them with the SHOULDs that no failure explains.

    What is listed as known is never folded with what is not: it would hide the one or the other.
    """
    shoulds = [each for each in _with(record, "fail") if each.level != "MUST"]
    told = {each.verdict.id: each for each in failures}
    folds: dict[str, tuple[Verdict, ...]] = {}
    for listed in (False, True):
        rows = [*(each.verdict for each in failures), *shoulds]
        folds |= folded(record, [each for each in rows if (each.id in excused) is listed])
    gone = {each.id for follows in folds.values() for each in follows}
    place = {each.verdict.id: place for place, each in enumerate(failures)}
    left = [_with_followers(each, folds, told) for each in failures if each.verdict.id not in gone]
    left.sort(key=lambda each: min(place[row] for row in each.ids if row in place))
    return tuple(left), tuple(each for each in shoulds if each.id not in gone)


def _with_followers(
    failure: Failure, folds: Mapping[str, tuple[Verdict, ...]], told: Mapping[str, Failure]
) -> Failure:
    follows = folds.get(failure.verdict.id, ())
    own = [failure, *(told[each.id] for each in follows if each.id in told)]
    return replace(
        failure,
        follows=follows,
        blocks=tuple(row for each in own for row in each.blocks),
        holds_open=sum(each.holds_open for each in own),
    )


def _is_asked_about(failure: Failure, only: Collection[str]) -> bool:
    """Whether a failure is of a row that was asked for by name, explains one or holds one up."""
    return not only or any(each in only for each in (*failure.ids, *failure.blocks))


def _failure(verdict: Verdict, rows: list[str], gating: set[str]) -> Failure:
    return Failure(verdict, tuple(rows), sum(each in gating for each in rows))


def _cause(reason: str, rows: list[tuple[str, str | None]], gating: set[str]) -> Cause:
    roots = {root for _, root in rows if root is not None}
    ids = tuple(each for each, _ in rows)
    return Cause(
        reason=reason,
        rows=ids,
        root=roots.pop() if len(roots) == 1 else None,
        holds_open=sum(each in gating for each in ids),
    )


def _echoes(failed: Iterable[Verdict]) -> set[str]:
    """Name the rows that say what a row said that was judged before them: one cause, twice seen."""
    seen: set[tuple[str | None, str | None]] = set()
    found = set()
    for each in failed:
        said = (each.expected, each.observed)
        if said in seen:
            found.add(each.id)
        seen.add(said)
    return found


def _urgency(failure: Failure, echoes: Container[str]) -> tuple[int, bool, int, int]:
    """Order failures as an author would mend them: by stage, then by what each holds up.

    An echo that holds nothing up comes after what it may be an echo of.
    """
    stage = failure.verdict.stage
    place = STAGES.index(stage) if stage in STAGES else _WITHOUT_A_STAGE
    echo = failure.verdict.id in echoes and not failure.blocks
    return (place, echo, -(failure.holds_open // _MUCH), _place(failure.verdict.id))
