"""Every row that was asked for, with its verdict and what the verdict rests on: --verbose."""

from __future__ import annotations

from udckit.reports._account import Account
from udckit.reports._failures import write_readings
from udckit.reports._marks import VERDICT_MARKS
from udckit.reports._page import Page
from udckit.reports._printable import one_line
from udckit.reports.message import headline

__all__ = ["write_rows"]


def write_rows(page: Page, account: Account) -> None:
    """Write each row with its subjects, or with why it has none, and its readings."""
    page.blank()
    page.line((f"every row that was asked for ({len(account.asked)})", "bold"))
    for verdict in account.asked:
        mark, style = VERDICT_MARKS[verdict.verdict]
        page.line((f"{mark} ", style), headline(verdict), hang=2)
        if verdict.verdict == "pass":
            told = f"{verdict.subjects} judged"
        elif verdict.verdict == "fail":
            told = f"observed {one_line(verdict.observed or verdict.message)}"
        else:
            waits = f" [waits for {verdict.blocked_by}]" if verdict.blocked_by else ""
            told = f"{verdict.verdict.replace('_', ' ')}: {one_line(verdict.message)}{waits}"
        page.line((told, "dim"), indent=4, hang=2)
        write_readings(page, verdict, indent=4)
