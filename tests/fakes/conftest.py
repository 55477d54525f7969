"""A client as plain as can be, and the fakes that the tests talk to."""

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from fake_ground import Make

from udckit.fakes import (
    Behaviour,
    FakeDroplet,
    FakeOrchestrator,
    FakeRegistry,
    ManualClock,
    Registration,
)

NOTHING = object()


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    url: str,
    value: Any = NOTHING,
    *,
    method: str | None = None,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    raw: bytes | None = None,
    timeout: float = 10.0,
) -> Reply:
    """One request on a connection of its own; `value` is sent as JSON, `raw` as it is."""
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    sent = dict(headers or {})
    body = raw
    if value is not NOTHING:
        body = json.dumps(value).encode()
        sent.setdefault("content-type", "application/json")
    if token is not None:
        sent["authorization"] = f"Bearer {token}"
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        line.request(method or ("GET" if body is None else "POST"), target, body, sent)
        response = line.getresponse()
        return Reply(response.status, dict(response.headers.items()), response.read())
    finally:
        line.close()


@pytest.fixture(name="ask")
def ask_fixture() -> Callable[..., Reply]:
    return ask


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def registry(clock: ManualClock) -> Iterator[FakeRegistry]:
    with FakeRegistry(clock=clock) as running:
        yield running
    assert running.journal.own_faults == ()


@pytest.fixture
def orchestrator(registry: FakeRegistry) -> Iterator[FakeOrchestrator]:
    with FakeOrchestrator(registry=registry) as running:
        yield running
    assert running.journal.own_faults == ()


@pytest.fixture
def registration() -> dict[str, Any]:
    return {
        "name": "my-service",
        "droplet_id": 10,
        "port": 8010,
        "health_endpoint": "/health",
        "capabilities": ["task_processing"],
        "version": "1.0.0",
        "udc_compliant": True,
    }


@pytest.fixture
def make(registry: FakeRegistry, orchestrator: FakeOrchestrator) -> Iterator[Make]:
    """Start a droplet with these behaviours; it is stopped at the end."""
    started: list[FakeDroplet] = []

    def start(**behaviour: Any) -> FakeDroplet:
        made = FakeDroplet(
            registry=registry, orchestrator=orchestrator, behaviour=Behaviour(**behaviour)
        )
        started.append(made)
        return made.start()

    yield start
    for one in started:
        one.stop()
        assert one.journal.own_faults == ()


@pytest.fixture
def caller(registry: FakeRegistry) -> str:
    """The token of a service that is registered where `peer` listens."""
    return registry.register("caller", 77).token


@pytest.fixture
def peer(registry: FakeRegistry) -> Iterator[FakeDroplet]:
    """Where callbacks go: a droplet registered under its true address."""
    with FakeDroplet(name="peer", droplet_id=78, registry=registry) as running:
        registry.journal.wait_for(path="/register", json={"name": "peer"}, answered=201)
        yield running


@pytest.fixture
def beater(registry: FakeRegistry) -> Registration:
    return registry.register("my-service", 10, port=9, capabilities=["nothing-much"])
