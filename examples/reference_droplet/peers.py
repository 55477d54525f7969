"""Guide sections 5.1 and 5.2, the sending side: ask a peer, or send it a message."""

import logging
from collections import defaultdict
from typing import Any, Literal

from fastapi import Request
from pydantic import BaseModel

from reference_droplet.auth import CurrentService
from reference_droplet.calls import Answer, CallFailedError
from reference_droplet.discovery import Discovery, RegistryUnavailableError, UnknownServiceError
from reference_droplet.errors import Problem
from reference_droplet.jobs import enveloped
from reference_droplet.resilience import Circuit, with_retries
from reference_droplet.routes import protected_router
from reference_droplet.service_calls import ServiceCalls
from reference_droplet.settings import Settings

# What the guide's samples do otherwise: they write the own address into reply_to, and read
# response.json() whatever the status.

logger = logging.getLogger(__name__)
router = protected_router()


class Peers:
    """Other services, by name."""

    def __init__(self, settings: Settings, discovery: Discovery, calls: ServiceCalls) -> None:
        self._name = settings.service_name
        self._discovery = discovery
        self._calls = calls
        self._circuits: defaultdict[str, Circuit] = defaultdict(lambda: Circuit("a peer"))

    async def ask(
        self, name: str, method: str, path: str, *, within: float, json_body: object = None
    ) -> Any:
        """The body of a peer's success. Raises Problem, which our own caller may see."""
        try:
            await self._discovery.place(name)  # no circuit for a name that nobody has

            async def call() -> Answer:
                place = await self._discovery.place(name)
                try:
                    return await self._calls.send(
                        method, place.url + path, within=within, json_body=json_body
                    )
                except CallFailedError:
                    self._discovery.forget(name)  # perhaps it has moved
                    raise

            circuit = self._circuits[name]
            answer = await with_retries(lambda: circuit.call(call), is_safe=method == "GET")
        except UnknownServiceError:
            raise Problem(404, "SERVICE_NOT_FOUND", "The Registry knows no such service.") from None
        except RegistryUnavailableError as error:
            logger.error("Registry: looking up a peer failed: %s", error)  # noqa: TRY400 - an outage, no bug of ours
            raise Problem(503, "REGISTRY_UNAVAILABLE", "The peer cannot be looked up.") from None
        except CallFailedError as error:
            logger.error("a peer does not answer: %s", error)  # noqa: TRY400 - an outage, no bug of ours
            raise Problem(503, "PEER_UNAVAILABLE", "The peer does not answer.") from None
        return _body(answer)

    async def send_message(self, name: str, kind: str, payload: dict[str, Any]) -> Any:
        """Send a message whose outcome comes to our /callback."""
        try:
            ours = await self._discovery.place(self._name)
        except (UnknownServiceError, RegistryUnavailableError):
            raise Problem(503, "NOT_REGISTERED", "The Registry does not know us yet.") from None
        message = {
            "from_service": self._name,
            "message_type": kind,
            "payload": payload,
            "reply_to": f"{ours.url}/callback",
        }
        return await self.ask(name, "POST", "/message", within=10, json_body=message)


def _body(answer: Answer) -> Any:
    if answer.is_success and isinstance(answer.body, dict):
        return answer.body
    logger.error("a peer answered %d, which is of no use", answer.status)
    raise Problem(502, "PEER_FAILED", "The peer did not answer as it should.")


class OutboundMessage(BaseModel):
    message_type: Literal["task_assignment", "status_update", "query"]
    payload: dict[str, Any] = {}


@router.get("/peers/{name}", summary="What another service can do, asked through the Registry")
async def ask_peer(name: str, request: Request, _: CurrentService) -> dict[str, Any]:
    """Section 5.1: a synchronous call."""
    peers: Peers = request.app.state.droplet.peers
    return enveloped(await peers.ask(name, "GET", "/capabilities", within=30))


@router.post("/peers/{name}/messages", status_code=201, summary="Sends a message to a service")
async def message_peer(
    name: str, body: OutboundMessage, request: Request, _: CurrentService
) -> dict[str, Any]:
    """Section 5.2: an asynchronous one."""
    peers: Peers = request.app.state.droplet.peers
    return enveloped(await peers.send_message(name, body.message_type, body.payload))


@router.post("/callback", summary="Takes the outcome of a message that we sent")
async def callback(_: dict[str, Any], caller: CurrentService) -> dict[str, bool]:
    logger.info("%s called back", caller.service_name)
    return {"received": True}
