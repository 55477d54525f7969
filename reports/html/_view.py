"""What the report's template is given: one record, sorted for a reader's eye."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from udckit.conformance import STAGES, Verdict, wanted_rows
from udckit.reports._account import Account, account_of
from udckit.reports._cases import asked_rows
from udckit.reports._format import Run
from udckit.reports._known import known_failures
from udckit.reports._marks import BOX_MARKS, STAGE_MARKS, VERDICT_MARKS
from udckit.reports._printable import cut, one_line, printable
from udckit.reports._seen import ended, identity, utc
from udckit.reports.dialect import in_one_line, recognise
from udckit.reports.html._beats import beats
from udckit.reports.html._findings import Finding, finding, shown
from udckit.reports.html._plots import times
from udckit.reports.message import mint_hint
from udckit.reports.plan import REACHED
from udckit.reports.terminal import first_line
from udckit.specs import catalogue

__all__ = ["view"]

_NAME: Final = 60
_VERSION: Final = 30
_BAR: Final = ("pass", "fail", "not_observed", "not_applicable", "error")


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a stage's bar, in hundredths of its width."""

    word: str
    count: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage as its card shows it."""

    name: str
    word: str
    mark: str
    bar: tuple[Slice, ...]
    failed: tuple[str, ...]
    missing: tuple[str, ...]


def view(run: Run) -> dict[str, Any]:
    """Sort a run for the template. Everything from the target is printable text."""
    record = run.record
    account = account_of(record)
    header, settings, who = record.header, account.settings, identity(record)
    found = recognise(record, account)
    return {
        "title": printable(who.title or settings.target),
        "who": replace(who, name=_brief(who.name, _NAME), version=_brief(who.version, _VERSION)),
        "target": one_line(settings.target + settings.base_path),
        "facts": _facts(account),
        "lead": _lead(account),
        "word": _word(account),
        "stages": [_stage(each) for each in account.stages],
        "only": settings.only,
        "blocks": list(_blocks(account)),
        "box_totals": _box_totals(account),
        "findings": [finding(account, each.verdict, each) for each in account.failures],
        "hint": mint_hint(record, [each.verdict for each in account.failures]),
        "faults": [finding(account, each) for each in account.faults],
        "causes": [_cause(account, each) for each in account.causes],
        "warnings": [finding(account, each) for each in account.warnings],
        "known": [each for each in known_failures(account) if each.word != "not_asked"],
        "absent": account.absent,
        "unknown": account.unknown,
        "dialect": found,
        "dialect_line": in_one_line(found).removeprefix("dialect: "),
        "beats": beats(record),
        "times": times(record, settings.health_budget),
        "rows": _rows(account),
        "asked": set(wanted_rows(settings)),
        "marks": {word: mark for word, (mark, _) in VERDICT_MARKS.items()},
        "exchanges": [shown(each) for each in record.exchanges.values()],
        "specs": dict(header.get("specs", {})),
        "record": printable(run.path),
        "ended": account.ended,
        "stage_names": STAGES,
        "many": len(account.failures),
        "exit_code": account.exit_code,
    }


def _brief(text: str | None, most: int) -> str | None:
    """Cut what a heading shows: a target may call itself by a novel."""
    return None if text is None else cut(text, most)


def _facts(account: Account) -> list[tuple[str, str]]:
    header, settings = account.record.header, account.settings
    return [
        ("Role", settings.role),
        ("Reached", REACHED.get(settings.reached, settings.reached)),
        ("Edition", str(header["edition"])),
        ("When", utc(ended(account.record)).replace("T", " ").removesuffix("Z") + " UTC"),
        ("Took", f"{account.seconds:.1f} s, {account.requests_sent} requests"),
        ("Safety", settings.safety),
        ("By", f"udckit {header['kit']}"),
    ]


def _lead(account: Account) -> tuple[str, str, str]:
    """Give the one thing that matters most: its heading, what is said, and the id it is of."""
    if account.mend_first is not None:
        verdict = account.mend_first.verdict
        row = catalogue().get(verdict.id)
        heading = "Mend first" if account.ended else "Ended early; mend first"
        return heading, verdict.message if row is None else row.text, verdict.id
    spans = [each if isinstance(each, str) else each[0] for each in first_line(account)]
    heading, _, rest = "".join(spans).partition(": ")
    return heading, rest, ""


def _word(account: Account) -> str:
    words = set(account.words.values())
    if account.failures:
        return "failed"
    if account.faults:
        return "error"
    if not account.ended or "incomplete" in words or account.exit_code:
        return "incomplete"
    return "certified"


def _stage(result: Any) -> Stage:
    total = sum(result.counts.get(word, 0) for word in _BAR) or 1
    slices, start = [], 0.0
    for word in _BAR:
        count = result.counts.get(word, 0)
        if count:
            width = round(100 * count / total, 3)
            slices.append(Slice(word, count, round(start, 3), width))
            start += width
    asked = result.word != "not_asked"
    return Stage(
        name=result.stage,
        word=result.word,
        mark=STAGE_MARKS[result.word][0],
        bar=tuple(slices) if asked else (),
        failed=result.failed,
        missing=tuple(each for each in result.missing if each not in result.failed),
    )


def _blocks(account: Account) -> Iterator[Mapping[str, Any]]:
    rows = catalogue().values()
    for block in dict.fromkeys(box.block for box in account.boxes):
        boxes = []
        for box in account.boxes:
            if box.block != block:
                continue
            members = [
                (row, account.record.verdicts[row.id])
                for row in rows
                if row.checklist == box.slug
                and account.settings.role in row.roles
                and row.id in account.record.verdicts
            ]
            cause = account.record.verdicts.get(box.cause or "")
            boxes.append(
                {
                    "text": box.text,
                    "word": box.word,
                    "mark": BOX_MARKS[box.word][0],
                    "cause": box.cause,
                    "because": _because(cause),
                    "rows": [(row.id, row.text, verdict.verdict) for row, verdict in members],
                }
            )
        yield {"name": block, "boxes": boxes}


def _because(cause: Verdict | None) -> str:
    if cause is None:
        return ""
    return "it is broken" if cause.verdict == "fail" else one_line(cause.message)


def _box_totals(account: Account) -> list[tuple[str, str, int]]:
    return [
        (word, mark, sum(box.word == word for box in account.boxes))
        for word, (mark, _) in BOX_MARKS.items()
    ]


def _cause(account: Account, cause: Any) -> Mapping[str, Any]:
    return {
        "reason": one_line(cause.reason),
        "rows": cause.rows,
        "root": cause.root,
        "holds_open": cause.holds_open,
        "fix": catalogue()[cause.root].fix
        if cause.root in account.record.verdicts and cause.root in catalogue()
        else "",
    }


def _rows(account: Account) -> list[Finding]:
    """Give every row of the catalogue that binds the role, asked for or not, in its order."""
    asked = {each.id: each for each in asked_rows(account)}
    known = {**account.record.verdicts, **asked}
    return [
        finding(account, known[row.id])
        for row in catalogue().values()
        if row.id in known and account.settings.role in row.roles
    ]
