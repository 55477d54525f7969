"""The business of this droplet: jobs that came as task_assignment messages, and work given away."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field

from reference_droplet import __version__
from reference_droplet.auth import CurrentService
from reference_droplet.calls import CallFailedError
from reference_droplet.errors import Problem
from reference_droplet.orchestrator import Orchestrator, OrchestratorError
from reference_droplet.routes import protected_router
from reference_droplet.state import now

MOST_JOBS = 1000

router = protected_router()


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work that was done here."""

    id: str
    task_id: str | None
    action: str | None
    for_service: str
    done_at: str


class Jobs:
    """The last thousand jobs; a droplet with a database keeps them there."""

    def __init__(self) -> None:
        self._done: deque[Job] = deque(maxlen=MOST_JOBS)

    def __len__(self) -> int:
        return len(self._done)

    def do(self, message_id: str, for_service: str, payload: dict[str, Any]) -> Job:
        """Do what a task_assignment asks for."""
        job = Job(
            id=message_id,
            task_id=_text(payload.get("task_id")),
            action=_text(payload.get("action")),
            for_service=for_service,
            done_at=now(),
        )
        self._done.append(job)
        return job

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(job) for job in self._done]


def _text(value: object) -> str | None:
    """Text that can be shown: half a surrogate pair cannot."""
    return value.encode("utf-8", "replace").decode()[:200] if isinstance(value, str) else None


class Delegation(BaseModel):
    """Work for whoever can do it."""

    task_type: str = Field(min_length=1, max_length=100)
    data: dict[str, Any] = {}


def enveloped(data: object) -> dict[str, Any]:
    """The envelope that UDC §4 wants around business answers; its own five endpoints are bare."""
    return {"data": data, "meta": {"timestamp": now(), "version": __version__}}


@router.get("/jobs", summary="The jobs that were done here")
async def list_jobs(request: Request, _: CurrentService) -> dict[str, Any]:
    jobs: Jobs = request.app.state.droplet.jobs
    return enveloped(jobs.as_json())


@router.post("/delegations", status_code=201, summary="Gives work away through the Orchestrator")
async def delegate(work: Delegation, request: Request, _: CurrentService) -> dict[str, Any]:
    """Guide section 5.3: through the Orchestrator, which knows who is capable and alive."""
    orchestrator: Orchestrator = request.app.state.droplet.orchestrator
    try:
        task_id = await orchestrator.route_task(work.task_type, work.data)
    except (CallFailedError, OrchestratorError) as error:
        raise unavailable() from error
    return enveloped({"task_id": task_id})


@router.get("/delegations/{task_id}", summary="How work that was given away stands")
async def delegated(task_id: str, request: Request, _: CurrentService) -> dict[str, Any]:
    orchestrator: Orchestrator = request.app.state.droplet.orchestrator
    try:
        task = await orchestrator.task(task_id)
    except (CallFailedError, OrchestratorError) as error:
        raise unavailable() from error
    if task is None:
        raise Problem(404, "TASK_NOT_FOUND", "No such work was given away.")
    return enveloped(task)


def unavailable() -> Problem:
    return Problem(503, "ORCHESTRATOR_UNAVAILABLE", "The Orchestrator does not answer.")
