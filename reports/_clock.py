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
    again = sorted({str(line["again"]) for line in lines if line.get("by") == "real"})
    slower = sorted({str(line["again"]) for line in lines if line.get("by", "real") != "real"})
    told = f"scenarios were played by a clock {chosen['factor']:g} times as fast"
    if slower:
        told += f", what did not pass again by a slower one: {', '.join(map(one_line, slower))}"
    if again:
        told += f", and what did not pass again in real time: {', '.join(map(one_line, again))}"
    return told
