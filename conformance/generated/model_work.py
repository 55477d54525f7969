"""What an Orchestrator makes of work: to whom it gives it, and what it shows of what came back.

Workers of the kit's beat, fall silent and beat again; tasks carry a mark by which a message to a
worker, its outcome and what is shown of it are known. Which worker lives is reckoned by the kit's
clock, with room on both sides of the 180 seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from udckit.conformance.exchange import Exchange
from udckit.conformance.generated.claims import Asked, Claim, value_of
from udckit.conformance.heard import Heard, object_in

__all__ = ["ALIVE", "WITHIN", "WORK", "WORKERS", "WorkModel", "outcome_of"]

WORKERS: Final = ("udckit-walker-a", "udckit-walker-b")
WORK: Final = "udckit-walking"
"""The ability that both have, and nobody else."""

WITHIN: Final = 30.0
"""Seconds in which a task comes to somebody who lives and is capable."""

ALIVE: Final = 120.0
"""Seconds of silence through which a worker surely lives, and goes on to live for a while."""

_DEAD: Final = 240.0
_SHOWN_AFTER: Final = 10.0
_OK: Final = 200


def outcome_of(mark: str) -> str:
    """Give the text that a worker's outcome of a task has in it."""
    return f"{mark} is done"


@dataclass(slots=True)
class _Work:
    asked: Asked
    living: frozenset[str]
    dead: frozenset[str]
    beats: tuple[int, ...]
    came_to: list[str] = field(default_factory=list)
    answered: tuple[float, int] | None = None


class WorkModel:
    """Remembers beats, tasks, whom they came to, and which were answered."""

    def __init__(self) -> None:
        self._beats: dict[str, tuple[float, int]] = {}
        self._work: dict[str, _Work] = {}
        self._marks: dict[str, str] = {}

    def note(self, exchange: Exchange) -> None:
        """Remember an outcome that was taken; where it is posted the Orchestrator chooses."""
        result = (object_in(exchange.request.body or "") or {}).get("result")
        text = result.get("text") if isinstance(result, Mapping) else None
        status = 0 if exchange.answer is None else exchange.answer.status
        for mark, work in self._work.items():
            if text == outcome_of(mark) and 200 <= status < 300 and work.answered is None:  # noqa: PLR2004 - the 2xx
                work.answered = (exchange.at, exchange.number)

    def claims(self, asked: Asked) -> Iterator[Claim]:
        """Remember beats and tasks; say what should be shown of a task."""
        if asked.operation.id == "postHeartbeat" and asked.status in asked.operation.success:
            name = asked.body.members.get("service_name")
            if name in WORKERS:
                self._beats[str(name)] = (asked.exchange.at, asked.number)
        elif asked.operation.id == "postTask" and asked.status in asked.operation.success:
            self._given(asked)
        elif asked.operation.id == "getTask" and asked.status == _OK:
            yield from self._shown(asked)

    def _given(self, asked: Asked) -> None:
        data, given = asked.body.members.get("data"), value_of(asked, "task_id")
        mark = data.get("mark") if isinstance(data, Mapping) else None
        if asked.body.members.get("task_type") != WORK or not isinstance(mark, str):
            return
        now = asked.exchange.at
        silent = {name: now - at for name, (at, _) in self._beats.items()}
        self._work[mark] = _Work(
            asked,
            frozenset(name for name, since in silent.items() if since < ALIVE),
            frozenset(name for name, since in silent.items() if since > _DEAD),
            tuple(number for _, number in self._beats.values()),
        )
        self._marks[str(given)] = mark

    def _shown(self, asked: Asked) -> Iterator[Claim]:
        mark = self._marks.get(asked.params.get("task_id", ""))
        if mark is None:
            return
        work, text = self._work[mark], asked.seen.text
        steps = (work.asked.number,)
        for other, each in self._work.items():
            if other != mark and each.answered is not None:
                yield Claim(
                    ("ORCH-TASK-009",),
                    outcome_of(other) not in text,
                    "what came back for this task, and for no other",
                    f"{outcome_of(other)!r}, which is the outcome of another task",
                    steps=(*steps, each.answered[1]),
                )
        if work.answered is not None and asked.exchange.at >= work.answered[0] + _SHOWN_AFTER:
            yield Claim(
                ("ORCH-TASK-009",),
                outcome_of(mark) in text,
                f"the result that was called back, {outcome_of(mark)!r}",
                steps=(*steps, work.answered[1]),
            )

    def hear(self, call: Heard) -> Iterator[tuple[Asked, Claim]]:
        """Say what should be so of a message that came to a worker."""
        payload = (call.json or {}).get("payload")
        for mark, work in self._work.items():
            if call.method != "POST" or not _holds(payload, mark):
                continue
            work.came_to.append(call.peer)
            if not (work.living and work.dead):
                continue
            yield (
                work.asked,
                Claim(
                    ("ORCH-TASK-008",),
                    call.peer not in work.dead,
                    f"no task for {call.peer}, which has been silent for {_DEAD:g} s, while "
                    f"{', '.join(sorted(work.living))} lives",
                    f"a message to {call.peer}",
                    steps=work.beats,
                ),
            )

    def waited(self, number: int) -> Iterator[tuple[Asked, Claim]]:
        """Say what should have come, now that nothing more is waited for after a task."""
        for work in self._work.values():
            if work.asked.number == number and work.living:
                yield (
                    work.asked,
                    Claim(
                        ("ORCH-TASK-007",),
                        bool(work.came_to),
                        f"a message within {WITHIN:g} s to {' or '.join(sorted(work.living))}, "
                        "which beats and is capable",
                        "none came",
                        steps=work.beats,
                    ),
                )


def _holds(value: Any, mark: str) -> bool:
    """Say whether a text stands anywhere in a value."""
    if isinstance(value, Mapping):
        return any(_holds(each, mark) for each in value.values())
    if isinstance(value, list):
        return any(_holds(each, mark) for each in value)
    return bool(value == mark)
