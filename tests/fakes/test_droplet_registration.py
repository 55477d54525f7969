"""A droplet that is right: registration, beats, its key, its metrics."""

from itertools import pairwise
from typing import Any

import pytest
from fake_ground import MESSAGE, Make, beats

from udckit.fakes import (
    FakeDroplet,
    FakeOrchestrator,
    FakeRegistry,
    Fault,
    ManualClock,
    SigningKey,
)
from udckit.specs import surface


def test_it_registers_once_and_beats_at_once_and_every_60_seconds(
    make: Make, registry: FakeRegistry, orchestrator: FakeOrchestrator, clock: ManualClock
) -> None:
    make()
    first = orchestrator.journal.wait_for(path="/heartbeat", answered=200)
    clock.advance(600)

    seen = beats(orchestrator)
    assert first.time == clock.now() - 600
    assert [b - a for a, b in pairwise(seen)] == [60.0] * 10
    assert len(registry.journal.find(path="/register")) == 1


def test_its_registration_and_beats_are_as_the_contract_recommends(
    make: Make, registry: FakeRegistry, orchestrator: FakeOrchestrator
) -> None:
    droplet = make()
    beat = orchestrator.journal.wait_for(path="/heartbeat", answered=200)
    registration = registry.journal.wait_for(path="/register", answered=201)

    registry_surface = surface("registry", recommended=True)
    orchestrator_surface = surface("orchestrator", recommended=True)
    assert registry_surface.operations["registerService"].request_problems(registration.json) == []
    assert orchestrator_surface.operations["postHeartbeat"].request_problems(beat.json) == []
    assert registration.json["port"] == droplet.port
    assert beat.json["service_id"] == droplet.service_id != droplet.droplet_id
    assert beat.token == droplet.token == registration.answer["token"]


def test_its_metrics_are_current(
    ask: Any, make: Make, orchestrator: FakeOrchestrator, clock: ManualClock
) -> None:
    droplet = make()
    first = orchestrator.journal.wait_for(path="/heartbeat", answered=200).json
    for _ in range(7):
        ask(f"{droplet.url}/health")
    clock.advance(60)

    second = orchestrator.journal.find(path="/heartbeat")[1].json
    assert first["metrics"]["requests_per_minute"] == 0
    assert second["metrics"] != first["metrics"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status(500, route="/register"),
        Fault.status(400, route="/register"),
        Fault.garbage(201, route="/register"),
        Fault.garbage(200, route="/register"),
        Fault.missing_token(),
        Fault.redirect("/elsewhere", route="/register"),
        Fault.malformed_json(route="/register"),
        Fault.reset(route="/register"),
        Fault.hang(route="/register"),
        Fault.refuse(),
    ],
    ids=str,
)
def test_a_registration_that_fails_is_tried_again_with_growing_gaps(
    ask: Any,
    registry: FakeRegistry,
    orchestrator: FakeOrchestrator,
    clock: ManualClock,
    fault: Fault,
) -> None:
    registry.faults.add(fault)
    with FakeDroplet(registry=registry, orchestrator=orchestrator) as droplet:
        clock.advance(100)
        assert droplet.token is None
        assert ask(f"{droplet.url}/health").json["status"] == "degraded"
        tries = [entry.time for entry in registry.journal.find(path="/register")]
        registry.faults.clear()
        clock.advance(15)
        orchestrator.journal.wait_for(path="/heartbeat", answered=200)
        assert ask(f"{droplet.url}/health").json["status"] == "healthy"

    gaps = [b - a for a, b in pairwise(tries)]
    assert all(gap >= 1 for gap in gaps)
    assert gaps == sorted(gaps)
    assert max(gaps, default=0) <= 20


def test_it_waits_ten_seconds_for_the_registry(registry: FakeRegistry, clock: ManualClock) -> None:
    registry.faults.add(Fault.hang(route="/register", times=1))
    with FakeDroplet(registry=registry):
        registry.journal.wait_for(path="/register")
        clock.advance(12)
        registry.journal.wait_for(path="/register", answered=201)

    first = registry.journal.find(path="/register")[0]
    assert first.released is not None
    assert first.released - first.time == 10


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status(500, route="/heartbeat", times=2),
        Fault.reset(route="/heartbeat", times=2),
        Fault.hang(route="/heartbeat", times=2),
        Fault.malformed_json(route="/heartbeat", times=2),
        Fault.refuse(during=110),
    ],
    ids=str,
)
def test_a_beat_that_fails_stops_neither_the_beats_nor_the_service(
    ask: Any,
    make: Make,
    orchestrator: FakeOrchestrator,
    clock: ManualClock,
    fault: Fault,
) -> None:
    droplet = make()
    start = orchestrator.journal.wait_for(path="/heartbeat", answered=200).time
    orchestrator.faults.add(fault)
    clock.advance(240)

    taken = [e.time - start for e in orchestrator.journal.find(path="/heartbeat", answered=200)]
    assert taken[-2:] == [180, 240]
    assert ask(f"{droplet.url}/health").status == 200
    assert all(round(moment) % 60 == 0 for moment in taken)


def test_a_beat_is_waited_for_five_seconds(
    make: Make, orchestrator: FakeOrchestrator, clock: ManualClock
) -> None:
    make()
    orchestrator.journal.wait_for(path="/heartbeat", answered=200)
    orchestrator.faults.add(Fault.hang(route="/heartbeat"))
    clock.advance(70)

    hung = orchestrator.journal.wait_for(lambda entry: entry.released is not None)
    assert hung.released is not None
    assert hung.released - hung.time == 5


