"""What a scenario saw, as facts: each call, look, line, note and exit; a check is a function of it.

Times are seconds of the target's clock since the scenario began, `began` that moment's epoch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from udckit.conformance.errors import NotObserved
from udckit.conformance.observation import MISSING, Tally
from udckit.conformance.redaction import PLACEHOLDER, TokenFacts

__all__ = ["Call", "Exit", "Logged", "Look", "Noted", "Recording", "Recordings"]

_BEARER: Final = "bearer"
_NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came to a fake, and what it was answered."""

    n: int
    at: float
    fake: str
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: str
    operation: str | None
    problems: tuple[str, ...]
    answered: int | None
    answer: str
    fault: str | None
    released: float | None

    @property
    def authorization(self) -> str | None:
        """The Authorization header, with a placeholder for the token."""
        return next((value for name, value in self.headers if name == "authorization"), None)

    @property
    def token(self) -> str | None:
        """The placeholder of its bearer token."""
        scheme, _, token = (self.authorization or "").partition(" ")
        found = PLACEHOLDER.fullmatch(token.strip())
        return found.group() if found is not None and scheme.lower() == _BEARER else None

    @property
    def taken(self) -> bool:
        """Whether it was answered 2xx."""
        return self.answered is not None and 200 <= self.answered < 300  # noqa: PLR2004 - the 2xx

    def member(self, name: str) -> Any:
        """Give a member of its body, MISSING where there is none."""
        return _member(self.body, name)

    def given(self, name: str) -> Any:
        """Give a member of the answer, MISSING where there is none."""
        return _member(self.answer, name)

    def __str__(self) -> str:
        return f"{self.method} {self.path} at {self.at:+.1f} s"


@dataclass(frozen=True, slots=True)
class Look:
    """One request of the kit's to the target; no status where there was trouble instead."""

    n: int
    at: float
    name: str
    method: str
    path: str
    seconds: float
    status: int | None
    body: str
    trouble: str | None

    def member(self, name: str) -> Any:
        """Give a member of the answer's body, MISSING where there is none."""
        return _member(self.body, name)

    @property
    def outcome(self) -> str:
        """What came, in a few words."""
        return f"status {self.status}" if self.status is not None else f"{self.trouble}"

    def __str__(self) -> str:
        return f"{self.method} {self.path} at {self.at:+.1f} s"


@dataclass(frozen=True, slots=True)
class Logged:
    """A line that the target wrote."""

    n: int
    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Noted:
    """A moment of the script: what was done, and what belongs to it."""

    n: int
    at: float
    what: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Exit:
    """The end of a process; `asked` says that the kit had told it to."""

    n: int
    at: float
    status: int
    asked: bool


_KINDS: Final[Mapping[str, type[Any]]] = {
    "call": Call,
    "look": Look,
    "log": Logged,
    "note": Noted,
    "exit": Exit,
}


