"""The terminal: one screen that says what a run came to, and what to mend first."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from udckit.conformance import BoxResult, RunRecord, Verdict
from udckit.reports._account import Account, Failure, account_of
from udckit.reports._clock import clock_line
from udckit.reports._failures import (
    write_causes,
    write_failures,
    write_faults,
    write_known,
    write_warnings,
)
from udckit.reports._known import known_failures
from udckit.reports._marks import BOX_MARKS, DASH, STAGE_MARKS, VERDICT_MARKS
from udckit.reports._page import Page, Span
from udckit.reports._printable import one_line
from udckit.reports._rows import write_rows
from udckit.reports.dialect import in_one_line, recognise
from udckit.reports.message import headline, told_count
from udckit.reports.plan import REACHED, a_role

__all__ = ["Detail", "first_line", "terminal"]

Detail = Literal["quiet", "normal", "verbose"]

_BLOCK_WIDTH: Final = 16
_STAGE_WIDTH: Final = 13


def terminal(
    record: RunRecord,
    *,
    path: Path | str | None = None,
    width: int = 80,
    colour: bool = False,
    encoding: str | None = "utf-8",
    detail: Detail = "normal",
) -> str:
    """Give the screen as text. `path` is where the record lies, as it should be named.

    Everything that came from the target is shown, never obeyed: control characters are spelled
    out, and nothing is read as markup.
    """
    account = account_of(record)
    page = Page(width)
    if detail == "quiet":
        _write_stages(page, account, counts=False)
        return page.render(colour=colour, encoding=encoding)
    page.line(*first_line(account), hang=2)
    _write_heading(page, account)
    page.blank()
    _write_stages(page, account, counts=True)
    if not account.settings.only:
        page.blank()
        _write_boxes(page, account, verbose=detail == "verbose")
        _write_dialect(page, account)
    write_failures(page, account, verbose=detail == "verbose")
    write_known(page, account)
    write_faults(page, account)
    write_causes(page, account, verbose=detail == "verbose")
    write_warnings(page, account, verbose=detail == "verbose")
    if detail == "verbose":
        write_rows(page, account)
    page.blank()
    _write_footing(page, account, path)
    return page.render(colour=colour, encoding=encoding)


def first_line(account: Account) -> tuple[str | Span, ...]:
    """Say the one thing that matters most: what to mend, to add, or that all is well."""
    ended: tuple[str | Span, ...] = (
        ()
        if account.ended
        else (("the run was ended early: ", "bold yellow"), f"{account.unjudged} rows unjudged. ")
    )
    if (first := account.mend_first) is not None:
        verdict = first.verdict
        why = f"expected {verdict.expected}; observed {verdict.observed}"
        return (
            *ended,
            ("mend first: ", "bold red"),
            (verdict.id, "bold"),
            *_following(first),
            f"  {one_line(why if verdict.expected else verdict.message)}",
        )
    if account.faults:
        fault = account.faults[0]
        told = f"{fault.id}  {one_line(fault.message)}"
        return (*ended, ("the kit itself failed: ", "bold magenta"), told)
    if (listed := _of_the_list(account)) is not None:
        return (*ended, *listed)
    if account.exit_code == 0:
        return (*ended, ("nothing to mend: ", "bold green"), _certified(account))
    if account.causes:
        return (*ended, ("missing: ", "bold yellow"), one_line(account.causes[0].reason))
    return ended or (("nothing was judged", "bold yellow"),)


def _following(failure: Failure) -> tuple[str, ...]:
    """Say how many rows are broken for the same reason."""
    return (f" ({told_count(failure.follows)})",) if failure.follows else ()


def _of_the_list(account: Account) -> tuple[Span, str] | None:
    """Say what known failures come to, where nothing else is broken; None without any."""
    if account.ruling.expired or account.ruling.stale:
        words = {"expired", "stale"}
        first = next(each for each in known_failures(account) if each.word in words)
        return ("mend the list: ", "bold red"), f"{first.id}: {first.says}"
    if not account.failures:
        return None
    rows = len(account.ruling.excused)
    last = min(each.expires for each in known_failures(account) if each.word == "excused")
    stages = ", ".join(each.stage for each in account.stages if each.word == "failed")
    told = f"{rows} broken as listed, until {last}; {stages or 'it'} stays failed"
    return ("nothing broken but what is known: ", "bold yellow"), told


def _certified(account: Account) -> str:
    if account.settings.only:
        return "every requirement that was asked for holds or does not apply"
    stages = [each.stage for each in account.stages if each.word == "certified"]
    more = len(account.warnings)
    told = f"; {more} SHOULD{'s' * (more > 1)} could be kept better" if more else ""
    return f"{', '.join(stages)} {'is' if len(stages) == 1 else 'are'} certified{told}"


def _write_heading(page: Page, account: Account) -> None:
    settings = account.settings
    page.line(
        (f"{one_line(settings.target)}{one_line(settings.base_path)}", "bold"),
        f", {a_role(settings.role)} {REACHED.get(settings.reached, settings.reached)}",
        hang=2,
    )
    if (clock := clock_line(account.record)) is not None:
        page.line((clock, "dim"), hang=2)


def _write_stages(page: Page, account: Account, *, counts: bool) -> None:
    if account.settings.only:
        told_below = {row for each in account.failures for row in each.ids} if counts else set()
        for verdict in account.asked:
            if verdict.id in told_below:
                continue
            mark, style = VERDICT_MARKS[verdict.verdict]
            page.line((f"{mark} ", style), headline(verdict), _blame(verdict), hang=2)
        return
    unasked = [each.stage for each in account.stages if each.word == "not_asked"]
    for stage in account.stages:
        if stage.word == "not_asked":
            continue
        mark, style = STAGE_MARKS[stage.word]
        told = ""
        if counts:
            told = f"{_counted(stage.counts)}"
        elif stage.failed:
            told = f"{len(stage.failed)} broken, mend first {_first_id(account)}"
        elif stage.missing:
            told = f"{len(stage.missing)} not observed that it needs"
        page.labelled(
            (f"{mark} {stage.stage}", style),
            (f"{stage.word:<11}", style),
            f" {told}",
            indent=0,
            width=_STAGE_WIDTH + 2,
        )
    if unasked:
        page.line((f"{DASH} ", "dim"), (f"not asked: {', '.join(unasked)}", "dim"))


def _first_id(account: Account) -> str:
    return (account.mend_first or account.failures[0]).verdict.id


def _blame(verdict: Verdict) -> str:
    if verdict.verdict in {"pass", "fail"}:
        return ""
    return f": {verdict.verdict.replace('_', ' ')}, {one_line(verdict.message)}"


def _counted(counts: object) -> str:
    words = dict(counts) if isinstance(counts, dict) else {}
    named = ((word, words.get(word, 0)) for word in VERDICT_MARKS)
    return ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in named if count)


def _write_boxes(page: Page, account: Account, *, verbose: bool) -> None:
    totals = [
        (f"{sum(box.word == word for box in account.boxes)} {mark}  ", style)
        for word, (mark, style) in BOX_MARKS.items()
    ]
    page.line("The 21 boxes of the guide:  ", *totals)
    if verbose:
        for box in account.boxes:
            mark, style = BOX_MARKS[box.word]
            because = _because(account, box.cause) if box.cause else ""
            page.line((f"{mark} ", style), f"{box.block}: {box.text}{because}", indent=2, hang=4)
        return
    for block in dict.fromkeys(box.block for box in account.boxes):
        items = [_box(box) for box in account.boxes if box.block == block]
        page.flow((block, "bold"), items, indent=2, width=_BLOCK_WIDTH)


def _write_dialect(page: Page, account: Account) -> None:
    found = recognise(account.record, account)
    if found.word == "unrecognised" and not found.notes:
        return
    page.blank()
    told = one_line(in_one_line(found)).removeprefix("dialect: ")
    page.line(("dialect: ", "dim"), told, hang=2)
    for note in found.notes:
        page.line(("! ", "yellow"), one_line(note), indent=2, hang=2)
    if found.gaps and found.keys and not found.is_contract:
        many = f"{len(found.gaps)} fields found, wanted and to change"
        page.line(
            (f"`udckit report --format dialect` tells {many}, and the order", "dim"), indent=2
        )


def _box(box: BoxResult) -> tuple[Span, Span]:
    mark, style = BOX_MARKS[box.word]
    return (f"{mark} ", style), (box.text, _muted(box.word))


def _muted(word: str) -> str:
    return "" if word in {"ticked", "crossed"} else "dim"


def _because(account: Account, cause: str) -> str:
    verdict = account.record.verdicts.get(cause)
    if verdict is None:
        return f" ({cause} was not judged)"
    told = verdict.message if verdict.verdict != "fail" else "broken"
    return f" ({cause}: {one_line(told)})"


def _write_footing(page: Page, account: Account, path: Path | str | None) -> None:
    speaks_not = ", ".join(account.absent)
    if account.unknown:
        speaks_not += f"{'; ' * bool(speaks_not)}{', '.join(account.unknown)} (not looked for)"
    if speaks_not:
        page.line(("does not speak for: ", "dim"), speaks_not, hang=2)
    header = account.record.header
    lies = f"record {path} · " if path is not None else ""
    page.line(
        (
            f"{lies}{account.requests_sent} requests · {account.seconds:.1f} s · "
            f"exit code {account.exit_code} · udckit {header['kit']}, edition {header['edition']}",
            "dim",
        ),
        hang=2,
    )
