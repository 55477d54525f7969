"""Each switch of a droplet's behaviour is real."""

import json
from itertools import pairwise
from typing import Any

import pytest
from fake_ground import MESSAGE, Make, beats

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
