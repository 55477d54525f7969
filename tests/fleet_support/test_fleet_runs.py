"""Every right droplet, the reference included, starts, registers, beats, answers and refuses."""

import http.client
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from fleet_support import REFERENCE, Running, fleet, launch, member
from udckit.fakes import FakeOrchestrator, FakeRegistry, SigningKey
from udckit.specs import surface

PATIENCE = 10.0  # seconds

SENDER = "udckit-sender"
QUERY = {"from_service": SENDER, "message_type": "query", "payload": {}}
GETS = {
    "/health": "getHealth",
    "/capabilities": "getCapabilities",
    "/state": "getState",
    "/dependencies": "getDependencies",
}
SAFE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-xss-protection": "1; mode=block",
}


class World:
    """A droplet between the fakes, and somebody who asks it."""

    def __init__(
        self, registry: FakeRegistry, orchestrator: FakeOrchestrator, running: Running
    ) -> None:
        self.registry = registry
        self.orchestrator = orchestrator
        self.running = running
        self.token = registry.register(SENDER, 900).token

    def ask(
        self, method: str, path: str, *, token: str | None = None, body: Any = None
    ) -> tuple[int, dict[str, str], Any]:
        """Status, header fields and the JSON value of one exchange."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        sent = None if body is None else json.dumps(body).encode()
        if sent is not None:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=10)
        try:
            connection.request(method, path, sent, headers)
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return response.status, fields, json.loads(response.read())
        finally:
            connection.close()


@pytest.fixture(params=[one.name for one in (*fleet(), REFERENCE)], scope="module")
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with (
        FakeRegistry() as registry,
        FakeOrchestrator(registry=registry) as orchestrator,
        launch(
            request.param, registry_url=registry.url, orchestrator_url=orchestrator.url
        ) as running,
    ):
        registry.journal.wait_for(operation="registerService", answered=201, timeout=10)
        orchestrator.journal.wait_for(operation="postHeartbeat", answered=200, timeout=10)
        yield World(registry, orchestrator, running)


def test_droplet_registers_as_it_was_told(world: World) -> None:
    entry = world.registry.journal.find(operation="registerService")[0]
    service = world.registry.service(world.running.service_name)

    assert entry.problems == ()
    assert entry.json["udc_compliant"] is True
    assert service is not None
    assert service.port == world.running.port
    assert service.droplet_id == world.running.droplet_id


def test_droplet_beats_at_once_with_what_it_was_given(world: World) -> None:
    entry = world.orchestrator.journal.find(operation="postHeartbeat")[0]
    service = world.registry.service(world.running.service_name)

    assert service is not None
    assert entry.problems == ()
    assert entry.json["service_id"] == service.service_id != service.droplet_id
    assert entry.json["service_name"] == service.name
    assert entry.json["status"] == "active"
    assert entry.json["metrics"]
    assert entry.identity is not None
    assert entry.identity["service_id"] == service.service_id


@pytest.mark.parametrize("path", GETS)
def test_droplet_answers_in_the_contract_s_shape(world: World, path: str) -> None:
    status, headers, body = world.ask("GET", path, token=world.token)
    operation = surface("udc").operations[GETS[path]]

    assert status == 200
    assert operation.response_problems(status, body) == []
    assert headers.items() >= SAFE.items()


def test_droplet_is_healthy_once_registered(world: World) -> None:
    """Each worker registers for itself, so the second may be a moment behind the first."""
    ends = time.monotonic() + PATIENCE
    status = ""
    while status != "healthy" and time.monotonic() < ends:
        status = world.ask("GET", "/health")[2]["status"]

    assert status == "healthy"


@pytest.mark.parametrize("kind", ["task_assignment", "status_update", "query"])
def test_droplet_takes_a_message(world: World, kind: str) -> None:
    message = QUERY | {"message_type": kind}
    status, _, body = world.ask("POST", "/message", token=world.token, body=message)

    assert status == 200
    assert surface("udc").operations["postMessage"].response_problems(status, body) == []
    assert body["status"] == world.running.member.answers.without


def test_droplet_calls_back_where_it_answered_processing(world: World) -> None:
    reply_to = f"{world.orchestrator.url}/callback?from=fleet"
    message = QUERY | {"reply_to": reply_to}
    status, _, body = world.ask("POST", "/message", token=world.token, body=message)

    assert status == 200
    assert body["status"] == world.running.member.answers.with_reply_to
    if body["status"] == "processing":
        entry = world.orchestrator.journal.wait_for(
            lambda one: one.path == "/callback" and one.query == "from=fleet", timeout=10
        )
        assert entry.json["message_id"] == body["message_id"]
        assert entry.identity is not None
        assert entry.identity["service_name"] == world.running.service_name


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/state"), ("GET", "/dependencies"), ("POST", "/message")]
)
def test_droplet_refuses_what_the_registry_did_not_sign(
    world: World, method: str, path: str
) -> None:
    claims = {"service_id": 900, "service_name": SENDER, "exp": 4_000_000_000}
    forged = SigningKey.generate("attacker").sign(claims)
    body = QUERY if method == "POST" else None

    for token in (None, "garbage", forged):
        status, headers, answer = world.ask(method, path, token=token, body=body)
        assert status == 401
        assert headers.items() >= SAFE.items()
        assert isinstance(answer, dict)


def test_droplet_refuses_a_bad_message(world: World) -> None:
    mistakes: list[dict[str, Any]] = [
        {"payload": []},
        {"message_type": "gossip"},
        {"reply_to": "file:///etc/passwd"},
    ]

    for wrong in mistakes:
        status, headers, _ = world.ask("POST", "/message", token=world.token, body=QUERY | wrong)
        assert status in {400, 422}
        assert headers.items() >= SAFE.items()


def test_droplet_shows_what_the_catalogue_of_the_fleet_says(world: World) -> None:
    one = world.running.member
    connection = http.client.HTTPConnection("127.0.0.1", world.running.port, timeout=10)
    connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {world.token}"})
    response = connection.getresponse()
    shown = response.read().decode()
    connection.close()
    has_openapi = world.ask("GET", "/openapi.json", token=world.token)[0] == 200

    assert (response.status == 200 and "http_requests_total{" in shown) is one.has_metrics
    assert has_openapi is one.has_openapi


def test_droplet_logs_objects_and_no_tokens(world: World) -> None:
    lines = list(world.running.lines)

    assert lines
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert not re.search(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", world.running.output)


def test_fakes_saw_no_client_fault(world: World) -> None:
    for fake in (world.registry, world.orchestrator):
        assert fake.journal.client_faults == ()
        assert fake.journal.own_faults == ()


def test_fleet_names_the_nearest_where_a_name_is_wrong() -> None:
    with pytest.raises(LookupError, match="flask_metrics"):
        member("flask_metric")
