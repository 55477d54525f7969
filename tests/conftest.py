"""What a run of the tests says at its end, whichever process a test ran in."""

from __future__ import annotations

from typing import Any, Final

import pytest

ATTRIBUTION: Final = "blamed on exactly its rows"
"""The property of a test that judges a whole stage under one fault of stage security."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how many faults of stage security were blamed on exactly the rows expected."""
    reports = (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed"))
    told = [
        value
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == ATTRIBUTION
    ]
    if told:
        share = sum(map(bool, told)) / len(told)
        terminalreporter.write_line(
            f"{len(told)} faults of stage security, {share:.1%} {ATTRIBUTION}"
        )