@dataclass(frozen=True, slots=True)
class Recording:
    """One scenario as it went, or a part of it. `tally` counts what the check really judged."""

    scenario: str
    clock: str
    began: float
    trouble: str | None = None
    calls: tuple[Call, ...] = ()
    looks: tuple[Look, ...] = ()
    logged: tuple[Logged, ...] = ()
    notes: tuple[Noted, ...] = ()
    exits: tuple[Exit, ...] = ()
    tokens: Mapping[str, TokenFacts] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)

    def at(self, what: str) -> float | None:
        """Give the first moment that was noted under this word."""
        return next((each.at for each in self.notes if each.what == what), None)

    @property
    def is_accelerated(self) -> bool:
        """Whether the target lived by a faster clock: x20."""
        return self.clock.startswith("x")

    def note(self, what: str) -> Noted | None:
        """Give the first note of this word."""
        return next((each for each in self.notes if each.what == what), None)

    def named(self, *names: str) -> tuple[Look, ...]:
        """Give the looks of these names, in order."""
        return tuple(each for each in self.looks if each.name in names)

    def part(self, start: str, end: str | None = None) -> Recording:
        """Give what lies between two notes; an end that was not noted is the scenario's end.

        What begins where nothing was noted is empty.
        """
        first = self.note(start)
        if first is None:
            return self.between(_NEVER)
        later = [each for each in self.notes if each.n > first.n]
        last = next((each for each in later if each.what == end), None)
        inner = [first, *(each for each in later if last is None or each.n < last.n)]
        part = self.between(first.at, None if last is None else last.at)
        return replace(part, notes=tuple(inner))

    def between(self, first: float, last: float | None = None) -> Recording:
        """Give what lies between two moments; an exit at the last of them was before it."""
        end = _NEVER if last is None else last
        parts: dict[str, Any] = {
            name: tuple(each for each in getattr(self, name) if first <= each.at < end)
            for name in ("calls", "looks", "logged", "notes")
        }
        exits = tuple(each for each in self.exits if first < each.at <= end)
        return replace(self, **parts, exits=exits)

    @property
    def end(self) -> float:
        """The last moment that was noted."""
        return max((each.at for each in self.notes), default=0.0)

    def as_lines(self) -> Iterator[dict[str, Any]]:
        """Give the lines of the run record, each with scenario and clock."""
        tag = {"kind": "scene", "scenario": self.scenario, "clock": self.clock}
        yield {**tag, "what": "scenario", "began": self.began, "trouble": self.trouble}
        for facts in self.tokens.values():
            yield {**tag, **facts.as_json(), "kind": "scene", "what": "token"}
        for what, rows in (
            ("note", self.notes),
            ("call", self.calls),
            ("look", self.looks),
            ("log", self.logged),
            ("exit", self.exits),
        ):
            for row in rows:
                yield {**tag, "what": what, "fact": _plain(row)}

    @classmethod
    def of(cls, lines: Iterable[Mapping[str, Any]]) -> Recording:
        """Read one scenario's lines back."""
        rows: dict[str, list[Any]] = {what: [] for what in _KINDS}
        tokens: dict[str, TokenFacts] = {}
        head: Mapping[str, Any] = {}
        for line in lines:
            match line["what"]:
                case "scenario":
                    head = line
                case "token":
                    names = ("ref", "header", "claims", "signed_by", "issued_as")
                    tokens[f"<token:{line['ref']}>"] = TokenFacts(*(line[n] for n in names))
                case what:
                    rows[what].append(_read(_KINDS[what], line["fact"]))
        return cls(
            scenario=head["scenario"],
            clock=head["clock"],
            began=head["began"],
            trouble=head["trouble"],
            calls=tuple(rows["call"]),
            looks=tuple(rows["look"]),
            logged=tuple(rows["log"]),
            notes=tuple(rows["note"]),
            exits=tuple(rows["exit"]),
            tokens=tokens,
        )


@dataclass(frozen=True, slots=True)
class Recordings:
    """Every scenario of a run by name, for a row that more than one of them shows."""

    by_name: Mapping[str, Recording]
    tally: Tally = field(default_factory=Tally)
    absent: str | None = None
    """Why none of them can be had; None where one that is not here just did not run."""

    def get(self, name: str) -> Recording | None:
        """Give a scenario's recording, with this tally; None where it did not run.

        NotObserved is raised where none can be had.
        """
        found = self.by_name.get(name)
        if found is None and self.absent is not None:
            raise NotObserved(self.absent)
        return None if found is None else replace(found, tally=self.tally)

    @classmethod
    def of(cls, lines: Iterable[Mapping[str, Any]]) -> Recordings:
        """Read the scenarios of a run record."""
        sorted_out: dict[str, list[Mapping[str, Any]]] = {}
        for line in lines:
            sorted_out.setdefault(line["scenario"], []).append(line)
        return cls({name: Recording.of(rows) for name, rows in sorted_out.items()})


def _member(text: str, name: str) -> Any:
    try:
        body = json.loads(text) if text else MISSING
    except (ValueError, RecursionError):
        return MISSING
    return body.get(name, MISSING) if isinstance(body, dict) else MISSING


def _plain(row: Any) -> dict[str, Any]:
    return {each.name: _listed(getattr(row, each.name)) for each in fields(row)}


def _listed(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_listed(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value


def _read(kind: type[Any], facts: Mapping[str, Any]) -> Any:
    return kind(**{name: _tupled(value) for name, value in facts.items()})


def _tupled(value: Any) -> Any:
    return tuple(_tupled(each) for each in value) if isinstance(value, list) else value
