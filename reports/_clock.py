"""By which clock a run's scenarios were played, in one line."""

from __future__ import annotations

from udckit.conformance import RunRecord
from udckit.reports._printable import one_line

__all__ = ["clock_line"]


def clock_line(record: RunRecord) -> str | None:
    """Say how fast the target's clock ran, and what was repeated; None where nobody chose."""
    lines = list(record.lines("clock"))
    chosen = next((line for line in lines if "factor" in line), None)
    if chosen is None:
        return None
    if chosen["factor"] <= 1:
        return f"scenarios were played in real time: {one_line(str(chosen['why']))}"
    again = [str(line["again"]) for line in lines if "again" in line]
    told = f"scenarios were played by a clock {chosen['factor']:g} times as fast"
    if again:
        names = ", ".join(map(one_line, sorted(again)))
        told += f", and what did not pass again in real time: {names}"
    return told
