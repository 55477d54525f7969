"""The run record: JSON lines, a header first, every fact as it happens, a footer last.

A record without a footer is that of a run that was ended: it reads, and is called incomplete.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from udckit.conformance.errors import InvocationError
from udckit.conformance.exchange import Exchange
from udckit.conformance.verdict import Verdict

__all__ = ["FORMAT", "Recorder", "RunRecord", "dump", "read_record"]

FORMAT: Final = 1
"""The version of the record's form; a reader refuses one that it does not know."""

Line = dict[str, Any]
Listener = Callable[[Line], None]


class Recorder:
    """The one writer of a run record; keeps the lines in memory too, for the reports."""

    def __init__(self, path: Path | None = None, listeners: Iterable[Listener] = ()) -> None:
        self.path = path
        self.lines: list[Line] = []
        self._listeners = tuple(listeners)
        self._lock = threading.Lock()
        self._file: IO[str] | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8", newline="\n")

    def write(self, line: Line) -> None:
        """Append a line; verdicts are pushed to disk at once, so that a killed run is readable."""
        with self._lock:
            self.lines.append(line)
            if self._file is not None:
                self._file.write(dump(line) + "\n")
                if line["kind"] != "exchange":
                    self._file.flush()
        for listener in self._listeners:
            listener(line)

    def tell(self, line: Line) -> None:
        """Tell the listeners something that passes, and is no part of the record."""
        for listener in self._listeners:
            listener(line)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def record(self) -> RunRecord:
        """Give what was written so far, as a reader would find it."""
        return RunRecord.of(self.lines)


def dump(line: Line) -> str:
    """Write a line the same way each time."""
    return json.dumps(line, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as it was written down. Reports read this and nothing else."""

    header: Line
    footer: Line | None
    exchanges: dict[int, Exchange]
    verdicts: dict[str, Verdict]
    tokens: dict[str, Line]
    others: tuple[Line, ...] = field(default=())

    @property
    def complete(self) -> bool:
        """True where the run reached its end."""
        return self.footer is not None and not self.footer.get("interrupted", False)

    def lines(self, kind: str) -> Iterator[Line]:
        """Give the other lines of one kind: capability, floor, authority, journal, note."""
        return (line for line in self.others if line["kind"] == kind)

    @classmethod
    def of(cls, lines: Iterable[Line]) -> RunRecord:
        """Sort the lines of a record; raise InvocationError where they are none."""
        header: Line | None = None
        footer: Line | None = None
        exchanges: dict[int, Exchange] = {}
        verdicts: dict[str, Verdict] = {}
        tokens: dict[str, Line] = {}
        others: list[Line] = []
        for line in lines:
            try:
                match line.get("kind"):
                    case "header":
                        header = line
                    case "footer":
                        footer = line
                    case "exchange":
                        exchanges[line["n"]] = Exchange.from_json(line)
                    case "verdict":
                        verdicts[line["id"]] = Verdict.from_json(line)
                    case "token":
                        tokens[line["ref"]] = line
                    case _:
                        others.append(line)
            except (KeyError, TypeError, ValueError, AttributeError) as trouble:
                raise InvocationError(
                    f"A line of kind {line.get('kind')!r} lacks what it should have ({trouble}): "
                    "the record is damaged, or was changed by hand."
                ) from trouble
        if header is None:
            raise InvocationError(
                "This is no run record: it has no header line. Give the run.jsonl that "
                "`udckit certify` left in udckit-report/."
            )
        if header.get("format") != FORMAT:
            raise InvocationError(
                f"This record has format {header.get('format')!r}; this udckit reads {FORMAT}. "
                "Use the version of udckit that wrote it."
            )
        return cls(header, footer, exchanges, verdicts, tokens, tuple(others))


def read_record(path: Path) -> RunRecord:
    """Read a record from disk; a last line that was cut off by a kill is left out."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as trouble:
        raise InvocationError(f"The record {path} cannot be read: {trouble}") from trouble
    lines: list[Line] = []
    rows = text.rstrip("\n").split("\n")
    for number, row in enumerate(rows, start=1):
        try:
            line = json.loads(row)
        except ValueError as trouble:
            if number == len(rows) and not text.endswith("\n"):
                break
            raise InvocationError(
                f"Line {number} of {path} is no JSON ({trouble}): damaged, or no run record."
            ) from trouble
        if not isinstance(line, dict):
            raise InvocationError(f"Line {number} of {path} is no JSON object: no run record.")
        lines.append(line)
    return RunRecord.of(lines)
