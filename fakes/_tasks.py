"""The tasks that an Orchestrator was given; none is ever lost."""

import itertools
import os
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Attempt", "Task", "Tasks"]

PRIORITIES = ("high", "normal", "low")
MOST_FINISHED = 100_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery: to whom, when, and what came of it."""

    service_name: str
    time: float
    outcome: str


@dataclass(slots=True, eq=False)
class Task:
    """One piece of work and how it stands."""

    task_id: str
    task_type: str
    data: Mapping[str, Any]
    priority: str
    created: float
    status: Literal["queued", "assigned", "completed", "failed"] = "queued"
    assigned_to: str | None = None
    message_id: str | None = None
    result: Any = None
    reason: str | None = None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def is_finished(self) -> bool:
        return self.status in {"completed", "failed"}

    def as_json(self) -> dict[str, Any]:
        """What GET /tasks/{task_id} shows."""
        shown: dict[str, Any] = {
            "task_id": self.task_id,
            "status": self.status,
            "task_type": self.task_type,
            "priority": self.priority,
            "assigned_to": self.assigned_to,
            "attempts": [
                {"service_name": one.service_name, "outcome": one.outcome}
                for one in self.attempts[-10:]
            ],
        }
        if self.is_finished:
            shown["result"] = self.result
        if self.reason is not None:
            shown["reason"] = self.reason
        return shown


class Tasks:
    """Every task by its id; the oldest finished ones give way beyond a hundred thousand."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._life = os.urandom(4).hex()
        self._all: dict[str, Task] = {}
        self._finished: OrderedDict[str, None] = OrderedDict()
        self._queued: dict[str, Task] = {}

    def __len__(self) -> int:
        return len(self._all)

    def add(self, body: Mapping[str, Any], now: float) -> Task:
        """Take a task in."""
        task = Task(
            task_id=f"task-{self._life}-{next(self._ids)}",
            task_type=body["task_type"],
            data=body["data"],
            priority=body.get("priority") or "normal",
            created=now,
        )
        self._all[task.task_id] = self._queued[task.task_id] = task
        return task

    def get(self, task_id: str) -> Task | None:
        return self._all.get(task_id)

    def all(self) -> tuple[Task, ...]:
        """Every task, in the order in which they came."""
        return tuple(self._all.values())

    def queued(self) -> list[Task]:
        """What waits for somebody capable, the urgent first."""
        return sorted(self._queued.values(), key=lambda one: PRIORITIES.index(one.priority))

    def assign(self, task: Task, to: str) -> None:
        task.status, task.assigned_to, task.reason = "assigned", to, None
        self._queued.pop(task.task_id, None)

    def queue(self, task: Task, reason: str) -> None:
        task.status, task.assigned_to, task.reason = "queued", None, reason
        self._queued[task.task_id] = task

    def finish(self, task: Task, status: Literal["completed", "failed"], result: Any) -> None:
        task.status, task.result, task.reason = status, result, None
        self._queued.pop(task.task_id, None)
        self._finished[task.task_id] = None
        while len(self._finished) > MOST_FINISHED:
            oldest, _ = self._finished.popitem(last=False)
            del self._all[oldest]

    def clear(self) -> None:
        self._all.clear()
        self._finished.clear()
        self._queued.clear()
