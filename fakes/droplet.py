"""A droplet that keeps the contract, until it is told otherwise."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Unpack
from urllib.parse import urlsplit

from udckit.fakes._callbacks import Callbacks
from udckit.fakes._client import UnreachableError
from udckit.fakes._directory import Directory
from udckit.fakes._fake import Facts
from udckit.fakes._http import Answer, Refusal, Request
from udckit.fakes._keys import FetchedKey
from udckit.fakes._member import Member, address
from udckit.fakes._membership import Membership
from udckit.fakes._peers import Peers
from udckit.fakes._pulse import Pulse
from udckit.fakes._router import Route, route, routes_of
from udckit.fakes._tokens import SigningKey, decode_unverified, test_key
from udckit.fakes._udc import checked_reply_to
from udckit.fakes.behaviour import Behaviour
from udckit.fakes.ending import Ending
from udckit.fakes.orchestrator import FakeOrchestrator
from udckit.fakes.registry import FakeRegistry

__all__ = ["FakeDroplet"]

_FOR_EVER = 600.0
PATIENCE = 10.0  # seconds that a sender waits for a peer (IG §5.2)


class FakeDroplet(Member):
    """The droplet's side of the contract, and a peer for the others.

    It registers, beats every 60 s, verifies tokens with the Registry's key, answers messages and
    calls back. `registry` and `orchestrator` are fakes or URLs; without one it does not register,
    without the other it does not beat. `behaviour` says what it does otherwise, `log` where it
    writes, if not to the library's own logger.
    """

    role: ClassVar[str] = "droplet"
    supported_operations = ("task_assignment", "status_update", "query")

    def __init__(
        self,
        *,
        name: str = "udckit-droplet",
        registry: FakeRegistry | str | None,
        orchestrator: FakeOrchestrator | str | None = None,
        droplet_id: int = 10,
        capabilities: Sequence[str] = ("task_processing",),
        behaviour: Behaviour | None = None,
        **facts: Unpack[Facts],
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.capabilities = tuple(capabilities)
        self.callbacks: list[Mapping[str, Any]] = []
        """Outcomes that came to its /callback."""
        self._orchestrator = orchestrator
        self.gave_up: threading.Event | Ending = threading.Event()
        """Set when it stops trying to register, which a right droplet never does."""
        super().__init__(registry=registry, name=name, droplet_id=droplet_id, **facts)

    def _fresh(self) -> None:
        super()._fresh()
        self._first_token: str | None = None
        self._own_key: SigningKey | None = None
        self._stalled_until = 0.0
        self.alone = False
        self.is_beating = False
        self._membership = Membership(
            lambda: self.registry_url, self._registration, self._client, self._log, self.behaviour
        )
        self._directory = Directory(
            lambda: self.registry_url,
            self._client,
            lambda: self._membership.token if self.behaviour.look_up_token else None,
            kept=self.behaviour.endpoint_kept,
            patience=self.behaviour.look_up_timeout,
            outlives=self.behaviour.endpoint_outlives_registry,
            encoded=self.behaviour.names_encoded,
        )
        self._peers = Peers(self, self._client, self._directory, self._log)

    @property
    def service_id(self) -> int | None:
        """The number that the Registry gave it; None until then."""
        return self._membership.service_id

    @property
    def token(self) -> str | None:
        """The token that it holds now; None until it is registered."""
        return self._membership.token

    @property
    def orchestrator_url(self) -> str:
        """Where its Orchestrator is. Raises UnreachableError where it has none that runs."""
        careful = not self.behaviour.doubles_slashes
        return address(self._orchestrator, "Orchestrator", careful=careful)

    @property
    def registry_url(self) -> str:
        return address(self._registry, "Registry", careful=not self.behaviour.doubles_slashes)

    def send(
        self,
        to: str,
        payload: Mapping[str, Any] | None = None,
        *,
        message_type: str = "query",
        wants_reply: bool = False,
    ) -> Any:
        """Send a message to a registered service and give back its receipt.

        Blocks; `wants_reply` names the droplet's own /callback as `reply_to`. Raises LookupError
        for an unknown name, ConnectionError where the peer does not answer with 200.
        """
        message: dict[str, Any] = {
            "from_service": self.name,
            "message_type": message_type,
            "payload": dict(payload or {}),
        }
        if wants_reply:
            message["reply_to"] = f"{self.url}/callback"
        if self._server is None:
            raise RuntimeError("this droplet is not running")
        return self._server.loop.call(self._sent(to, message))

    # Life

    async def _started(self) -> None:
        if self._registry is not None:
            self._spawn(self._live())

    async def _live(self) -> None:
        pulse = Pulse(self, self._client, self._membership, self._log)
        beats = self._orchestrator is not None and self.behaviour.beats
        if beats and self.behaviour.beats_before_registration:
            self._spawn(pulse.beat_on())
        if self.behaviour.registers:
            if not await self._membership.join():
                self.gave_up.set()
                return
            self._first_token = self._membership.token
            self._spawn(self._membership.keep())
        if beats and not self.behaviour.beats_before_registration:
            await pulse.beat_on()

    async def _stopping(self) -> None:
        await self._keys.close()
        await super()._stopping()

    def _registration(self) -> dict[str, Any]:
        body = {
            "name": self.name,
            "droplet_id": self.droplet_id,
            "port": self.port,
            "health_endpoint": "/health",
            "capabilities": list(self.capabilities),
            "version": self.version,
            "udc_compliant": True,
            **self.behaviour.registration,
        }
        return {name: value for name, value in body.items() if value is not None}

    # What it sends

    def token_to_send(self) -> str | None:
        """The token for a call to somebody else."""
        how = self.behaviour.sends_token
        if how in {"none", "word"}:
            return None if how == "none" else "None"
        if how == "own":
            self._own_key = self._own_key or SigningKey.generate("droplet")
            held = decode_unverified(self._membership.token or "")
            return self._own_key.sign(held.claims if held else {"service_name": self.name})
        return self._first_token if how == "first" else self._membership.token

    async def renew(self) -> None:
        """Get another token, for somebody refused the one that it has."""
        await self._membership.renew(self._membership.token)

    def stall(self, seconds: float) -> None:
        """Let /health wait for so long."""
        self._stalled_until = self.clock.monotonic() + seconds

    def metrics(self) -> dict[str, float]:
        """What it says of its own traffic."""
        if self.behaviour.metrics_stand:
            return dict.fromkeys(self._traffic.metrics(0.0), 0.0)
        return self._traffic.metrics(self.clock.now())

    async def _sent(self, to: str, message: Mapping[str, Any]) -> Any:
        try:
            peer = await self._directory.find(to)
            if peer is None:
                raise LookupError(f"no service is registered as {to}")
            reply = await self._client.post(
                f"{peer.url}/message", message, token=self.token_to_send(), timeout=PATIENCE
            )
        except UnreachableError as error:
            self._directory.drop(to)
            raise ConnectionError(f"{to} did not answer: {error}") from None
        if reply.status != 200:  # noqa: PLR2004 - a message is answered 200
            raise ConnectionError(f"{to} answered {reply.status}")
        return reply.value

    # What it serves

    def _routes(self) -> list[Route]:
        routes = super()._routes()
        if self.behaviour.serves_callback:
            routes += routes_of("udc", {"postCallback": self._callback})
        mine = {"needs_token": True, "description": "Asks another service, so that it is seen"}
        routes += [
            route("GET", "/peers/{name}", self._ask_peer, **mine),
            route("POST", "/peer-messages/{name}", self._tell_peer, **mine),
        ]
        if self._orchestrator is not None:
            routes.append(route("POST", "/delegations", self._delegate, **mine))
        if not self.behaviour.serves_metrics:
            routes = [one for one in routes if one.path != "/metrics"]
        return routes

    async def _ask_peer(self, request: Request) -> Answer:
        return await self._peers.ask(request)

    async def _tell_peer(self, request: Request) -> Answer:
        return await self._peers.tell(request)

    async def _delegate(self, request: Request) -> Answer:
        return await self._peers.delegate(request)

    def _key_source(self) -> FetchedKey:
        self._keys = FetchedKey(
            lambda: self.registry_url,
            self._client,
            self._log,
            cached=self.behaviour.caches_key,
            kept=self.behaviour.key_kept,
            freely=self.behaviour.refetches_freely,
            again=self.behaviour.notices_rotation,
            patience=self.behaviour.key_timeout,
            baked_in=None if self.behaviour.fetches_key else test_key().public,
        )
        return self._keys

    async def answer(self, request: Request, receive: Any) -> Answer:
        late = self.behaviour.delay
        if request.path == "/health":
            stalled = self._stalled_until - self.clock.monotonic()
            late = max(self.behaviour.health_delay, stalled)
            if self.behaviour.unready_health == "hanging" and not self._is_ready():
                late = _FOR_EVER
        if late > 0:
            with self.clock.holding():
                await self.clock.asleep(late)
        return await super().answer(request, receive)

    async def _identify(self, request: Request) -> None:
        try:
            if self.behaviour.verifies_tokens:
                await self._verify(request)
            else:
                request.claims = _believed(request)
        except Refusal as refusal:
            if refusal.status == 503:  # noqa: PLR2004 - no key
                unread = self.behaviour.fails_open_unread and self._keys.is_unreadable
                if self.behaviour.fails_open or unread:
                    return
                refusal.status = self.behaviour.keyless_status
            self._log.warning("token refused", extra=self._refused(request, refusal))
            if self.behaviour.calls_back_unauthenticated and request.path == "/message":
                self._call_back(request.value(), "msg-refused", request)
            raise

    def _refused(self, request: Request, refusal: Refusal) -> dict[str, Any]:
        facts = super()._refused(request, refusal)
        if self.behaviour.logs_tokens:
            facts["headers"] = repr(request.headers)
        return facts

    async def _received(
        self, message: Mapping[str, Any], message_id: str, request: Request
    ) -> dict[str, Any]:
        status = self.behaviour.message_status
        if status == "processing":
            await self._guard(message)
            call = self._call_back(message, message_id, request)
            if self.behaviour.waits_for_callback and call is not None:
                await call
            return {"status": status}
        return {"status": status, "result": _result(message)}

    async def _guard(self, message: Mapping[str, Any]) -> None:
        """Refuse an address that the Registry does not know: it would get the token (CONF-11)."""
        reply_to = checked_reply_to(message)
        if reply_to is None or not self.behaviour.guards_reply_to:
            return
        parts = urlsplit(reply_to)
        port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
        try:
            if self._orchestrator is not None and reply_to.startswith(f"{self.orchestrator_url}/"):
                return
            known = await self._directory.knows(
                parts.hostname or "", port, sender=message["from_service"]
            )
        except UnreachableError:
            why = "The Registry cannot be asked about reply_to now."
            raise Refusal(503, "REGISTRY_UNAVAILABLE", why) from None
        if not known:
            why = "reply_to names an address that the Registry does not know."
            raise Refusal(400, "INVALID_REPLY_TO", why)

    def _call_back(self, message: Mapping[str, Any], message_id: str, request: Request) -> Any:
        if not message.get("reply_to") or not self.behaviour.calls_back:
            return None
        sender = next((value for key, value in request.headers if key == b"authorization"), b"")
        callbacks = Callbacks(self, self._client, self._membership, self._log)
        outcome = {
            "message_id": message_id,
            "status": "completed",
            "result": _result(message),
            "from_service": self.name,
        }
        return self._spawn(callbacks.deliver(message["reply_to"], outcome, sender))

    def _callback(self, request: Request) -> Answer:
        self.callbacks.append(request.json)
        return Answer(200, {"received": True})

    def note(self, request: Request, answer: Answer | None) -> int:
        number = super().note(request, answer)
        status = None if answer is None else answer.status
        self._log.debug("%s %s answered %s", request.method, request.path, status)
        return number

    def _health(self, request: Request) -> Answer:
        if self.behaviour.unready_health == "failing" and not self._is_ready():
            raise Refusal(500, "INTERNAL_ERROR", "It does not know how it is.")
        if self.behaviour.health_breaks_while_beating and self.is_beating:
            raise Refusal(500, "INTERNAL_ERROR", "How it is stands behind a lock.")
        answer = super()._health(request)
        if self.behaviour.uptime_stands:
            answer.value["uptime_seconds"] = 0
        return answer

    def _health_status(self) -> str:
        unready = "unhealthy" if self.behaviour.unready_health == "unhealthy" else "degraded"
        return self.behaviour.health_status or ("healthy" if self._is_ready() else unready)

    def _state_status(self) -> str:
        return self.behaviour.state_status or ("active" if self._is_ready() else "inactive")

    def _more_state(self) -> Mapping[str, Any]:
        if self.behaviour.state_breaks and (self.alone or not self._is_ready()):
            raise Refusal(500, "INTERNAL_ERROR", "It cannot work alone.")
        return {"metrics": self.metrics()}

    def _is_ready(self) -> bool:
        return (
            self._registry is None
            or self._membership.is_registered
            or self.behaviour.claims_ready_unregistered
        )


def _result(message: Mapping[str, Any]) -> dict[str, Any]:
    """What came of a message: it was handled, and for a task the task's own id."""
    result: dict[str, Any] = {"handled": message.get("message_type")}
    payload = message.get("payload")
    if isinstance(payload, Mapping) and isinstance(payload.get("task_id"), str):
        result["task_id"] = payload["task_id"]
    return result


def _believed(request: Request) -> Mapping[str, Any]:
    """What the token says, unverified: the mistake of a decoder without a key."""
    value = next((value for key, value in request.headers if key == b"authorization"), b"")
    decoded = decode_unverified(value.partition(b" ")[2].decode("latin-1"))
    if decoded is None:
        raise Refusal(401, "UNAUTHORIZED", "There is no token.")
    return {"service_name": None, "exp": 0, **decoded.claims}
