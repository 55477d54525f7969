"""What is said about it: each report reads the run record and nothing else."""

from udckit.reports._account import Account, Cause, Failure, account_of
from udckit.reports._page import Page
from udckit.reports._printable import one_line, printable
from udckit.reports.compare import compare, comparison_text
from udckit.reports.message import failure_lines, headline, message
from udckit.reports.plan import plan
from udckit.reports.progress import Progress
from udckit.reports.rejudging import differences
from udckit.reports.summary import as_text, empty_summary, summary, summary_schema
from udckit.reports.terminal import Detail, terminal

__all__ = [
    "Account",
    "Cause",
    "Detail",
    "Failure",
    "Page",
    "Progress",
    "account_of",
    "as_text",
    "compare",
    "comparison_text",
    "differences",
    "empty_summary",
    "failure_lines",
    "headline",
    "message",
    "one_line",
    "plan",
    "printable",
    "summary",
    "summary_schema",
    "terminal",
]
