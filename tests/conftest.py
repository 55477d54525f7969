"""What a run of the tests says at its end, whichever process a test ran in."""

from __future__ import annotations

from typing import Any, Final

import pytest

ATTRIBUTION: Final = "blamed on exactly its rows"
"""The property of a test that judges a whole stage under one fault of stage security."""

REQUESTS: Final = "requests of stage security"
"""The property of a test that judges a right droplet: how many it took."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what was measured beside what was asserted."""
    exact = _told(terminalreporter, ATTRIBUTION)
    if exact:
        share = sum(map(bool, exact)) / len(exact)
        terminalreporter.write_line(
            f"{len(exact)} faults of stage security, {share:.1%} {ATTRIBUTION}"
        )
    counts = _told(terminalreporter, REQUESTS)
    if counts:
        told = f"{min(counts)} to {max(counts)}, over {len(counts)} right droplets"
        terminalreporter.write_line(f"{REQUESTS}: {told}")


def _told(terminalreporter: Any, wanted: str) -> list[Any]:
    reports = (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed"))
    return [
        value
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == wanted
    ]
