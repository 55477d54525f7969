"""The consumers: the reference droplet's own client modules, and the Orchestrator's client."""

import asyncio
import importlib
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pacts.contracts import NAME, PEER
from udckit.conformance.pacts import TOKEN, Contract, Need, OneWay
from udckit.fakes import FakeDroplet, FakeOrchestrator, FakeRegistry
from udckit.fakes._client import Client
from udckit.fakes.clock import SystemClock

EXAMPLES = Path(__file__).parents[2] / "examples"


def _module(name: str) -> Any:
    """Give a module of the reference droplet, which is an example and no part of the kit."""
    if str(EXAMPLES) not in sys.path:
        sys.path.insert(0, str(EXAMPLES))
    return importlib.import_module(f"reference_droplet.{name}")


calls, discovery, messages = _module("calls"), _module("discovery"), _module("messages")
settings_of, state, parts = _module("settings"), _module("state"), _module("droplet")
Droplet = Any

__all__ = ["client_of"]


async def _register(droplet: Droplet) -> None:
    trying = asyncio.create_task(droplet.registry.stay_registered())
    try:
        assert await asyncio.wait_for(droplet.registry.token(), 5) == TOKEN
        assert droplet.registry.service_id == 999
    finally:
        trying.cancel()
        await asyncio.gather(trying, return_exceptions=True)


async def _public_key(droplet: Droplet) -> None:
    assert await droplet.verifier._key.get() is not None


async def _look_up(droplet: Droplet) -> None:
    assert await droplet.discovery.place(PEER) == discovery.Place("127.0.0.1", 8010)


async def _look_up_nobody(droplet: Droplet) -> None:
    try:
        await droplet.discovery.place("udckit-nobody")
    except discovery.UnknownServiceError:
        return
    raise AssertionError("a service that nobody registered was found")


async def _look_up_refused(droplet: Droplet) -> None:
    try:
        await droplet.discovery.place("udckit-nobody")
    except discovery.RegistryUnavailableError:
        assert not droplet.registry.is_registered  # it threw the token away
        return
    raise AssertionError("a refused token went unnoticed")


async def _registry_health(droplet: Droplet) -> None:
    await droplet.watch._look(*droplet.watch._checks[0])
    assert droplet.watch.dependencies[0].is_up


async def _orchestrator_health(droplet: Droplet) -> None:
    await droplet.watch._look(*droplet.watch._checks[1])
    assert droplet.watch.dependencies[1].is_up


async def _beat(droplet: Droplet) -> None:
    await droplet.orchestrator.beat()


async def _beat_refused(droplet: Droplet) -> None:
    try:
        await droplet.orchestrator.beat()
    except calls.CallFailedError:
        assert not droplet.registry.is_registered
        return
    raise AssertionError("a refused token went unnoticed")


async def _give_task(droplet: Droplet) -> None:
    assert await droplet.orchestrator.route_task("udckit-work", {}) == "task-123"


async def _task(droplet: Droplet) -> None:
    assert await droplet.orchestrator.task("task-123") == {}


async def _unknown_task(droplet: Droplet) -> None:
    assert await droplet.orchestrator.task("udckit-never-issued") is None


async def _ask_peer(droplet: Droplet) -> None:
    assert await droplet.peers.ask(PEER, "GET", "/capabilities", within=5) == {}


async def _message_peer(droplet: Droplet) -> None:
    assert (await droplet.peers.send_message(PEER, "query", {}))["received"] is True


async def _call_back(droplet: Droplet) -> None:
    message = messages.InboundMessage(from_service=PEER, message_type="query", payload={})
    place = await droplet.discovery.place(PEER)
    await droplet.desk.work_and_call_back(message, "msg-456", f"{place.url}/callback")


_DROPLETS: dict[str, Callable[[Droplet], Awaitable[None]]] = {
    "a registration": _register,
    "the same registration again": _register,
    "a look at the public key": _public_key,
    "a look-up of a service": _look_up,
    "a look-up of an unknown service": _look_up_nobody,
    "a look-up with an expired token": _look_up_refused,
    "a look at the Registry's health": _registry_health,
    "a look at the Orchestrator's health": _orchestrator_health,
    "a beat": _beat,
    "a beat with an expired token": _beat_refused,
    "a task": _give_task,
    "a question how a task stands": _task,
    "a question after an unknown task": _unknown_task,
    "a look at what a peer can do": _ask_peer,
    "a query that asks for its outcome": _message_peer,
    "the outcome of a message": _call_back,
}
_REGISTERS = ("a registration", "the same registration again")


async def _as_droplet(url: str, need: Need) -> None:
    settings = settings_of.Settings(
        _env_file=None,
        service_name=NAME,
        service_port=8010,
        droplet_id=4712,
        registry_url=url,
        orchestrator_url=url,
    )
    droplet = parts.Droplet(settings, state.Activity())
    at = urlsplit(url)
    place = discovery.Place(str(at.hostname), int(at.port or 0))
    if need.description not in _REGISTERS:
        droplet.registry._token, droplet.registry.service_id = TOKEN, 999
    if "/services" not in str(need.path):
        forever = 1e18
        droplet.discovery._known = dict.fromkeys((NAME, PEER), (place, forever))
    try:
        async with asyncio.timeout(1 if need.status == 401 else 30):
            await _DROPLETS[need.description](droplet)
    except TimeoutError as late:
        if need.status != 401:
            raise AssertionError(f"{need.description}: never ended") from late
        assert not droplet.registry.is_registered
    finally:
        await droplet.stop()


async def _as_orchestrator(url: str, need: Need) -> None:
    client = Client(SystemClock())
    if need.method == "GET":
        reply = await client.get(f"{url}/health", timeout=5)
        assert reply.value["status"] == "healthy"
        return
    message: dict[str, Any] = {"from_service": "orchestrator", "payload": {}}
    if need.status == 200:
        message["message_type"] = need.body["message_type"]
    if "reply_to" in need.body:
        message["reply_to"] = "http://orchestrator:8001/callback"
    reply = await client.post(f"{url}/message", message, token=TOKEN, timeout=5)
    assert reply.status == need.example_status


def _take_beat(contents: Any) -> None:
    """A beat is taken by an Orchestrator that judges it, over a real socket."""
    with FakeRegistry() as registry, FakeOrchestrator(registry=registry) as orchestrator:
        _post(f"{orchestrator.url}/heartbeat", registry.mint(service_id=999), contents)
        assert orchestrator.status_of(999) == "active"


def _take_outcome(contents: Any) -> None:
    """An outcome is taken at a droplet's /callback, over a real socket."""
    with FakeRegistry() as registry, FakeDroplet(name=NAME, registry=registry) as droplet:
        _post(f"{droplet.url}/callback", registry.mint(), contents)
        assert droplet.callbacks == [contents]


def _post(url: str, token: str, contents: Any) -> None:
    async def post() -> int:
        reply = await Client(SystemClock()).post(url, contents, token=token, timeout=5)
        return reply.status

    assert asyncio.run(post()) == 200


def client_of(contract: Contract) -> Callable[[str, Need | OneWay], None]:
    """Give the real client code of a contract's consumer."""

    def client(at: str, need: Need | OneWay) -> None:
        if isinstance(need, OneWay):
            taker = _take_beat if contract.consumer == "orchestrator" else _take_outcome
            taker(json.loads(at))
            return
        speak = _as_orchestrator if contract.consumer == "orchestrator" else _as_droplet
        asyncio.run(speak(at, need))

    return client
