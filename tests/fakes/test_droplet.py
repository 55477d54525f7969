"""A droplet that is right, and each way in which it can be told to be wrong."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from udckit.fakes import (
    Behaviour,
    FakeDroplet,
    FakeOrchestrator,
    FakeRegistry,
    Fault,
    ManualClock,
    SigningKey,
    decode_unverified,
)
from udckit.specs import surface

MESSAGE = {"from_service": "caller", "message_type": "query", "payload": {}}

Make = Callable[..., FakeDroplet]


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


def beats(orchestrator: FakeOrchestrator) -> list[float]:
    return [entry.time for entry in orchestrator.journal.find(path="/heartbeat")]


# Registration and beats


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
    for _ in range(50):
        assert ask(f"{droplet.url}/state", token=SigningKey.generate().sign({})).status == 401

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


# Messages and callbacks


def test_an_outcome_goes_to_exactly_the_url_with_its_own_token(
    ask: Any, make: Make, caller: str, peer: FakeDroplet
) -> None:
    droplet = make(message_status="processing")
    url = f"{peer.url}/callback?job=7&x=%20"

    answer = ask(f"{droplet.url}/message", {**MESSAGE, "reply_to": url}, token=caller).json
    entry = peer.journal.wait_for(path="/callback", answered=200)

    assert answer["status"] == "processing"
    assert (entry.method, entry.query) == ("POST", "job=7&x=%20")
    assert entry.token == droplet.token
    assert entry.json["message_id"] == answer["message_id"]
    assert entry.json["status"] == "completed"
    assert peer.callbacks == [entry.json]
    advised = surface("udc", recommended=True).operations["postCallback"]
    assert advised.request_problems(entry.json) == []


def test_a_completed_message_owes_no_callback(
    ask: Any, make: Make, caller: str, peer: FakeDroplet, clock: ManualClock
) -> None:
    droplet = make()
    ask(f"{droplet.url}/message", {**MESSAGE, "reply_to": f"{peer.url}/callback"}, token=caller)
    clock.advance(60)

    assert peer.callbacks == []


def test_it_calls_nobody_whom_the_registry_does_not_know(ask: Any, make: Make, caller: str) -> None:
    droplet = make(message_status="processing")
    with FakeDroplet(registry=None, host="127.0.0.2") as stranger:
        url = f"{stranger.url}/callback"
        answer = ask(f"{droplet.url}/message", {**MESSAGE, "reply_to": url}, token=caller)

    assert answer.status == 400
    assert len(stranger.journal) == 0


def test_it_cannot_tell_a_stranger_while_the_registry_is_away(
    ask: Any, make: Make, registry: FakeRegistry, caller: str, peer: FakeDroplet
) -> None:
    droplet = make(message_status="processing")
    assert ask(f"{droplet.url}/state", token=caller).status == 200
    message = {**MESSAGE, "reply_to": f"{peer.url}/callback"}
    with registry.faults.active(Fault.refuse()):
        assert ask(f"{droplet.url}/message", message, token=caller).status == 503

    assert ask(f"{droplet.url}/message", message, token=caller).status == 200


@pytest.mark.parametrize(
    "fault", [Fault.status(503, times=1), Fault.reset(times=1), Fault.refuse(during=1)], ids=str
)
def test_a_callback_that_fails_is_sent_again(
    ask: Any, make: Make, caller: str, peer: FakeDroplet, clock: ManualClock, fault: Fault
) -> None:
    droplet = make(message_status="processing", work_takes=0.5)
    ask(f"{droplet.url}/message", {**MESSAGE, "reply_to": f"{peer.url}/callback"}, token=caller)
    with peer.faults.active(fault):
        clock.advance(10)

    assert len(peer.callbacks) == 1


def test_a_callback_is_given_up_after_three_attempts(
    ask: Any, make: Make, caller: str, peer: FakeDroplet, clock: ManualClock
) -> None:
    droplet = make(message_status="processing")
    with peer.faults.active(Fault.status(503, route="/callback")):
        url = f"{peer.url}/callback"
        ask(f"{droplet.url}/message", {**MESSAGE, "reply_to": url}, token=caller)
        peer.journal.wait_for(path="/callback")
        clock.advance(60)

    times = [entry.time for entry in peer.journal.find(path="/callback")]
    assert [b - a for a, b in pairwise(times)] == [1, 2]


def test_a_callback_that_is_refused_for_good_is_not_repeated(
    ask: Any, make: Make, caller: str, peer: FakeDroplet, clock: ManualClock
) -> None:
    droplet = make(message_status="processing")
    with peer.faults.active(Fault.status(404, route="/callback")):
        url = f"{peer.url}/callback"
        ask(f"{droplet.url}/message", {**MESSAGE, "reply_to": url}, token=caller)
        peer.journal.wait_for(path="/callback")
        clock.advance(60)

    assert len(peer.journal.find(path="/callback")) == 1


def test_the_acknowledgement_does_not_wait_for_the_callback(
    ask: Any, make: Make, caller: str, peer: FakeDroplet
) -> None:
    droplet = make(message_status="processing")
    peer.faults.add(Fault.hang(route="/callback"))
    url = f"{peer.url}/callback"

    answer = ask(f"{droplet.url}/message", {**MESSAGE, "reply_to": url}, token=caller)

    assert answer.status == 200


def test_it_sends_messages_of_its_own_and_takes_the_reply(
    make: Make, registry: FakeRegistry
) -> None:
    droplet = make()
    slow = Behaviour(message_status="processing")
    with FakeDroplet(name="slow", droplet_id=79, registry=registry, behaviour=slow) as other:
        registry.journal.wait_for(path="/register", json={"name": "slow"}, answered=201)
        registry.journal.wait_for(path="/register", json={"name": droplet.name}, answered=201)
        receipt = droplet.send("slow", {"x": 1}, wants_reply=True)
        droplet.journal.wait_for(path="/callback", answered=200)
        got = other.journal.wait_for(path="/message", answered=200)

    assert receipt["status"] == "processing"
    assert droplet.callbacks[0]["message_id"] == receipt["message_id"]
    assert got.json["from_service"] == droplet.name
    with pytest.raises(LookupError, match="nobody"):
        droplet.send("nobody")
    with pytest.raises(ConnectionError, match="did not answer"):
        droplet.send("slow")


def test_a_callback_wants_a_token(ask: Any, make: Make, caller: str) -> None:
    droplet = make()

    assert ask(f"{droplet.url}/callback", {}).status == 401
    assert ask(f"{droplet.url}/callback", [], token=caller).status == 400
    assert ask(f"{droplet.url}/callback", {"x": 1}, token=caller).json == {"received": True}


# /metrics


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


# Each switch is real


def test_registers_false_never_registers(
    make: Make, registry: FakeRegistry, clock: ManualClock
) -> None:
    make(registers=False, beats=False)
    clock.advance(100)

    assert registry.journal.find(path="/register") == ()


def test_registration_members_can_be_replaced_and_left_out(
    make: Make, registry: FakeRegistry
) -> None:
    make(registration={"port": "8010", "version": None, "x": 1})

    body = registry.journal.wait_for(path="/register").json
    assert (body["port"], body["x"]) == ("8010", 1)
    assert "version" not in body


@pytest.mark.parametrize(("retry", "least", "most"), [("none", 1, 1), ("tight", 20, 10_000)])
def test_registration_can_give_up_or_go_wild(
    registry: FakeRegistry, clock: ManualClock, retry: Any, least: int, most: int
) -> None:
    registry.faults.add(Fault.status(503, route="/register"))
    behaviour = Behaviour(registration_retry=retry)
    with FakeDroplet(registry=registry, behaviour=behaviour) as droplet:
        registry.journal.wait_for(path="/register")
        clock.advance(1)
        assert least <= len(registry.journal.find(path="/register")) <= most
        assert droplet.gave_up.is_set() == (retry == "none")


def test_beats_false_never_beats(
    make: Make, registry: FakeRegistry, orchestrator: FakeOrchestrator, clock: ManualClock
) -> None:
    make(beats=False)
    registry.journal.wait_for(path="/register", answered=201)
    clock.advance(300)

    assert beats(orchestrator) == []


@pytest.mark.parametrize("every", [30.0, 90.0])
def test_beat_every_sets_the_gap(
    make: Make, orchestrator: FakeOrchestrator, clock: ManualClock, every: float
) -> None:
    make(beat_every=every)
    orchestrator.journal.wait_for(path="/heartbeat")
    clock.advance(180)

    assert {b - a for a, b in pairwise(beats(orchestrator))} == {every}


def test_first_beat_after_waits(
    make: Make, registry: FakeRegistry, orchestrator: FakeOrchestrator, clock: ManualClock
) -> None:
    make(first_beat_after=60.0)
    start = registry.journal.wait_for(path="/register", answered=201).time
    clock.advance(61)

    assert beats(orchestrator) == [start + 60]


def test_beats_can_stop_after_some_or_on_failure(
    make: Make, orchestrator: FakeOrchestrator, clock: ManualClock
) -> None:
    make(beats_stop_after=2)
    orchestrator.journal.wait_for(path="/heartbeat")
    clock.advance(300)
    assert len(beats(orchestrator)) == 2
    orchestrator.journal.clear()

    orchestrator.faults.add(Fault.status(500, route="/heartbeat", times=1))
    make(beats_stop_on_failure=True)
    orchestrator.journal.wait_for(path="/heartbeat")
    clock.advance(300)
    assert len(beats(orchestrator)) == 1


def test_beats_can_come_before_registration(
    orchestrator: FakeOrchestrator, registry: FakeRegistry
) -> None:
    behaviour = Behaviour(beats_before_registration=True)
    registry.faults.add(Fault.status(503, route="/register"))
    with FakeDroplet(registry=registry, orchestrator=orchestrator, behaviour=behaviour):
        entry = orchestrator.journal.wait_for(path="/heartbeat")

    assert (entry.answered, entry.token) == (401, None)


def test_a_beat_can_say_something_else(make: Make, orchestrator: FakeOrchestrator) -> None:
    make(beat={"status": "healthy", "service_id": None})

    entry = orchestrator.journal.wait_for(path="/heartbeat")
    assert entry.answered == 400
    assert "service_id" not in entry.json


def test_service_id_can_be_the_droplet_s_own(make: Make, orchestrator: FakeOrchestrator) -> None:
    droplet = make(sends_service_id="droplet_id")

    entry = orchestrator.journal.wait_for(path="/heartbeat")
    assert (entry.json["service_id"], entry.answered) == (droplet.droplet_id, 403)


def test_no_token_can_be_sent(make: Make, orchestrator: FakeOrchestrator) -> None:
    make(sends_token="none")  # noqa: S106 - a word

    assert orchestrator.journal.wait_for(path="/heartbeat").token is None


def test_a_token_of_its_own_can_be_sent(
    make: Make, registry: FakeRegistry, orchestrator: FakeOrchestrator
) -> None:
    make(sends_token="own")  # noqa: S106 - a word

    entry = orchestrator.journal.wait_for(path="/heartbeat")
    assert entry.token is not None
    assert decode_unverified(entry.token) is not None
    assert registry.signed_by(entry.token) is None


def test_the_first_token_can_be_sent_for_ever(
    make: Make, registry: FakeRegistry, orchestrator: FakeOrchestrator, clock: ManualClock
) -> None:
    registry.faults.add(Fault.short_lived_token(45))
    droplet = make(sends_token="first")  # noqa: S106 - a word
    first = orchestrator.journal.wait_for(path="/heartbeat", answered=200).token
    clock.advance(120)

    assert {entry.token for entry in orchestrator.journal} == {first}
    assert droplet.token != first


def test_registers_each_beat_and_renews_not(
    make: Make, registry: FakeRegistry, orchestrator: FakeOrchestrator, clock: ManualClock
) -> None:
    make(registers_each_beat=True)
    orchestrator.journal.wait_for(path="/heartbeat")
    clock.advance(120)
    assert len(registry.journal.find(path="/register")) == 4
    registry.reset()
    orchestrator.reset()

    registry.faults.add(Fault.short_lived_token(45))
    make(renews_before_expiry=False, renews_on_401=False)
    orchestrator.journal.wait_for(path="/heartbeat")
    clock.advance(120)
    assert {e.answered for e in orchestrator.journal.find(path="/heartbeat")} >= {200, 401}


def test_tokens_can_go_unverified(ask: Any, make: Make) -> None:
    droplet = make(verifies_tokens=False)
    forged = SigningKey.generate().sign({"service_name": "caller", "exp": 1})

    assert ask(f"{droplet.url}/message", MESSAGE, token=forged).status == 200
    assert ask(f"{droplet.url}/state").status == 401


def test_it_can_fail_open(ask: Any, registry: FakeRegistry, caller: str) -> None:
    registry.faults.add(Fault.status(500, route="/auth/public-key"))
    with FakeDroplet(registry=registry, behaviour=Behaviour(fails_open=True)) as droplet:
        assert ask(f"{droplet.url}/state", token=caller).status == 200
        assert ask(f"{droplet.url}/message", MESSAGE, token=caller).status == 200


def test_the_key_can_be_fetched_each_time_or_never(
    ask: Any, make: Make, registry: FakeRegistry
) -> None:
    greedy = make(caches_key=False)
    for number in range(10):
        ask(f"{greedy.url}/state", token=registry.mint(service_id=number))
    assert len(registry.journal.find(path="/auth/public-key")) >= 10
    registry.journal.clear()

    baked = make(fetches_key=False)
    assert ask(f"{baked.url}/state", token=registry.mint()).status == 200
    registry.rotate_key()
    assert ask(f"{baked.url}/state", token=registry.mint()).status == 401
    assert registry.journal.find(path="/auth/public-key") == ()


def test_the_key_can_be_kept_for_ever(
    ask: Any, make: Make, registry: FakeRegistry, caller: str, clock: ManualClock
) -> None:
    droplet = make(key_kept=1e9)
    ask(f"{droplet.url}/state", token=caller)
    clock.advance(3000)
    ask(f"{droplet.url}/state", token=registry.mint())

    assert len(registry.journal.find(path="/auth/public-key")) == 1


def test_a_message_can_fail_or_wait_for_its_callback(
    ask: Any, make: Make, caller: str, peer: FakeDroplet
) -> None:
    assert (
        ask(f"{make(message_status='failed').url}/message", MESSAGE, token=caller).json["status"]
        == "failed"
    )

    waits = make(message_status="processing", waits_for_callback=True)
    url = f"{peer.url}/callback"
    ask(f"{waits.url}/message", {**MESSAGE, "reply_to": url}, token=caller)
    assert len(peer.callbacks) == 1


def test_a_callback_can_be_left_out_or_sent_for_the_refused(
    ask: Any, make: Make, caller: str, peer: FakeDroplet, clock: ManualClock
) -> None:
    message = {**MESSAGE, "reply_to": f"{peer.url}/callback"}
    silent = make(message_status="processing", calls_back=False)
    ask(f"{silent.url}/message", message, token=caller)
    clock.advance(60)
    assert peer.callbacks == []

    eager = make(calls_back_unauthenticated=True)
    while eager.token is None:
        clock.advance(0)
    assert ask(f"{eager.url}/message", message).status == 401
    peer.journal.wait_for(path="/callback", answered=200)


@pytest.mark.parametrize("how", ["sender", "none"])
def test_a_callback_can_carry_another_token(
    ask: Any, make: Make, caller: str, peer: FakeDroplet, how: Any
) -> None:
    droplet = make(message_status="processing", callback_token=how)
    ask(f"{droplet.url}/message", {**MESSAGE, "reply_to": f"{peer.url}/callback"}, token=caller)

    entry = peer.journal.wait_for(path="/callback")
    assert entry.token == (caller if how == "sender" else None)


def test_callbacks_can_be_few_many_and_unguarded(
    ask: Any, make: Make, caller: str, clock: ManualClock
) -> None:
    droplet = make(
        message_status="processing", guards_reply_to=False, callback_attempts=6, callback_delay=0.1
    )
    with FakeDroplet(registry=None, host="127.0.0.2") as stranger:
        stranger.faults.add(Fault.status(503, route="/callback"))
        url = f"{stranger.url}/callback"
        ask(f"{droplet.url}/message", {**MESSAGE, "reply_to": url}, token=caller)
        stranger.journal.wait_for(path="/callback")
        clock.advance(60)

    assert len(stranger.journal.find(path="/callback")) == 6


def test_callbacks_time_out(
    ask: Any, make: Make, caller: str, peer: FakeDroplet, clock: ManualClock
) -> None:
    droplet = make(message_status="processing", callback_timeout=2.0, callback_attempts=1)
    peer.faults.add(Fault.hang(route="/callback"))
    ask(f"{droplet.url}/message", {**MESSAGE, "reply_to": f"{peer.url}/callback"}, token=caller)
    peer.journal.wait_for(path="/callback")
    clock.advance(3)

    entry = peer.journal.wait_for(lambda one: one.released is not None)
    assert entry.released is not None
    assert entry.released - entry.time == 2


def test_what_it_says_of_itself_can_be_wrong(
    ask: Any, make: Make, caller: str, clock: ManualClock
) -> None:
    droplet = make(
        health_status="unhealthy", state_status="error", uptime_stands=True, metrics_stand=True
    )
    clock.advance(5)

    health = ask(f"{droplet.url}/health")
    state = ask(f"{droplet.url}/state", token=caller).json
    assert (health.status, health.json["status"]) == (503, "unhealthy")
    assert health.json["uptime_seconds"] == 0
    assert (state["status"], set(state["metrics"].values())) == ("error", {0.0})


def test_it_can_claim_to_be_ready_too_early(ask: Any, registry: FakeRegistry) -> None:
    registry.faults.add(Fault.status(503, route="/register"))
    eager = Behaviour(claims_ready_unregistered=True)
    with FakeDroplet(registry=registry, behaviour=eager) as droplet:
        assert ask(f"{droplet.url}/health").json["status"] == "healthy"


def test_answers_can_be_late(ask: Any, registry: FakeRegistry) -> None:
    from udckit.fakes import SystemClock  # noqa: PLC0415 - real time, for once

    late = Behaviour(delay=0.05, health_delay=0.1)
    with FakeDroplet(registry=registry, behaviour=late, clock=SystemClock()) as droplet:
        for path, least in (("/capabilities", 0.05), ("/health", 0.1)):
            with pytest.raises(TimeoutError):
                ask(droplet.url + path, timeout=least / 2)


# Behaviour as data


def test_behaviour_comes_from_json() -> None:
    text = json.dumps({"beat_every": 30, "message_status": "processing", "beat": {"x": 1}})

    assert Behaviour.from_json(text) == Behaviour(
        beat_every=30, message_status="processing", beat={"x": 1}
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"beat_evry": 30}', "beat_evry"),
        ('{"beat_every": "30"}', "cannot be '30'"),
        ('{"beats": 1}', "cannot be 1"),
        ('{"message_status": "done"}', "cannot be 'done'"),
        ('{"beats_stop_after": 1.5}', "cannot be 1.5"),
        ('{"beat": []}', "cannot be"),
        ("[]", "no behaviour"),
        ("{", "Expecting"),
    ],
)
def test_behaviour_that_makes_no_sense_is_a_value_error(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Behaviour.from_json(text)
