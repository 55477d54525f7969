"""The table of the comparison, and the page around it."""

from __future__ import annotations

import os
import platform
import statistics
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from benchmarks.peers.contenders import Found

__all__ = ["Row", "table"]


_USED = ("udckit", "schemathesis", "pact-python")


@dataclass(frozen=True, slots=True)
class Row:
    """A contender: by fault whether it was detected, with requests and cost; what it said."""

    name: str
    what: str
    faults: Sequence[tuple[bool, int, Found]]
    right: Mapping[str, Found]


def table(rows: Sequence[Row], droplet: str, seconds: float, jobs: int) -> str:
    """Write the page."""
    number = len(rows[0].faults)
    lines = [
        "# udckit beside what people would use instead",
        "",
        _filled(
            f"{number} faults of the catalogue, drawn by lot from shape and security, in front of "
            f"`{droplet}`, and {len(rows[0].right)} right droplets; every contender saw the same, "
            f"in one run, {jobs} side by side. A fault is detected where a contender blames "
            "something that it does not blame on the same droplet without the fault, so that what "
            "it always blames is not counted for it. Requests are counted at the proxy before the "
            "droplet; wall and CPU are medians of a run of the contender's own process. `make "
            "peers` measures it anew and writes this page."
        ),
        "",
        _filled(
            f"Measured {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())} in "
            f"{seconds / 60:.1f} min: {', '.join(f'{each} {version(each)}' for each in _USED)}, "
            f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}."
        ),
        "",
        "| | detected | false alarms | requests a run | requests a fault | wall | CPU |",
        "|---|---|---|---|---|---|---|",
        *map(_line, rows),
        "",
        *(_filled(f"- **{row.name}**: {row.what}.") for row in rows),
        "",
        _filled(_standing(*rows)),
        "",
        _filled(
            "A false alarm is a right droplet that is blamed for anything at all; for udckit that "
            "is a MUST, since a SHOULD fails nobody. The kit is given the Registry and its key, "
            "which is what it is made to use; a peer can use no more than the token."
        ),
        "",
    ]
    return "\n".join(lines)


def _standing(ours: Row, *peers: Row) -> str:
    """Say of which peers the kit is ahead, and where it is not."""
    behind = [each.name for each in peers if _found(each) >= _found(ours)]
    told = f"Not ahead in detection of {' and '.join(behind)}. " if behind else ""
    told = told or f"{ours.name} is ahead of every peer in detection. "
    cheaper = [each for each in peers if 0 < _a_fault(each) < _a_fault(ours)]
    if not cheaper:
        return f"{told}None finds a fault with fewer requests."
    listed = " and ".join(f"{each.name} ({_a_fault(each):.0f})" for each in cheaper)
    return (
        f"{told}It is not ahead in requests a fault: {listed} need fewer than its "
        f"{_a_fault(ours):.0f}. It asks all there is to ask, however few faults a droplet has, and "
        "what no peer finds costs no peer a request."
    )


def _found(row: Row) -> int:
    return sum(detected for detected, _, _ in row.faults)


def _a_fault(row: Row) -> float:
    """Requests for each fault that was found; 0 where none was."""
    found = _found(row)
    return sum(count for _, count, _ in row.faults) / found if found else 0.0


def _line(row: Row) -> str:
    found = _found(row)
    requests = sum(count for _, count, _ in row.faults)
    cried = sum(bool(each.alarms) for each in row.right.values())
    runs = [each for _, _, each in row.faults]
    cells = [
        f"{found} of {len(row.faults)} ({100 * found / max(1, len(row.faults)):.0f} %)",
        f"{cried} of {len(row.right)}",
        f"{requests / max(1, len(runs)):.0f}",
        f"{_a_fault(row):.0f}" if found else "none found",
        f"{statistics.median(each.wall for each in runs):.1f} s",
        f"{statistics.median(each.cpu for each in runs):.1f} s",
    ]
    return f"| **{row.name}** | {' | '.join(cells)} |"


def _filled(text: str) -> str:
    return textwrap.fill(text, 99, break_long_words=False, break_on_hyphens=False)
