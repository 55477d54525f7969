"""Guide sections 2 and 5.3: beats to the Orchestrator, and tasks through it."""

import asyncio
import logging
import time
from typing import Any
from urllib.parse import quote

from reference_droplet.calls import Answer
from reference_droplet.dependencies import Dependency
from reference_droplet.registry import Registry
from reference_droplet.service_calls import ServiceCalls
from reference_droplet.settings import Settings
from reference_droplet.state import Activity

# What the guide's sample does otherwise: it sleeps 60 s after each beat, so that slow answers make
# the beat drift; here the schedule stands, and a failed or slow beat takes nothing from the next.
# It also calls get_current_rpm() and get_error_rate(), which nobody has written: see state.py.

EVERY = 60.0
LATE = 2.0

logger = logging.getLogger(__name__)


class OrchestratorError(Exception):
    """The Orchestrator answered something else than success."""


class Orchestrator:
    """Tells the Orchestrator that we live, and hands it work for others."""

    def __init__(
        self,
        settings: Settings,
        calls: ServiceCalls,
        registry: Registry,
        activity: Activity,
        dependency: Dependency,
    ) -> None:
        self._url = settings.orchestrator_url
        self._name = settings.service_name
        self._calls = calls
        self._registry = registry
        self._activity = activity
        self._dependency = dependency

    async def beat_for_ever(self) -> None:
        """Beat at once when registered, then every 60 s; no failure ends it."""
        await self._registry.token()
        due = time.monotonic()
        while True:
            begun = time.monotonic()
            try:
                await self.beat()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next beat must come
                self._dependency.note(is_up=False)
                logger.error("Orchestrator: POST /heartbeat failed: %s", error)  # noqa: TRY400 - an outage, no bug of ours
            else:
                self._dependency.note(is_up=True)
                logger.debug("beat taken")
            due = EVERY + (due if begun - due < LATE else begun)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._registry.token()

    async def beat(self) -> None:
        """Send one beat. Raises CallFailedError, OrchestratorError."""
        measured = self._activity.metrics()
        answer = await self._calls.send(
            "POST",
            f"{self._url}/heartbeat",
            within=5,
            json_body={
                "service_id": self._registry.service_id,
                "service_name": self._name,  # beside service_id: CONF-03
                "status": "active",
                "metrics": {
                    "requests_per_minute": measured["requests_per_minute"],
                    "error_rate": measured["error_rate_percent"],
                    "requests_total": measured["requests_total"],
                },
            },
        )
        _succeeded(answer)

    async def route_task(self, task_type: str, data: dict[str, Any]) -> str:
        """Give a task to whoever can do it; its task_id. Raises CallFailedError, OrchestratorError.

        Not tried again when no answer comes: the task may have been taken (ERR-010).
        """
        answer = await self._calls.send(
            "POST",
            f"{self._url}/tasks",
            within=10,
            json_body={"task_type": task_type, "data": data, "priority": "normal"},
        )
        match _succeeded(answer).body:
            case {"task_id": str(task_id)} if task_id:
                return task_id
        raise OrchestratorError("answered without a task_id")

    async def task(self, task_id: str) -> dict[str, Any] | None:
        """How a task stands; None for one that nobody knows."""
        answer = await self._calls.send(
            "GET", f"{self._url}/tasks/{quote(task_id, safe='')}", within=10
        )
        if answer.status == 404:  # noqa: PLR2004 - unknown
            return None
        body = _succeeded(answer).body
        if not isinstance(body, dict):
            raise OrchestratorError("answered a task that is no object")
        return body


def _succeeded(answer: Answer) -> Answer:
    if not answer.is_success:
        raise OrchestratorError(f"answered {answer.status}")
    return answer
