"""What the tests of the fakes share beside their fixtures."""

from collections.abc import Callable
from typing import Any

from udckit.fakes import FakeDroplet, FakeOrchestrator, ManualClock, Registration, Task

__all__ = ["MESSAGE", "TASK", "Make", "beat", "beats", "finished"]

MESSAGE = {"from_service": "caller", "message_type": "query", "payload": {}}
TASK = {"task_type": "verify", "data": {"code": "x = 1"}, "priority": "normal"}

Make = Callable[..., FakeDroplet]


def beats(orchestrator: FakeOrchestrator) -> list[float]:
    return [entry.time for entry in orchestrator.journal.find(path="/heartbeat")]


def beat(beater: Registration, **more: Any) -> dict[str, Any]:
    body = {"service_id": beater.service_id, "status": "active", **more}
    return {name: value for name, value in body.items() if value is not None}


def finished(orchestrator: FakeOrchestrator, clock: ManualClock, index: int = 0) -> Task:
    """The task once it is done; moves the clock a second at a time where that is needed."""
    task = orchestrator.tasks[index]
    for _ in range(200):
        if task.is_finished:
            return task
        clock.advance(1)
    raise AssertionError(f"not finished: {task.as_json()}")
