"""What an Orchestrator must answer: beats, tasks, and how a task stands over time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from udckit.conformance.generated.claims import Asked, Claim, refusal, shown, value_of
from udckit.conformance.generated.contract import is_plain
from udckit.conformance.settings import Settings

__all__ = ["OrchestratorModel"]

_OK: Final = 200
_NOT_FOUND: Final = 404
_BEAT: Final = "postHeartbeat"
_TASK: Final = "postTask"
_LOOK: Final = "getTask"
_STATUS_WORDS: Final = frozenset({"active", "inactive", "error"})
_ENDED: Final = frozenset({"completed", "complete", "done", "succeeded", "success", "finished"})
"""Words of a task that has come to a good end: after one of them nothing else is right."""

_NEVER: Final = re.compile(r"udckit-never-[a-z0-9-]+")
"""Ids that no Orchestrator ever gives."""


@dataclass(slots=True)
class _Task:
    given: int
    ended: tuple[str, int] | None = None
    looks: list[int] = field(default_factory=list)


class OrchestratorModel:
    """Remembers the tasks that were given and how each stood."""

    def __init__(self, settings: Settings) -> None:
        self._identity = settings.identity
        self._tasks: dict[str, _Task] = {}

    def door(self, asked: Asked) -> str | None:
        """Name the operation whose twin speaks for this one."""
        known = {_BEAT: _BEAT, _TASK: _TASK, _LOOK: _TASK}
        return known.get(asked.operation.id)

    def is_twin(self, asked: Asked) -> bool:
        """Say whether it is a beat or a task that nobody may refuse."""
        if asked.kind != "right":
            return False
        members = asked.body.members
        if asked.operation.id == _BEAT:
            us = (self._identity.service_id, self._identity.service_name)
            named = members.get("service_name", us[1])
            ours = (members["service_id"], named) == us
            figures = members.get("metrics", {})
            plain = all(0 <= each <= 1_000_000 and each == each for each in figures.values())  # noqa: PLR0124, PLR2004 - no NaN; any ordinary figure
            return (
                ours
                and members["status"] in _STATUS_WORDS
                and plain
                and all(map(str.isidentifier, figures))
            )
        if asked.operation.id == _TASK:
            ordinary = re.fullmatch(r"udckit-[a-z-]{1,40}", members["task_type"]) is not None
            return ordinary and is_plain(members["data"]) and members.get("priority") == "normal"
        return False

    def rows(self, asked: Asked) -> tuple[str, ...]:
        """Name the rows that a server error breaks."""
        return ("ERR-004",) if asked.operation.id in {_BEAT, _TASK, _LOOK} else ()

    def claims(self, asked: Asked) -> Iterator[Claim]:
        """Say what should be so of an answer."""
        if asked.operation.id == _BEAT:
            refused = None if self._names_itself(asked) else refusal(asked, "ORCH-HB-006")
            yield from filter(None, [refused, self._accepted(asked, "ORCH-HB-001")])
        elif asked.operation.id == _TASK:
            refused = refusal(asked, "ORCH-TASK-003")
            yield from filter(None, [refused, self._accepted(asked, "ORCH-TASK-001")])
            yield from self._taken(asked)
        elif asked.operation.id == _LOOK:
            yield from self._looked(asked)

    @staticmethod
    def _names_itself(asked: Asked) -> bool:
        """Say whether a beat has a service_name in the place of its service_id (CONF-03)."""
        members = asked.body.members
        return members.get("service_id") is None and members.get("service_name") is not None

    def _accepted(self, asked: Asked, row: str) -> Claim | None:
        """What nobody may refuse is accepted; judged between twins like a refusal."""
        status = asked.status
        if not self.is_twin(asked) or asked.told_off or status is None or status >= 500:  # noqa: PLR2004 - the 5xx
            return None
        return Claim(
            (row,), status in asked.operation.success, "a 2xx status", shown(asked), held=True
        )

    def _taken(self, asked: Asked) -> Iterator[Claim]:
        given = value_of(asked, "task_id")
        if asked.status not in asked.operation.success or not isinstance(given, str) or not given:
            return
        earlier = self._tasks.get(given)
        yield Claim(
            ("ORCH-TASK-013",),
            earlier is None,
            "a task_id that no other task has",
            f"task_id {given!r} a second time [{asked.seen.call}]",
            steps=() if earlier is None else (earlier.given,),
        )
        self._tasks.setdefault(given, _Task(asked.number))

    def _looked(self, asked: Asked) -> Iterator[Claim]:
        wanted = asked.params.get("task_id", "")
        task = self._tasks.get(wanted)
        if asked.told_off or asked.status is None or asked.status >= 500:  # noqa: PLR2004 - the 5xx
            return
        if task is None:
            if _NEVER.fullmatch(wanted):
                yield Claim(
                    ("ORCH-TASK-006",),
                    asked.status == _NOT_FOUND,
                    "status 404 to an id that no task has",
                )
            return
        steps = (task.given, *task.looks)
        yield Claim(
            ("ORCH-TASK-005",),
            asked.status == _OK,
            "status 200, for the task was given",
            steps=steps,
        )
        task.looks.append(asked.number)
        named, status = value_of(asked, "task_id"), value_of(asked, "status")
        if asked.status != _OK or not isinstance(status, str):
            return
        yield Claim(
            ("ORCH-TASK-012",),
            named in (None, wanted),
            f"`task_id` {wanted!r}, as asked for",
            f"`task_id` {named!r} [{asked.seen.call}]",
            steps=(task.given,),
        )
        word = status.lower()
        if task.ended is not None:
            yield Claim(
                ("ORCH-TASK-012",),
                word == task.ended[0],
                f"`status` {task.ended[0]!r} still: a task that has come to its end stays there",
                f"`status` {status!r} [{asked.seen.call}]",
                steps=(task.given, task.ended[1]),
            )
        elif word in _ENDED:
            task.ended = (word, asked.number)
