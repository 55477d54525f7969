"""A worker of the kit's: registered as capable, listening, and alive by its beats."""

from __future__ import annotations

from typing import Any, Final

from udckit.conformance import Ask, NotObserved, Observation, Probe
from udckit.conformance.heard import Heard, Sender
from udckit.conformance.suites.orchestrator._acts import a_task, taken

WORKER: Final = "udckit-worker"
ABILITY: Final = "udckit-work"
WITHIN: Final = 30.0

_MESSAGE: Final = "/message"


def worker(
    service: Probe, name: str = WORKER, ability: str = ABILITY, *, fails: bool = False
) -> Sender:
    """Register a worker, and let it beat once in a run; where it cannot be, nothing is observed.

    One that `fails` answers every message with 500.
    """
    hired = service.sender(name, listens=True, fails=fails, capabilities=[ability])
    if hired is None:
        raise NotObserved(
            "no droplet of the kit's stands beside the target: give --registry, the Registry that "
            "it trusts, on a machine that it can reach"
        )
    first_beat(service, hired)
    return hired


def first_beat(service: Probe, hired: Sender) -> Observation:
    """Give the first beat of a worker in this run, sent when it is first asked for."""
    seen = service.once(f"{hired.name} begins to beat", _a_beat_of(hired))
    return taken(seen, owner="ORCH-HB-001")


def lives(service: Probe, hired: Sender) -> Observation:
    """Let a worker beat once more."""
    return taken(service.send(_a_beat_of(hired)), owner="ORCH-HB-001")


def _a_beat_of(hired: Sender) -> Ask:
    body = {
        "service_id": hired.service_id,
        "service_name": hired.name,
        "status": "active",
        "metrics": {"requests_per_minute": 0.0},
    }
    return Ask("POST", "/heartbeat", hired.token, body)


def give_work(service: Probe, mark: str, ability: str = ABILITY) -> Observation:
    """Give a task that the worker is capable of; `mark` is in its data."""
    seen = service.send(a_task(service, task_type=ability, data={"text": mark}))
    return taken(seen, owner="ORCH-TASK-001")


def assignments(
    service: Probe, mark: str, *, to: str = WORKER, within: float | None = None
) -> list[tuple[Heard, dict[str, Any]]]:
    """Give the messages with `mark` that came to a worker, each with its body."""
    found = []
    for call in service.heard(to, mark, within=WITHIN if within is None else within):
        body = call.json
        if call.method == "POST" and call.target.partition("?")[0] == _MESSAGE and body is not None:
            found.append((call, body))
    return found
