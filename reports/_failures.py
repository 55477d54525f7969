"""The middle of the screen: what is broken, why rows were not observed, and what is unwise."""

from __future__ import annotations

from typing import Final

from udckit.conformance import Verdict
from udckit.reports._account import Account, Cause
from udckit.reports._breaks import told_breaks
from udckit.reports._known import known_failures, known_note
from udckit.reports._page import Page
from udckit.reports._printable import cut, one_line
from udckit.reports._remedy import code_for, write_code
from udckit.reports.message import (
    LABEL_WIDTH,
    failure_lines,
    headline,
    listed,
    mint_hint,
    told_follows,
)
from udckit.specs import catalogue, readings

__all__ = [
    "write_causes",
    "write_failures",
    "write_faults",
    "write_known",
    "write_readings",
    "write_warnings",
]

_IN_FULL: Final = 3
"""Failures that are told in full; one screen holds no more."""

_NAMED: Final = 4
_LISTED: Final = 6


def write_failures(page: Page, account: Account, *, verbose: bool) -> None:
    """Tell each broken MUST, with what waits for it folded under it."""
    full = len(account.failures) if verbose else _IN_FULL
    most = None if verbose else _NAMED
    for failure in account.failures[:full]:
        verdict = failure.verdict
        page.blank()
        page.line(("✗ ", "bold red"), (headline(verdict), "bold"), hang=2)
        for label, text in failure_lines(account.record, verdict):
            if label == "replay":
                page.unbroken((label, "dim"), text, indent=2, width=LABEL_WIDTH)
            else:
                page.labelled((label, "dim"), text, indent=2, width=LABEL_WIDTH)
        if (note := known_note(account, verdict.id)) is not None:
            page.labelled(("known", "yellow"), one_line(note), indent=2, width=LABEL_WIDTH)
        _write_code(page, verdict, verbose=verbose)
        if failure.follows:
            told = told_follows(failure.follows, most=most)
            page.labelled(("follow", "dim"), told, indent=2, width=LABEL_WIDTH)
        if failure.blocks:
            told = listed(failure.blocks, most=most)
            page.labelled(("blocks", "dim"), told, indent=2, width=LABEL_WIDTH)
        if failure.breaks:
            told = told_breaks(failure.breaks)
            page.labelled(("breaks", "dim"), told, indent=2, width=LABEL_WIDTH)
        if verbose:
            write_readings(page, verdict)
    hint = mint_hint(account.record, [each.verdict for each in account.failures[:full]])
    if hint is not None:
        page.blank()
        page.unbroken(("token", "dim"), hint, indent=2, width=LABEL_WIDTH)
    _write_the_rest(page, account, full)


def _write_code(page: Page, verdict: Verdict, *, verbose: bool) -> None:
    """Show code that mends a finding, or say where it is shown: a screen holds little of it."""
    if verbose:
        write_code(page, verdict.id, indent=2, width=LABEL_WIDTH)
    elif code_for(verdict.id) is not None:
        told = f"udckit explain {verdict.id} shows it for FastAPI, with PyJWT and python-jose"
        page.labelled(("code", "dim"), told, indent=2, width=LABEL_WIDTH)


def _write_the_rest(page: Page, account: Account, full: int) -> None:
    rest = account.failures[full:]
    if not rest:
        return
    page.blank()
    page.line(f"and {len(rest)} more (--verbose, or --only ID, tells how to mend them):")
    for failure in rest:
        row = catalogue().get(failure.verdict.id)
        text = "" if row is None else f" {row.text}"
        waiting = f" [and {len(failure.follows)} that follow]" if failure.follows else ""
        waiting += f" [blocks {len(failure.blocks)}]" if failure.blocks else ""
        told = cut(f"{text}", page.width - len(failure.verdict.id) - len(waiting) - 6)
        page.line(("✗ ", "bold red"), failure.verdict.id, f" {told}{waiting}", indent=2, hang=2)


def write_known(page: Page, account: Account) -> None:
    """Tell what of the list of known failures is not told with its failure."""
    told = {each.verdict.id for each in account.failures}
    rest = [
        each for each in known_failures(account) if each.id not in told and each.word != "not_asked"
    ]
    if not rest:
        return
    page.blank()
    for each in rest:
        mark = ("✗ ", "bold red") if each.word in {"stale", "expired"} else ("? ", "yellow")
        page.line(mark, f"{each.id}  {each.says}", hang=2)


def write_faults(page: Page, account: Account) -> None:
    """Tell the kit's own faults, which blame nobody else."""
    if not account.faults:
        return
    page.blank()
    page.line(("the kit's own faults, none of the target's: please report them", "magenta"))
    for fault in account.faults:
        page.line(("! ", "magenta"), f"{fault.id}  {one_line(fault.message)}", hang=2)


def write_causes(page: Page, account: Account, *, verbose: bool) -> None:
    """Tell why rows were not observed: one cause, one line, its rows folded under it."""
    if not account.causes:
        return
    page.blank()
    shown = account.causes if verbose else account.causes[:_LISTED]
    for cause in shown:
        page.line(
            ("? ", "yellow"), f"{_size(cause)} not observed: ", one_line(cause.reason), hang=2
        )
        page.line((listed(cause.rows, most=None if verbose else _NAMED), "dim"), indent=4)
    if (rest := len(account.causes) - len(shown)) > 0:
        rows = sum(len(each.rows) for each in account.causes[len(shown) :])
        page.line(("? ", "yellow"), f"{rows} rows for {rest} other reasons (--verbose)")


def _size(cause: Cause) -> str:
    count = "1 row" if len(cause.rows) == 1 else f"{len(cause.rows)} rows"
    return f"{count} ({cause.holds_open} needed)" if cause.holds_open else count


def write_warnings(page: Page, account: Account, *, verbose: bool) -> None:
    """Tell each SHOULD that is not kept in one line, and more of it where asked."""
    if not account.warnings:
        return
    page.blank()
    shown = account.warnings if verbose else account.warnings[:_LISTED]
    for verdict in shown:
        if not verbose:
            page.line(("! ", "yellow"), _warning(verdict, page.width - 2))
            continue
        page.line(("! ", "yellow"), headline(verdict), hang=2)
        for label, text in failure_lines(account.record, verdict):
            page.labelled((label, "dim"), text, indent=2, width=LABEL_WIDTH)
        write_readings(page, verdict)
    if (rest := len(account.warnings) - len(shown)) > 0:
        page.line(("! ", "yellow"), f"{rest} more that a droplet SHOULD keep (--verbose)")


def _warning(verdict: Verdict, width: int) -> str:
    row = catalogue().get(verdict.id)
    text = one_line(verdict.message) if row is None else row.text
    return cut(f"{verdict.id} {verdict.level}  {text}", width)


def write_readings(page: Page, verdict: Verdict, *, indent: int = 2) -> None:
    """Print the readings that a verdict rests on."""
    row = catalogue().get(verdict.id)
    known = readings()
    for each in row.readings if row is not None else ():
        told = known[each].reading if each in known else ""
        page.labelled(("reading", "dim"), f"{each}: {told}", indent=indent, width=LABEL_WIDTH)
