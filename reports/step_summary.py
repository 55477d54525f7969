"""A summary in Markdown, for a pull request's checks page.

What came from the target is spelled in character references, so that no table, link, mention or
tag can be made of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from udckit.conformance import Verdict
from udckit.reports._account import Account, account_of
from udckit.reports._breaks import told_breaks
from udckit.reports._cases import why
from udckit.reports._format import Format, Run, of_one
from udckit.reports._known import known_failures, known_note
from udckit.reports._markdown import inert
from udckit.reports._marks import DASH
from udckit.reports._remedy import code_for
from udckit.reports._seen import ended, identity, utc
from udckit.reports.dialect import in_one_line, recognise
from udckit.reports.message import failure_lines, told_follows
from udckit.reports.terminal import first_line
from udckit.specs import catalogue

__all__ = ["FORMAT", "step_summary"]

_STAGE: Final = {"certified": "✅", "failed": "❌", "incomplete": "❔", "not_asked": DASH}
_BOX: Final = {"ticked": "✅", "crossed": "❌", "open": "❔", "not_applicable": DASH}
_WORDS: Final = ("pass", "fail", "not_observed", "not_applicable", "error")
_MOST: Final = 20


def step_summary(run: Run) -> str:
    """Write a run as Markdown."""
    return "\n".join(_lines(account_of(run.record))) + "\n"


def _lines(account: Account) -> Iterator[str]:
    who = identity(account.record)
    yield f"## UDC conformance: {inert(who.title or account.settings.target)}"
    yield ""
    told = "".join(each if isinstance(each, str) else each[0] for each in first_line(account))
    yield f"**{inert(told)}**"
    yield ""
    yield from _stages(account)
    yield from _failures(account)
    yield from _known(account)
    yield from _causes(account)
    yield from _warnings(account)
    yield from _boxes(account)
    yield ""
    yield f"{inert(in_one_line(recognise(account.record)))}  "
    header = account.record.header
    yield (
        f"<sub>{inert(account.settings.target)} · {account.settings.role} · edition "
        f"{inert(str(header['edition']))} · udckit {inert(str(header['kit']))} · "
        f"{account.requests_sent} requests · {utc(ended(account.record))}</sub>"
    )


def _stages(account: Account) -> Iterator[str]:
    yield "| stage | | pass | fail | not observed | not applicable | error |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    for each in account.stages:
        numbers = [str(each.counts.get(word, 0)) for word in _WORDS]
        if each.word == "not_asked":
            numbers = [""] * len(_WORDS)
        word = each.word.replace("_", " ")
        yield f"| {each.stage} | {_STAGE[each.word]} {word} | {' | '.join(numbers)} |"


def _failures(account: Account) -> Iterator[str]:
    if not account.failures:
        return
    yield ""
    yield "### To mend, in this order"
    for place, failure in enumerate(account.failures[:_MOST], start=1):
        yield ""
        yield "<details open><summary>" if place == 1 else "<details><summary>"
        yield f"<b>{failure.verdict.id}</b> {_text(failure.verdict)}</summary>"
        yield ""
        for label, text in failure_lines(account.record, failure.verdict):
            yield f"- **{label}** <code>{inert(text)}</code>"
        if (code := code_for(failure.verdict.id)) is not None:
            yield ""
            yield f"```python\n{code}\n```"
            yield ""
        if (note := known_note(account, failure.verdict.id)) is not None:
            yield f"- **known** {inert(note)}"
        if failure.follows:
            yield f"- **follow** {told_follows(failure.follows)}"
        if failure.blocks:
            yield f"- **blocks** {', '.join(failure.blocks)}"
        if failure.breaks:
            yield f"- **breaks** {told_breaks(failure.breaks)}"
        yield ""
        yield "</details>"
    rest = len(account.failures) - _MOST
    if rest > 0:
        yield ""
        yield f"and {rest} more."


def _known(account: Account) -> Iterator[str]:
    listed = [each for each in known_failures(account) if each.word != "not_asked"]
    if not listed:
        return
    yield ""
    yield "### Known failures"
    for each in listed:
        yield f"- {each.id}: {inert(each.says)}"


def _text(verdict: Verdict) -> str:
    row = catalogue().get(verdict.id)
    return inert(verdict.message if row is None else row.text)


def _causes(account: Account) -> Iterator[str]:
    if account.faults:
        yield ""
        yield "### The kit's own faults, none of the target's"
        for each in account.faults:
            yield f"- {each.id}: {inert(each.message)}"
    if not account.causes:
        return
    yield ""
    yield "### Not observed"
    for cause in account.causes[:_MOST]:
        yield f"- {inert(cause.reason)}: {', '.join(cause.rows)}"


def _warnings(account: Account) -> Iterator[str]:
    if not account.warnings:
        return
    yield ""
    many = len(account.warnings)
    told = "1 SHOULD that is" if many == 1 else f"{many} SHOULDs that are"
    yield f"<details><summary>{told} not kept</summary>"
    yield ""
    for each in account.warnings:
        yield f"- **{each.id}** {_text(each)}: <code>{inert(why(each))}</code>"
    yield ""
    yield "</details>"


def _boxes(account: Account) -> Iterator[str]:
    if account.settings.only:
        return
    yield ""
    yield "<details><summary>The 21 boxes of the guide</summary>"
    yield ""
    for block in dict.fromkeys(box.block for box in account.boxes):
        yield f"- **{block}**"
        for box in account.boxes:
            if box.block == block:
                cause = f" ({box.cause})" if box.cause else ""
                yield f"  - {_BOX[box.word]} {inert(box.text)}{cause}"
    yield ""
    yield "</details>"


FORMAT: Final = Format(
    "summary",
    "Markdown for a pull request's checks page",
    "summary.md",
    of_one("summary.md", step_summary),
)
