"""An Orchestrator that keeps the contract: it counts beats, and really routes tasks."""

from collections.abc import Mapping
from typing import Any, ClassVar, Unpack
from urllib.parse import parse_qs

from udckit.fakes._beats import Beats, DropletSeen
from udckit.fakes._directory import Peer
from udckit.fakes._fake import Facts
from udckit.fakes._http import Answer, Refusal, Request
from udckit.fakes._identity import KeySource
from udckit.fakes._issuing import OwnKey
from udckit.fakes._keys import FetchedKey
from udckit.fakes._member import Member
from udckit.fakes._router import Route, route, routes_of
from udckit.fakes._routing import Post, Router
from udckit.fakes._standing import Inside, Outside, Standing
from udckit.fakes._tasks import PRIORITIES, Task, Tasks
from udckit.fakes.registry import FakeRegistry

__all__ = ["FakeOrchestrator"]


class FakeOrchestrator(Member):
    """The Orchestrator's side of the contract (interface A.13 and A.14), on a real socket.

    `registry` is a FakeRegistry of the same process, which it then asks without HTTP, or the URL
    of any Registry, with which it registers as every droplet does. A droplet is dead after
    `dead_after` seconds of silence; an outcome is awaited for `outcome_within` seconds; what
    nobody took is tried again every `retry_every` seconds, and whenever a capable droplet beats.
    """

    role: ClassVar[str] = "orchestrator"
    capabilities = ("task_routing", "heartbeat_collection", "messaging")
    supported_operations = ("heartbeat", "create_task", "get_task", "list_services")

    def __init__(
        self,
        *,
        registry: FakeRegistry | str,
        dead_after: float = 180.0,
        outcome_within: float = 60.0,
        retry_every: float = 5.0,
        name: str = "orchestrator",
        droplet_id: int = 2,
        **facts: Unpack[Facts],
    ) -> None:
        self._beats = Beats(dead_after)
        self._tasks = Tasks()
        self._outcome_within = outcome_within
        self._retry_every = retry_every
        super().__init__(registry=registry, name=name, droplet_id=droplet_id, **facts)
        if isinstance(registry, FakeRegistry):
            registry.health_source = self

    def _fresh(self) -> None:
        super()._fresh()
        self._standing = self._standing_with(self._registry)
        self._routing = Router(
            self._tasks,
            self._standing,
            self._client,
            Post(
                sender=self.name,
                reply_to=lambda task_id: f"{self.url}/callback?task={task_id}",
                is_dead=self._is_dead,
                spawn=self._spawn,
                blame=lambda what: self.journal.blame_self(self.clock.now(), what),
            ),
            outcome_within=self._outcome_within,
            retry_every=self._retry_every,
        )

    # For tests

    @property
    def droplets(self) -> tuple[DropletSeen, ...]:
        """Who beat at least once, in the order of first beats."""
        return tuple(self._beats)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Every task, in the order in which they came."""
        return self._tasks.all()

    def status_of(self, service_id: int) -> str:
        """One of active, inactive, error, dead, unknown."""
        return self._beats.status(service_id, self.clock.now())

    def reset(self) -> None:
        """Forget beats, tasks and journal."""
        super().reset()
        self._beats.clear()
        self._tasks.clear()

    # Life

    async def _started(self) -> None:
        await self._standing.begin(self._spawn)

    async def _stopping(self) -> None:
        if isinstance(self._keys, FetchedKey):
            await self._keys.close()
        await super()._stopping()

    def _standing_with(self, registry: FakeRegistry | str | None) -> Standing:
        if isinstance(registry, FakeRegistry):
            return Inside(registry, self._registration)
        return Outside(
            lambda: self.registry_url,
            self._registration,
            self._client,
            self._log,
            lambda: self.droplets,
        )

    def _registration(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "droplet_id": self.droplet_id,
            "port": self.port,
            "health_endpoint": "/health",
            "capabilities": list(self.capabilities),
            "version": self.version,
        }

    # The surface

    def _routes(self) -> list[Route]:
        orchestrator = {
            "postHeartbeat": self._heartbeat,
            "postTask": self._take_task,
            "getTask": self._show_task,
        }
        listing = route(
            "GET",
            "/services",
            self._list,
            needs_token=True,
            description="Every droplet that beat, and whether it lives.",
        )
        return [
            *super()._routes(),
            *routes_of("udc", {"postCallback": self._callback}),
            *routes_of("orchestrator", orchestrator),
            listing,
        ]

    def _key_source(self) -> KeySource:
        self._keys: OwnKey | FetchedKey
        if isinstance(self._registry, FakeRegistry):
            self._keys = OwnKey(self._registry.issuer)
        else:
            self._keys = FetchedKey(lambda: self.registry_url, self._client, self._log)
        return self._keys

    def _problems(self, route: Route, value: Any) -> list[Any]:
        """The contract's word, and a beat may name the service instead of its number (CONF-03)."""
        found = super()._problems(route, value)
        if route.path == "/heartbeat" and isinstance(value, Mapping):
            named = isinstance(value.get("service_name"), str) and value.get("service_id") is None
            return [one for one in found if not (named and one.at == "service_id")]
        return found

    def _heartbeat(self, request: Request) -> Answer:
        beat, claims = request.json, request.claims or {}
        for member in ("service_id", "service_name"):
            if beat.get(member) is not None and beat[member] != claims[member]:
                raise Refusal(
                    403, "WRONG_SENDER", f"The token is not that of this beat's {member}."
                )
        seen = self._beats.take(claims, beat, request.time)
        self._routing.route_queued(seen.capabilities)
        return Answer(200, {"received": True, "next_beat_within_seconds": self._beats.dead_after})

    def _take_task(self, request: Request) -> Answer:
        priority = request.json.get("priority")
        if priority is not None and priority not in PRIORITIES:
            known = ", ".join(PRIORITIES)
            raise Refusal(400, "INVALID_REQUEST", f"priority is one of {known}.")
        task = self._tasks.add(request.json, request.time)
        self._routing.route(task)
        return Answer(201, {"task_id": task.task_id, "status": task.status})

    def _show_task(self, request: Request) -> Answer:
        task = self._tasks.get(request.params["task_id"])
        if task is None:
            raise Refusal(404, "TASK_NOT_FOUND", "There is no task of this id.")
        return Answer(200, task.as_json())

    def _callback(self, request: Request) -> Answer:
        task = self._tasks.get(parse_qs(request.query).get("task", [""])[0])
        if task is not None:
            sender = (request.claims or {}).get("service_name")
            if sender not in {task.assigned_to, *(one.service_name for one in task.attempts)}:
                raise Refusal(403, "WRONG_SENDER", "This task was given to another service.")
            self._routing.outcome(task, request.json)
        return Answer(200, {"received": True})

    def _list(self, request: Request) -> Answer:
        listed = [
            {
                "service_id": one.service_id,
                "name": one.service_name,
                "status": self._beats.status(one.service_id, request.time),
                "last_heartbeat": one.last_beat,
                "heartbeats": one.beats,
                "metrics": dict(one.metrics),
            }
            for one in self._beats
        ]
        return Answer(200, {"services": listed})

    def _more_state(self) -> Mapping[str, Any]:
        return {"tasks": len(self._tasks), "droplets": len(self.droplets)}

    def _health_status(self) -> str:
        return "healthy" if self._standing.is_registered else "degraded"

    def _state_status(self) -> str:
        return "active" if self._standing.is_registered else "inactive"

    def _is_dead(self, peer: Peer) -> bool:
        return peer.service_id is not None and self._beats.is_dead(
            peer.service_id, self.clock.now()
        )
