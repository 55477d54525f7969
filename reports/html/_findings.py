"""What is told of one verdict in the report: the promise, what was seen, and what to change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from udckit.conformance import Exchange, Verdict, curl
from udckit.reports._account import Account, Failure
from udckit.reports._breaks import breaks, told_breaks
from udckit.reports._cases import exchanges_of, why
from udckit.reports._exchange_text import answer_text, outcome, request_text
from udckit.reports._known import known_note
from udckit.reports._marks import VERDICT_MARKS
from udckit.reports._printable import cut, one_line, printable
from udckit.reports._remedy import code_for
from udckit.reports.html._marking import Part, marked
from udckit.reports.message import attack_lines, replay_of, replayed
from udckit.specs import Explanation, catalogue, explanation, guide_words, readings

__all__ = ["Finding", "Shown", "finding", "shown"]

_MOST_LINKED: Final = 12
_LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Shown:
    """One exchange as the page shows it."""

    number: int
    call: str
    outcome: str
    word: str
    request: str
    answer: str
    replay: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One verdict with everything that helps its reader."""

    id: str
    level: str
    stage: str
    word: str
    mark: str
    text: str
    because: str
    subjects: int
    expected: tuple[Part, ...]
    observed: tuple[Part, ...]
    attack: tuple[tuple[str, str], ...]
    replay: str | None
    timing: str | None
    fix: str
    explained: Explanation | None
    code: str | None
    sources: tuple[str, ...]
    guide: str | None
    readings: tuple[tuple[str, str], ...]
    known: str | None
    follows: tuple[str, ...]
    blocks: tuple[str, ...]
    breaks: str
    blocked_by: str | None
    exchange: Shown | None
    exchanges: tuple[int, ...]
    rest: int


def finding(account: Account, verdict: Verdict, failure: Failure | None = None) -> Finding:
    """Tell a verdict; as the failure that it leads, with what follows and what waits."""
    row = catalogue().get(verdict.id)
    known = readings()
    expected, observed = marked(
        cut(printable(verdict.expected or verdict.message), _LONGEST),
        cut(one_line(verdict.observed or ""), _LONGEST),
    )
    exchange = replay_of(account.record, verdict) if verdict.verdict == "fail" else None
    numbers = tuple(each.number for each in exchanges_of(account.record, verdict))
    return Finding(
        id=verdict.id,
        level=verdict.level,
        stage=verdict.stage,
        word=verdict.verdict,
        mark=VERDICT_MARKS[verdict.verdict][0],
        text=one_line(verdict.message) if row is None else row.text,
        because=why(verdict),
        subjects=verdict.subjects,
        expected=expected,
        observed=observed,
        attack=tuple(attack_lines(account.record, verdict)),
        replay=None if exchange is None else replayed(account.record, verdict),
        timing=None if exchange is None else outcome(exchange),
        fix="" if row is None else row.fix,
        explained=None if row is None else explanation(row.id),
        code=code_for(verdict.id),
        sources=() if row is None else row.source,
        guide=None if row is None else guide_words(row),
        readings=()
        if row is None
        else tuple((each, known[each].reading) for each in row.readings if each in known),
        known=known_note(account, verdict.id) if verdict.verdict == "fail" else None,
        follows=tuple(each.id for each in failure.follows) if failure is not None else (),
        blocks=failure.blocks if failure is not None else (),
        breaks=told_breaks(
            breaks(account.settings, verdict) if failure is None else failure.breaks
        ),
        blocked_by=verdict.blocked_by,
        exchange=None if exchange is None else shown(exchange),
        exchanges=numbers[:_MOST_LINKED],
        rest=max(len(numbers) - _MOST_LINKED, 0),
    )


def shown(exchange: Exchange) -> Shown:
    """Show an exchange."""
    path = cut(printable(exchange.request.target), 120)
    return Shown(
        number=exchange.number,
        call=f"{printable(exchange.request.method)} {path}",
        outcome=outcome(exchange),
        word="trouble" if exchange.answer is None else f"s{exchange.answer.status // 100}",
        request=request_text(exchange),
        answer=answer_text(exchange),
        replay=printable(curl(exchange)),
    )