def test_a_401_makes_it_register_again_and_beat_again(
    make: Make, registry: FakeRegistry, orchestrator: FakeOrchestrator, clock: ManualClock
) -> None:
    make()
    orchestrator.journal.wait_for(path="/heartbeat", answered=200)
    orchestrator.faults.add(Fault.status(401, route="/heartbeat", times=1))
    clock.advance(60)

    seen = orchestrator.journal.find(path="/heartbeat")
    assert [entry.answered for entry in seen] == [200, 401, 200]
    assert seen[1].token != seen[2].token
    assert len(registry.journal.find(path="/register")) == 2


def test_it_registers_again_before_its_token_expires(
    registry: FakeRegistry, orchestrator: FakeOrchestrator, clock: ManualClock
) -> None:
    registry.faults.add(Fault.short_lived_token(45, times=1))
    with FakeDroplet(registry=registry, orchestrator=orchestrator):
        start = orchestrator.journal.wait_for(path="/heartbeat", answered=200).time
        clock.advance(120)

    assert [e.time - start for e in registry.journal.find(path="/register")] == [0, 36]
    assert {e.answered for e in orchestrator.journal.find(path="/heartbeat")} == {200}


def test_it_starts_as_new_after_a_stop(
    make: Make, registry: FakeRegistry, orchestrator: FakeOrchestrator
) -> None:
    droplet = make()
    orchestrator.journal.wait_for(path="/heartbeat", answered=200)
    droplet.stop()
    orchestrator.journal.clear()

    droplet.start()

    orchestrator.journal.wait_for(path="/heartbeat", answered=200)
    assert len(registry.journal.find(path="/register", answered=201)) == 2


# The key


def test_the_key_is_fetched_once_for_many_tokens(
    ask: Any, make: Make, registry: FakeRegistry, caller: str
) -> None:
    droplet = make()
    for number in range(50):
        ask(f"{droplet.url}/state", token=registry.mint(service_id=number))
    stranger = SigningKey.generate()
    for number in range(50):
        assert ask(f"{droplet.url}/state", token=stranger.sign({"n": number})).status == 401

    fetched = registry.journal.find(path="/auth/public-key")
    assert ask(f"{droplet.url}/state", token=caller).status == 200
    assert 1 <= len(fetched) <= 3


def test_a_rotated_key_is_found_at_the_first_failure(
    ask: Any, make: Make, registry: FakeRegistry, caller: str, clock: ManualClock
) -> None:
    droplet = make()
    assert ask(f"{droplet.url}/state", token=caller).status == 200
    clock.advance(11)
    registry.rotate_key()

    assert ask(f"{droplet.url}/state", token=registry.mint()).status == 200
    assert ask(f"{droplet.url}/state", token=caller).status == 401


def test_a_rotated_key_is_found_in_time_without_a_failure(
    ask: Any, make: Make, registry: FakeRegistry, caller: str, clock: ManualClock
) -> None:
    droplet = make()
    assert ask(f"{droplet.url}/state", token=caller).status == 200
    registry.rotate_key()
    clock.advance(301)
    ask(f"{droplet.url}/state", token=registry.mint(service_id=5))
    registry.journal.wait_for(lambda entry: entry.path == "/auth/public-key" and entry.number > 2)
    clock.advance(0)

    assert ask(f"{droplet.url}/state", token=caller).status == 401


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status(500, route="/auth/public-key"),
        Fault.garbage(200, route="/auth/public-key"),
        Fault.malformed_json(route="/auth/public-key"),
        Fault.reset(route="/auth/public-key"),
    ],
    ids=str,
)
def test_without_a_key_it_lets_nobody_in_and_recovers(
    ask: Any, registry: FakeRegistry, caller: str, clock: ManualClock, fault: Fault
) -> None:
    registry.faults.add(fault)
    with FakeDroplet(registry=registry) as droplet:
        assert ask(f"{droplet.url}/state", token=caller).status == 503
        assert ask(f"{droplet.url}/message", MESSAGE, token=caller).status == 503
        assert ask(f"{droplet.url}/state").status == 401
        assert ask(f"{droplet.url}/health").status == 200
        registry.faults.clear()
        clock.advance(2)
        assert ask(f"{droplet.url}/state", token=caller).status == 200


def test_with_a_key_it_does_without_the_registry(
    ask: Any, make: Make, registry: FakeRegistry, caller: str, clock: ManualClock
) -> None:
    droplet = make()
    assert ask(f"{droplet.url}/state", token=caller).status == 200
    with registry.faults.active(Fault.refuse()):
        clock.advance(400)
        assert ask(f"{droplet.url}/state", token=caller).status == 200
        assert ask(f"{droplet.url}/state", token=registry.mint()).status == 200


def test_metrics_count_by_template_and_status(ask: Any, make: Make, caller: str) -> None:
    droplet = make()
    for _ in range(20):
        ask(f"{droplet.url}/state", token=caller)
    for number in range(50):
        ask(f"{droplet.url}/{number}")
    answer = ask(f"{droplet.url}/metrics")
    text = answer.body.decode()

    assert answer.headers["content-type"].startswith("text/plain")
    assert 'http_requests_total{method="GET",endpoint="/state",status="200"} 20.0' in text
    assert 'http_requests_total{method="ANY",endpoint="unmatched",status="404"} 50.0' in text
    series = 'http_request_duration_seconds_bucket{le="+Inf",method="GET",endpoint="/state"} 20.0'
    assert series in text
    assert 'http_request_duration_seconds_count{method="GET",endpoint="/state"} 20.0' in text


def test_metrics_can_be_left_out(ask: Any, make: Make) -> None:
    assert ask(f"{make(serves_metrics=False).url}/metrics").status == 404
