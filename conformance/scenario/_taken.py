"""The notebook of a scenario: everything that is seen, redacted as it is taken in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from udckit.conformance._wire import Returned
from udckit.conformance.heard import Line
from udckit.conformance.redaction import Redactor, TokenFacts
from udckit.conformance.scenario.clock import in_target_time, word_for
from udckit.conformance.scenario.recording import (
    Call,
    Exit,
    Logged,
    Look,
    Noted,
    Recording,
)
from udckit.fakes import Clock, JournalEntry

__all__ = ["Notebook"]

_KEPT: Final = 64_000
"""Characters of a body that are kept: one that is cut short is no JSON any more."""
_LINES: Final = 50_000
"""Lines of a log that are kept: as many as the hundred a second that are let pass (ERR-015) come to
in the longest scenario that is judged by it, so that what is left out was a flood already."""
_WRITTEN: Final = 16_000_000
"""Characters of a log that are kept."""
_ROUNDED: Final = 0.0005
"""Seconds by which rounding may make a moment later than it was."""


class Notebook:
    """Takes down what happens, by the target's clock."""

    def __init__(
        self,
        scenario: str,
        clock: Clock,
        redactor: Redactor,
        issued_as: Callable[[str], str | None],
    ) -> None:
        self._scenario = scenario
        self._clock = clock
        self._redactor = redactor
        self._issued_as = issued_as
        self._began = clock.now()
        self._tokens: dict[str, TokenFacts] = {}
        self._looks: list[Look] = []
        self._lines: list[Logged] = []
        self._written = 0
        self._notes: list[Noted] = []
        self._exits: list[Exit] = []
        redactor.on_token = self._token

    def note(self, what: str, *, at: float | None = None, **detail: Any) -> None:
        """Write a moment down: now, or `at`, an epoch."""
        moment = self._moment() if at is None else round(at - self._began, 3)
        self._notes.append(Noted(len(self._notes) + 1, moment, what, detail))

    def moment(self, what: str) -> float:
        """Give the epoch of the last note of this word; the beginning where there is none."""
        at = next((each.at for each in reversed(self._notes) if each.what == what), 0.0)
        return self._began + at - _ROUNDED

    def look(
        self, at: float, name: str, method: str, path: str, seconds: float, returned: Returned
    ) -> None:
        """Write down one request of the kit's."""
        answered = returned.trouble is None
        body = self._text(returned.body.decode("utf-8", "replace")) if answered else ""
        self._looks.append(
            Look(
                n=len(self._looks) + 1,
                at=round(at - self._began, 3),
                name=name,
                method=method,
                path=path,
                seconds=round(seconds, 4),
                status=returned.status if answered else None,
                body=body,
                trouble=returned.trouble,
            )
        )

    @property
    def last_look(self) -> Look:
        """The newest request of the kit's; IndexError where there is none."""
        return self._looks[-1]

    def lines(self, lines: Sequence[Line]) -> None:
        """Write down what the target wrote."""
        for line in lines:
            if len(self._lines) >= _LINES or self._written >= _WRITTEN:
                return
            at = in_target_time(self._clock, line.at) - self._began
            text = self._text(line.text)
            self._written += len(text)
            self._lines.append(Logged(len(self._lines) + 1, round(at, 3), text))

    def exited(self, status: int, *, asked: bool) -> None:
        """Write down that the target's process ended."""
        self._exits.append(Exit(len(self._exits) + 1, self._moment(), status, asked))

    def recording(self, fakes: Mapping[str, Any], trouble: str | None) -> Recording:
        """Give everything, with the journals of the fakes in the order in which calls came."""
        entries = [(name, entry) for name, fake in fakes.items() for entry in fake.journal]
        entries.sort(key=lambda each: (each[1].time, each[0], each[1].number))
        calls = [self._call(n, name, entry) for n, (name, entry) in enumerate(entries, start=1)]
        return Recording(
            scenario=self._scenario,
            clock=word_for(self._clock),
            began=round(self._began, 3),
            trouble=trouble,
            calls=tuple(calls),
            looks=tuple(self._looks),
            logged=tuple(self._lines),
            notes=tuple(self._notes),
            exits=tuple(self._exits),
            tokens=self._tokens,
        )

    def _call(self, n: int, fake: str, entry: JournalEntry) -> Call:
        clean = self._text
        released = entry.released
        return Call(
            n=n,
            at=round(entry.time - self._began, 3),
            fake=fake,
            method=entry.method,
            path=clean(entry.path),
            query=clean(entry.query),
            headers=tuple((name, clean(entry.headers[name])) for name in sorted(entry.headers)),
            body=clean(entry.body.decode("utf-8", "replace")),
            operation=entry.operation,
            problems=tuple(clean(str(each)) for each in entry.problems),
            answered=entry.answered,
            answer=clean(entry.response.decode("utf-8", "replace")),
            fault=None if entry.fault is None else str(entry.fault),
            released=None if released is None else round(released - self._began, 3),
        )

    def _token(self, facts: TokenFacts) -> None:
        placeholder = f"<token:{facts.ref}>"
        issued = self._issued_as(self._redactor.revealed(placeholder))
        self._tokens[placeholder] = replace(facts, issued_as=issued)

    def _moment(self) -> float:
        return round(self._clock.now() - self._began, 3)

    def _text(self, text: str) -> str:
        return self._redactor.text(text)[:_KEPT]
