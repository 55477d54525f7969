"""Hands tasks to droplets: to a capable one that lives, to another where that fails, else later."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from udckit.fakes._client import Client, UnreachableError
from udckit.fakes._directory import Peer
from udckit.fakes._standing import Standing
from udckit.fakes._tasks import Attempt, Task, Tasks
from udckit.specs import surface

__all__ = ["Post", "Router"]

PATIENCE = 10.0  # seconds that a sender waits for an acknowledgement (IG §5.2)
AT_ONCE = 64
ANY_TASK = "task_processing"  # the guide's own example of a capability names no task type


@dataclass(frozen=True, slots=True)
class Post:
    """What the router needs of the Orchestrator."""

    sender: str
    reply_to: Callable[[str], str]
    is_dead: Callable[[Peer], bool]
    spawn: Callable[[Any], Any]
    blame: Callable[[str], None]


class Router:
    """Routes tasks; `outcome_within` and `retry_every` are seconds on the clock."""

    def __init__(
        self,
        tasks: Tasks,
        standing: Standing,
        client: Client,
        post: Post,
        *,
        outcome_within: float,
        retry_every: float,
    ) -> None:
        self._tasks = tasks
        self._standing = standing
        self._client = client
        self._post = post
        self._outcome_within = outcome_within
        self._retry_every = retry_every
        self._load: dict[str, int] = defaultdict(int)
        self._turn: dict[str, int] = defaultdict(int)
        self._turns = itertools.count(1)
        self._busy: set[str] = set()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._sweeping = False

    def route(self, task: Task) -> None:
        """Begin to route a task; returns at once."""
        if task.task_id not in self._busy and not task.is_finished:
            self._busy.add(task.task_id)
            self._post.spawn(self._route(task))

    def route_queued(self, capabilities: Iterable[str]) -> None:
        """Somebody with these capabilities lives: route what waits for such a one."""
        offered = frozenset(capabilities)
        for task in self._tasks.queued():
            if _is_capable(offered, task.task_type):
                self.route(task)

    def outcome(self, task: Task, body: Mapping[str, Any]) -> None:
        """A droplet has called back."""
        if not task.is_finished:
            failed = body.get("status") == "failed"
            self._tasks.finish(task, "failed" if failed else "completed", body.get("result"))

    async def _route(self, task: Task) -> None:
        try:
            async with self._gate:
                await self._deliver(task)
        finally:
            self._busy.discard(task.task_id)
        if task.status == "queued" and not self._sweeping:
            self._sweeping = True
            self._post.spawn(self._sweep())

    async def _deliver(self, task: Task) -> None:
        try:
            capable = [
                peer
                for peer in await self._standing.everybody()
                if peer.name != self._post.sender and _is_capable(peer.capabilities, task.task_type)
            ]
        except UnreachableError as error:
            self._tasks.queue(task, f"the Registry cannot be asked: {error}")
            return
        living = [peer for peer in capable if not self._post.is_dead(peer)]
        for peer in sorted(living, key=lambda one: (self._load[one.name], self._turn[one.name])):
            if await self._taken(task, peer):
                return
        if not capable:
            self._tasks.queue(task, f"no registered droplet is capable of {task.task_type}")
        elif not living:
            self._tasks.queue(task, "every capable droplet is dead")
        else:
            self._tasks.queue(task, "no capable droplet took it")

    async def _taken(self, task: Task, peer: Peer) -> bool:
        """Whether the droplet took the task; the attempt is noted either way."""
        self._tasks.assign(task, peer.name)
        self._load[peer.name] += 1
        self._turn[peer.name] = next(self._turns)
        try:
            outcome = await self._sent(task, peer)
        except UnreachableError as error:
            outcome = f"unreachable: {error}"
        finally:
            self._load[peer.name] -= 1
        task.attempts.append(Attempt(peer.name, self._client.clock.now(), outcome))
        return outcome in {"processing", "completed", "failed"} or task.is_finished

    async def _sent(self, task: Task, peer: Peer) -> str:
        message = self._message(task)
        token = await self._standing.token()
        reply = await self._client.post(
            f"{peer.url}/message", message, token=token, timeout=PATIENCE
        )
        if reply.status == 401 and token is not None:  # noqa: PLR2004 - Unauthorized
            renewed = await self._standing.renew(token)
            reply = await self._client.post(
                f"{peer.url}/message", message, token=renewed, timeout=PATIENCE
            )
        if reply.status != 200:  # noqa: PLR2004 - a message is answered 200
            return f"answered {reply.status}"
        receipt = reply.value
        problems = surface("udc").operations["postMessage"].response_problems(200, receipt)
        if problems:
            return f"answered out of contract: {problems[0]}"
        return self._acknowledged(task, receipt)

    def _acknowledged(self, task: Task, receipt: Mapping[str, Any]) -> str:
        status: str = receipt["status"]
        task.message_id = receipt["message_id"]
        if not task.is_finished:
            if status == "processing":
                self._post.spawn(self._await_outcome(task, len(task.attempts)))
            elif status == "failed":
                self._tasks.finish(task, "failed", receipt.get("result"))
            else:
                self._tasks.finish(task, "completed", receipt.get("result"))
        return status

    def _message(self, task: Task) -> dict[str, Any]:
        message = {
            "from_service": self._post.sender,
            "message_type": "task_assignment",
            "payload": {"task_id": task.task_id, "action": task.task_type, "data": task.data},
            "reply_to": self._post.reply_to(task.task_id),
        }
        operation = surface("udc", recommended=True).operations["postMessage"]
        for problem in operation.request_problems(message):
            self._post.blame(f"the message that it sent: {problem}")
        return message

    async def _await_outcome(self, task: Task, attempt: int) -> None:
        """Queue the task again where the callback stays away."""
        await self._client.clock.asleep(self._outcome_within)
        if task.status == "assigned" and len(task.attempts) == attempt + 1:
            self._tasks.queue(task, f"{task.assigned_to} did not call back")
            self.route(task)

    async def _sweep(self) -> None:
        """Try what is queued again and again, until nothing is."""
        try:
            while self._tasks.queued():
                await self._client.clock.asleep(self._retry_every)
                for task in self._tasks.queued():
                    self.route(task)
        finally:
            self._sweeping = False


def _is_capable(capabilities: Iterable[str], task_type: str) -> bool:
    return task_type in capabilities or ANY_TASK in capabilities
