"""Guide section 5.2, the receiving side: POST /message, and the callback that is owed for it."""

import asyncio
import logging
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import Request
from pydantic import AfterValidator, BaseModel, Field

from reference_droplet.auth import CurrentService
from reference_droplet.calls import Answer, CallFailedError
from reference_droplet.discovery import Discovery, RegistryUnavailableError, UnknownServiceError
from reference_droplet.errors import Problem
from reference_droplet.jobs import Jobs
from reference_droplet.places import place_of, usable_url
from reference_droplet.resilience import with_retries
from reference_droplet.routes import protected_router
from reference_droplet.service_calls import ServiceCalls
from reference_droplet.settings import Settings

# What the guide's sample does otherwise: it shows only who sends. A message_id of whole seconds, as
# in the companion's sample, is the same for two messages (UDC-MSG-008); and a token that is sent to
# any reply_to is a token given away (CONF-11).

LOOK_UP_PATIENCE = 4.0  # the sender waits 10 s for its receipt

logger = logging.getLogger(__name__)
router = protected_router()


class InboundMessage(BaseModel):
    from_service: str = Field(min_length=1)
    message_type: Literal["task_assignment", "status_update", "query"]
    payload: dict[str, Any]
    reply_to: Annotated[str, AfterValidator(usable_url)] | None = None


class Receipt(BaseModel):
    received: Literal[True] = True
    message_id: str
    status: Literal["processing", "completed", "failed"]
    result: dict[str, Any] | None = None


class Desk:
    """Does what messages ask for."""

    def __init__(
        self, settings: Settings, jobs: Jobs, discovery: Discovery, calls: ServiceCalls
    ) -> None:
        self._name = settings.service_name
        self._orchestrator = place_of(settings.orchestrator_url)
        self._jobs = jobs
        self._discovery = discovery
        self._calls = calls

    async def welcomes(self, reply_to: str, sender: str) -> bool:
        """Whether a service that the Registry knows, or the Orchestrator, listens there."""
        place = place_of(reply_to)
        if place == self._orchestrator:
            return True
        try:
            if place == await self._discovery.place(sender):
                return True
        except UnknownServiceError:
            logger.warning("%s holds a token and is not registered", sender)
        return await self._discovery.is_registered(place)

    async def work(self, message: InboundMessage, message_id: str) -> dict[str, Any]:
        if message.message_type == "task_assignment":
            job = await self._jobs.do(message_id, message.from_service, message.payload)
            return {"task_id": job.task_id, "done_at": job.done_at}
        return {"jobs": await self._jobs.count()}

    async def work_and_call_back(self, message: InboundMessage, message_id: str, url: str) -> None:
        """What fails is told as well: the sender waits for an outcome, not for a success."""
        try:
            told = {"status": "completed", "result": await self.work(message, message_id)}
        except Problem as problem:
            told = {"status": "failed", "result": {"error": problem.code}}
        outcome = {"message_id": message_id, "from_service": self._name, **told}

        async def call_back() -> Answer:
            return await self._calls.send("POST", url, within=10, json_body=outcome)

        try:
            answer = await with_retries(call_back, is_safe=False)
        except CallFailedError as error:
            logger.error("callback for %s failed: %s", message_id, error)  # noqa: TRY400 - an outage, no bug of ours
            return
        if answer.is_success:
            logger.info("called back for %s", message_id)
        else:
            logger.error("callback for %s was answered %d", message_id, answer.status)


@router.post("/message", response_model_exclude_none=True, summary="Takes a message")
async def message(body: InboundMessage, request: Request, caller: CurrentService) -> Receipt:
    droplet = request.app.state.droplet
    desk: Desk = droplet.desk
    if body.from_service != caller.service_name:
        raise Problem(403, "SENDER_MISMATCH", "from_service is not the service of the token.")
    message_id = f"msg-{uuid4()}"
    if body.reply_to is None:
        result = await desk.work(body, message_id)
        return Receipt(message_id=message_id, status="completed", result=result)
    try:
        async with asyncio.timeout(LOOK_UP_PATIENCE):
            is_welcome = await desk.welcomes(body.reply_to, caller.service_name)
    except (RegistryUnavailableError, TimeoutError) as error:
        logger.error("a reply_to cannot be looked up: %s", error or "too late")  # noqa: TRY400 - an outage, no bug of ours
        raise Problem(503, "REGISTRY_UNAVAILABLE", "reply_to cannot be looked up.") from None
    if not is_welcome:
        details = {"reply_to": "no service that the Registry knows"}
        raise Problem(422, "VALIDATION_ERROR", "The request is not valid.", details)
    droplet.background.spawn(desk.work_and_call_back(body, message_id, body.reply_to))
    return Receipt(message_id=message_id, status="processing")
