"""The business of this droplet: jobs that came as task_assignment messages, and work given away."""

from dataclasses import asdict, dataclass
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field
from sqlalchemy import func, select

from reference_droplet import __version__
from reference_droplet.auth import CurrentService
from reference_droplet.cache import Cache
from reference_droplet.calls import CallFailedError
from reference_droplet.database import Database
from reference_droplet.errors import Problem
from reference_droplet.models import JobRow
from reference_droplet.orchestrator import Orchestrator, OrchestratorError
from reference_droplet.routes import protected_router
from reference_droplet.state import now

MOST_JOBS = 1000
CACHED = "reference-droplet:jobs"

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
    """The jobs that were done here, in the database; their list is cached.

    All of it raises Problem 503 where the database is away.
    """

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache

    async def count(self) -> int:
        async with self._database.session() as session:
            return await session.scalar(select(func.count()).select_from(JobRow)) or 0

    async def do(self, message_id: str, for_service: str, payload: dict[str, Any]) -> Job:
        """Do what a task_assignment asks for."""
        job = Job(
            id=message_id,
            task_id=_text(payload.get("task_id")),
            action=_text(payload.get("action")),
            for_service=for_service,
            done_at=now(),
        )
        async with self._database.session() as session:
            session.add(JobRow(**asdict(job)))
        await self._cache.forget(CACHED)
        return job

    async def as_json(self) -> list[dict[str, Any]]:
        """The newest thousand, oldest first."""
        known = await self._cache.get(CACHED)
        if isinstance(known, list):
            return known
        newest = select(JobRow).order_by(JobRow.done_at.desc()).limit(MOST_JOBS)
        async with self._database.session() as session:
            rows = list(await session.scalars(newest))
        jobs = [
            asdict(Job(row.id, row.task_id, row.action, row.for_service, row.done_at))
            for row in reversed(rows)
        ]
        await self._cache.put(CACHED, jobs)
        return jobs


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
    return enveloped(await jobs.as_json())


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
