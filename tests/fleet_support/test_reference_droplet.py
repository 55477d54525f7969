"""The reference droplet finds peers, sends messages, takes callbacks, and gives work away."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from fleet_support import Running, launch
from udckit.fakes import FakeDroplet, FakeOrchestrator, FakeRegistry

PEER = "udckit-peer"


class World:
    """The reference droplet, and those whom it talks to."""

    def __init__(
        self,
        registry: FakeRegistry,
        orchestrator: FakeOrchestrator,
        peer: FakeDroplet,
        running: Running,
    ) -> None:
        self.registry = registry
        self.orchestrator = orchestrator
        self.peer = peer
        self.running = running
        self._token = registry.register("udckit-caller", 900).token

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=45)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()


@pytest.fixture
def world() -> Iterator[World]:
    with (
        FakeRegistry() as registry,
        FakeOrchestrator(registry=registry) as orchestrator,
        FakeDroplet(name=PEER, registry=registry, orchestrator=orchestrator) as peer,
        launch(
            "reference_droplet", registry_url=registry.url, orchestrator_url=orchestrator.url
        ) as running,
    ):
        registry.journal.wait_for(
            operation="registerService", json={"name": running.service_name}, answered=201
        )
        yield World(registry, orchestrator, peer, running)


def test_peer_is_found_by_the_registry_s_word_and_remembered(world: World) -> None:
    answers = [world.ask("GET", f"/peers/{PEER}") for _ in range(5)]
    look_ups = world.registry.journal.find(operation="getServiceByName")
    calls = world.peer.journal.find(operation="getCapabilities")

    assert [status for status, _ in answers] == [200] * 5
    assert answers[0][1]["data"]["service_name"] == PEER
    assert len(look_ups) == 1
    assert len(calls) == 5
    assert all(entry.token is not None for entry in (*look_ups, *calls))


def test_unknown_peer_is_a_404_and_its_name_stays_one_segment(world: World) -> None:
    status, body = world.ask("GET", "/peers/a%3Fb%20c")
    entry = world.registry.journal.find(operation="getServiceByName")[0]

    assert status == 404
    assert body["error"]["code"] == "SERVICE_NOT_FOUND"
    assert entry.path == "/services/by-name/a%3Fb%20c"


def test_gone_peer_is_a_503_and_is_looked_up_anew(world: World) -> None:
    assert world.ask("GET", f"/peers/{PEER}")[0] == 200
    world.peer.stop()

    status, body = world.ask("GET", f"/peers/{PEER}")

    assert status == 503
    assert body["error"]["code"] == "PEER_UNAVAILABLE"
    look_ups = world.registry.journal.find(operation="getServiceByName")
    assert len(look_ups) == 3, "at first, and before each of the two further attempts"


def test_message_to_a_peer_asks_for_a_callback_that_is_served(world: World) -> None:
    message = {"message_type": "query", "payload": {}}
    status, body = world.ask("POST", f"/peers/{PEER}/messages", message)
    entry = world.peer.journal.wait_for(operation="postMessage")
    path = entry.json["reply_to"].removeprefix(f"http://127.0.0.1:{world.running.port}")

    assert status == 201
    assert body["data"]["received"] is True
    assert entry.problems == ()
    assert entry.json["from_service"] == world.running.service_name
    assert path == "/callback"
    assert world.ask("POST", path, {"message_id": "unknown"}) == (200, {"received": True})


def test_work_goes_through_the_orchestrator(world: World) -> None:
    status, created = world.ask("POST", "/delegations", {"task_type": "udckit-work", "data": {}})
    task_id = created["data"]["task_id"]
    found = world.ask("GET", f"/delegations/{task_id}")
    unknown = world.ask("GET", "/delegations/udckit-never-issued")

    assert status == 201
    assert found[0] == 200
    assert found[1]["data"]["task_id"] == task_id
    assert unknown[0] == 404


def test_task_assignment_becomes_a_job(world: World) -> None:
    message = {
        "from_service": "udckit-caller",
        "message_type": "task_assignment",
        "payload": {"task_id": "t-1", "action": "count"},
    }
    status, receipt = world.ask("POST", "/message", message)
    jobs = world.ask("GET", "/jobs")[1]["data"]

    assert status == 200
    assert receipt["status"] == "completed"
    assert [(job["id"], job["task_id"]) for job in jobs] == [(receipt["message_id"], "t-1")]
