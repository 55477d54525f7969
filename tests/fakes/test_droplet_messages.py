"""A droplet that is right: messages and callbacks."""

from itertools import pairwise
from typing import Any

import pytest
from fake_ground import MESSAGE, Make

from udckit.fakes import (
    Behaviour,
    FakeDroplet,
    FakeRegistry,
    Fault,
    ManualClock,
)
from udckit.specs import surface


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
