"""What a report format is: a name, what it says, and a writer of files from records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from udckit.conformance import RunRecord, read_record

__all__ = ["Files", "Format", "Run", "of_one", "read_run"]

Files = Mapping[str, bytes]
"""File names with what stands in them; a format of one file has one entry."""

_VERDICT: Final = '"kind":"verdict"'


@dataclass(frozen=True, slots=True)
class Run:
    """A record, and where it lies. `lines` gives the line on which each verdict stands."""

    record: RunRecord
    path: str = "run.jsonl"
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Format:
    """One report format.

    `file` is its usual file name; a name that ends with `/` is a folder. `write` takes the runs
    and the day's moment in seconds since the epoch, by which age is reckoned; what a format says
    of a run comes from the record alone. A format of `many` runs takes any number, others one.
    """

    name: str
    says: str
    file: str
    write: Callable[[Sequence[Run], float], Files]
    many: bool = False


def of_one(file: str, text: Callable[[Run], str]) -> Callable[[Sequence[Run], float], Files]:
    """Make the writer of a format that says one run in one file of text."""

    def write(runs: Sequence[Run], today: float) -> Files:
        del today
        return {file: text(runs[0]).encode("utf-8")}

    return write


def read_run(path: Path) -> Run:
    """Read a record from disk, and note where its verdicts stand.

    Raises:
        InvocationError: it cannot be read, or is no run record.
    """
    record = read_record(path)
    lines: dict[str, int] = {}
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if _VERDICT in line:
                _, _, rest = line.partition('"id":"')
                lines.setdefault(rest.partition('"')[0], number)
    shown = path.name if path.is_absolute() else path.as_posix()
    return Run(record, shown, lines)
