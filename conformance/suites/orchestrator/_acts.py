"""What the checks of an Orchestrator do: beat, and give tasks of a type of the kit's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from udckit.conformance import MISSING, VALID, Ask, NotObserved, Observation, Probe, operation_of

TASK_TYPE: Final = "udckit-echo"

_TWIN_HOLDS_FOR: Final = 8
_SUCCESS: Final = range(200, 300)
_INVALID: Final = frozenset({400, 422})


def a_beat(service: Probe, **members: Any) -> Ask:
    """Make a valid beat, in both forms at once; members given replace those of it."""
    return _ask(
        "/heartbeat",
        {
            "service_id": service.identity.service_id,
            "service_name": service.identity.service_name,
            "status": "active",
            "metrics": {"requests_per_minute": 4.5, "error_rate": 0.0},
            **members,
        },
    )


def a_task(service: Probe, **members: Any) -> Ask:
    """Make a valid task; members given replace those of it, MISSING leaves one out.

    To who refuses the priority `normal`, and that alone, it is given without one.
    """
    is_normal = task(service).number == normal_task(service).number
    return _a_task(**{"priority": "normal" if is_normal else MISSING, **members})


def _a_task(**members: Any) -> Ask:
    return _ask("/tasks", {"task_type": TASK_TYPE, "data": {"text": "udckit"}, **members})


def _ask(path: str, body: Mapping[str, Any]) -> Ask:
    kept = {name: value for name, value in body.items() if value is not MISSING}
    return Ask("POST", path, VALID, kept)


def beat(service: Probe) -> Observation:
    """Give the run's one valid beat and its answer, whatever that is."""
    return service.once("a valid beat", a_beat(service))


def normal_task(service: Probe) -> Observation:
    """Give the run's one task of priority `normal` and its answer, whatever that is."""
    return service.once("a task of priority normal", _a_task(priority="normal"))


def task(service: Probe) -> Observation:
    """Give the run's one valid task and its answer: the one of priority `normal` if it can be."""
    seen = normal_task(service)
    if seen.status in _INVALID:
        other = service.once("a task without a priority", _a_task())
        return other if other.status in _SUCCESS else seen
    return seen


def taken(seen: Observation, *, owner: str) -> Observation:
    """Give back an answer that is a success; `owner` is the row that judges whether it is."""
    operation = operation_of(seen)
    if operation is None or seen.status not in operation.success:
        told = seen.status or seen.exchange.trouble_in_words
        raise NotObserved(f"{seen.call} came to {told}", blocked_by=owner)
    return seen


def task_id(service: Probe) -> str:
    """Give the id of the run's one task."""
    given = taken(task(service), owner="ORCH-TASK-001").member("task_id")
    if not isinstance(given, str) or not given:
        raise NotObserved("the task has no id", blocked_by="ORCH-TASK-001")
    return given


def refused_beside_twins(
    service: Probe, asks: Iterable[Ask], twin: Ask, *, owner: str
) -> Iterable[Observation]:
    """Send what should be refused, eight at most between two valid requests."""
    for number, ask in enumerate(asks):
        if number % _TWIN_HOLDS_FOR == 0:
            taken(service.send(twin), owner=owner)
        yield service.send(ask)
    taken(service.send(twin), owner=owner)
