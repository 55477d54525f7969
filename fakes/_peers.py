"""What a droplet asks of others on somebody's behalf: peers found by name, work given away."""

import logging
from typing import TYPE_CHECKING, Any

from udckit.fakes._breaker import Breaker
from udckit.fakes._client import Client, Reply, UnreachableError
from udckit.fakes._directory import Directory, Peer
from udckit.fakes._http import Answer, Refusal, Request

if TYPE_CHECKING:
    from udckit.fakes.droplet import FakeDroplet

__all__ = ["Peers"]

_AGAIN = frozenset({408, 429, 502, 503, 504})
_PATIENCE = 5.0  # seconds that a caller waits for the Orchestrator
_LOOKS = 5


class Peers:
    """Calls peers as IG §3, §5 and §9 say: looked up, with a token, retried, behind a breaker."""

    def __init__(
        self, droplet: "FakeDroplet", client: Client, directory: Directory, log: logging.Logger
    ) -> None:
        self._droplet = droplet
        self._client = client
        self._directory = directory
        self._log = log
        self._behaviour = droplet.behaviour
        self._breakers: dict[str, Breaker] = {}

    async def ask(self, request: Request) -> Answer:
        """GET /peers/{name}: what a peer can do, as it says itself."""
        return await self._call(request.params["name"], "GET", "/capabilities", None)

    async def tell(self, request: Request) -> Answer:
        """POST /peer-messages/{name}: send a query, whose outcome is to come to /callback."""
        message = {
            "from_service": self._droplet.name,
            "message_type": "query",
            "payload": {},
            "reply_to": f"{self._droplet.url}/callback",
        }
        return await self._call(request.params["name"], "POST", "/message", message)

    async def delegate(self, request: Request) -> Answer:
        """POST /delegations: give work to the Orchestrator, and look a few times what became."""
        del request
        task = {"task_type": "udckit-work", "data": {}, "priority": "normal"}
        try:
            base = self._droplet.orchestrator_url
            given = await self._send("POST", f"{base}/tasks", task, _PATIENCE)
            number = _task_id(given)
            for _ in range(_LOOKS):
                await self._client.clock.asleep(self._behaviour.poll_every)
                seen = await self._send("GET", f"{base}/tasks/{number}", None, _PATIENCE)
        except UnreachableError as error:
            self._failed("orchestrator", str(error))
            raise self._unavailable("the Orchestrator") from None
        return Answer(200, {"task": seen.value})

    async def _call(self, name: str, method: str, path: str, body: Any) -> Answer:
        breaker = self._breaker(name)
        if not breaker.lets_through():
            raise self._unavailable(name)
        try:
            reply = await self._tried(name, method, path, body)
        except UnreachableError as error:
            breaker.failed()
            self._failed(name, str(error))
            if self._behaviour.hides_failed_peers:
                return Answer(200, {"peer": name})
            raise self._unavailable(name) from None
        if reply.status >= 500 and self._behaviour.breaker_counts_5xx:  # noqa: PLR2004 - the 5xx
            breaker.failed()
        else:
            breaker.succeeded()
        if reply.status != 200 or not isinstance(reply.value, dict):  # noqa: PLR2004 - OK
            self._failed(name, f"status {reply.status}")
            raise self._unavailable(name)
        return Answer(200, {"peer": name, "said": reply.value})

    async def _tried(self, name: str, method: str, path: str, body: Any) -> Reply:
        """Call as often as it helps. Raises UnreachableError after the last time, Refusal."""
        delay = self._behaviour.peer_delay
        for left in reversed(range(self._behaviour.peer_attempts)):
            try:
                reply = await self._once(name, method, path, body)
            except UnreachableError as error:
                arrived = method == "POST" and "refused" not in str(error).lower()
                if left == 0 or (arrived and not self._behaviour.repeats_posts):
                    raise
            else:
                refused = 400 <= reply.status < 500 and self._behaviour.retries_refusals  # noqa: PLR2004 - the 4xx
                if left == 0 or not (refused or (reply.status in _AGAIN and method == "GET")):
                    return reply
            await self._client.clock.asleep(delay)
            delay *= 2
        raise AssertionError

    async def _once(self, name: str, method: str, path: str, body: Any) -> Reply:
        peer = await self._find(name)
        port = self._behaviour.peer_port or peer.port
        base = self._behaviour.peer_address or f"http://{peer.host}:{port}"
        try:
            return await self._send(method, base + path, body, self._behaviour.peer_timeout)
        except UnreachableError:
            if self._behaviour.endpoint_dropped:
                self._directory.drop(name)
            raise

    async def _find(self, name: str) -> Peer:
        if self._behaviour.peer_address is not None:
            return Peer(name, "", 0)
        for left in reversed(range(self._behaviour.look_up_attempts)):
            try:
                peer = await self._directory.find(name)
            except UnreachableError as error:
                if left:
                    continue
                self._failed("registry", str(error))
                status = self._behaviour.failed_peer
                why = "The Registry cannot be asked now."
                raise Refusal(status, "REGISTRY_UNAVAILABLE", why) from None
            if peer is not None:
                return peer
        status = self._behaviour.unknown_peer
        raise Refusal(status, "SERVICE_NOT_FOUND", "No service of this name is registered.")

    async def _send(self, method: str, url: str, body: Any, seconds: float) -> Reply:
        """Send it; where the token is refused, again with another. Raises UnreachableError."""
        token = self._droplet.token_to_send()
        reply = await self._sent(method, url, body, token, seconds)
        if reply.status == 401:  # noqa: PLR2004 - Unauthorized
            await self._droplet.renew()
            again = self._droplet.token_to_send()
            if again != token or self._behaviour.retries_refusals:
                reply = await self._sent(method, url, body, again, seconds)
        return reply

    async def _sent(
        self, method: str, url: str, body: Any, token: str | None, seconds: float
    ) -> Reply:
        if method == "GET":
            return await self._client.get(url, token=token, timeout=seconds)
        return await self._client.post(url, body, token=token, timeout=seconds)

    def _breaker(self, name: str) -> Breaker:
        if name not in self._breakers:
            rests = self._behaviour.breaker_rests if self._behaviour.breaker else 0.0
            self._breakers[name] = Breaker(
                self._client.clock.monotonic,
                rests=rests,
                never_closes=self._behaviour.breaker_never_closes,
            )
        return self._breakers[name]

    def _failed(self, whom: str, cause: str) -> None:
        if self._behaviour.logs_errors:
            self._log.warning("call failed", extra={"of": whom, "cause": cause})

    def _unavailable(self, whom: str) -> Refusal:
        why = f"{whom} cannot be asked now."
        return Refusal(self._behaviour.failed_peer, "PEER_UNAVAILABLE", why)


def _task_id(given: Reply) -> str:
    """Read the number of a task. Raises UnreachableError where none was given."""
    if not isinstance(given.value, dict) or "task_id" not in given.value:
        raise UnreachableError(f"status {given.status}")
    return str(given.value["task_id"])
