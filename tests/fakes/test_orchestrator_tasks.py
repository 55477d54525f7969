"""Tasks: who gets the work, and that none is lost."""

from collections.abc import Iterator
from typing import Any

import pytest
from fake_ground import TASK, beat, finished

from udckit.fakes import (
    Behaviour,
    FakeDroplet,
    FakeOrchestrator,
    FakeRegistry,
    Fault,
    ManualClock,
    Registration,
)


@pytest.fixture(params=["inside", "outside"])
def routing(request: pytest.FixtureRequest, registry: FakeRegistry) -> Iterator[FakeOrchestrator]:
    """An Orchestrator that asks the Registry in its own process, or over HTTP."""
    known: Any = registry if request.param == "inside" else registry.url
    with FakeOrchestrator(registry=known, clock=registry.clock) as running:
        if request.param == "outside":
            registry.journal.wait_for(path="/register", answered=201)
        yield running
    assert running.journal.own_faults == ()


def droplet(registry: FakeRegistry, orchestrator: FakeOrchestrator, **facts: Any) -> FakeDroplet:
    """A droplet that is up, registered and has beaten once."""
    facts.setdefault("name", f"droplet-{facts.setdefault('droplet_id', 10)}")
    started = FakeDroplet(registry=registry, orchestrator=orchestrator, **facts).start()
    orchestrator.journal.wait_for(
        path="/heartbeat", answered=200, json={"service_name": started.name}
    )
    return started


def test_a_task_gets_an_id_of_its_own_and_can_be_read_at_once(
    ask: Any, routing: FakeOrchestrator, beater: Registration
) -> None:
    made = [ask(f"{routing.url}/tasks", TASK, token=beater.token) for _ in range(20)]

    assert {one.status for one in made} == {201}
    ids = {one.json["task_id"] for one in made}
    assert len(ids) == 20
    shown = ask(f"{routing.url}/tasks/{ids.pop()}", token=beater.token)
    assert shown.status == 200
    assert shown.json["status"] in {"queued", "assigned"}


@pytest.mark.parametrize(
    "body",
    [
        {"data": {}},
        {"task_type": {}, "data": {}},
        {"task_type": "x"},
        {"task_type": "x", "data": []},
        {**TASK, "priority": {}},
        {**TASK, "priority": "urgent"},
        {**TASK, "priority": ""},
    ],
)
def test_a_task_that_makes_no_sense_is_refused(
    ask: Any, orchestrator: FakeOrchestrator, beater: Registration, body: dict[str, Any]
) -> None:
    assert ask(f"{orchestrator.url}/tasks", body, token=beater.token).status == 400
    assert orchestrator.tasks == ()


@pytest.mark.parametrize("priority", [None, "normal", "low", "high"])
def test_a_task_of_every_known_priority_is_taken(
    ask: Any, orchestrator: FakeOrchestrator, beater: Registration, priority: str | None
) -> None:
    answer = ask(f"{orchestrator.url}/tasks", {**TASK, "priority": priority}, token=beater.token)

    assert answer.status == 201


@pytest.mark.parametrize("task_id", ["nobody", "..%2f..%2fetc", "%00", "x" * 3000])
def test_an_unknown_task_is_not_found(
    ask: Any, orchestrator: FakeOrchestrator, beater: Registration, task_id: str
) -> None:
    assert ask(f"{orchestrator.url}/tasks/{task_id}", token=beater.token).status == 404


@pytest.mark.parametrize("how", ["completed", "processing", "failed"])
def test_a_task_reaches_a_capable_droplet_and_its_outcome_comes_back(
    ask: Any,
    registry: FakeRegistry,
    routing: FakeOrchestrator,
    beater: Registration,
    clock: ManualClock,
    how: Any,
) -> None:
    worker = droplet(registry, routing, behaviour=Behaviour(message_status=how))
    try:
        task_id = ask(f"{routing.url}/tasks", TASK, token=beater.token).json["task_id"]
        finished(routing, clock)
        shown = ask(f"{routing.url}/tasks/{task_id}", token=beater.token).json
        message = worker.journal.wait_for(path="/message", answered=200)
    finally:
        worker.stop()

    assert shown["status"] == ("failed" if how == "failed" else "completed")
    assert shown["result"] == {"handled": "task_assignment", "task_id": task_id}
    assert shown["assigned_to"] == "droplet-10"
    assert message.json == {
        "from_service": "orchestrator",
        "message_type": "task_assignment",
        "payload": {"task_id": task_id, "action": "verify", "data": {"code": "x = 1"}},
        "reply_to": f"{routing.url}/callback?task={task_id}",
    }
    assert message.identity is not None
    assert message.identity["service_name"] == "orchestrator"


def test_a_task_goes_only_to_the_capable(
    ask: Any,
    registry: FakeRegistry,
    routing: FakeOrchestrator,
    beater: Registration,
    clock: ManualClock,
) -> None:
    able = droplet(registry, routing, droplet_id=20, capabilities=["verify"])
    other = droplet(registry, routing, droplet_id=21, capabilities=["paint"])
    try:
        for _ in range(5):
            ask(f"{routing.url}/tasks", TASK, token=beater.token)
        for index in range(5):
            finished(routing, clock, index)
    finally:
        able.stop()
        other.stop()

    assert len(able.journal.find(path="/message")) == 5
    assert other.journal.find(path="/message") == ()


def test_a_task_that_nobody_can_do_waits_and_says_why(
    ask: Any,
    registry: FakeRegistry,
    routing: FakeOrchestrator,
    beater: Registration,
    clock: ManualClock,
) -> None:
    task_id = ask(f"{routing.url}/tasks", TASK, token=beater.token).json["task_id"]
    clock.advance(600)
    shown = ask(f"{routing.url}/tasks/{task_id}", token=beater.token).json
    assert shown["status"] == "queued"
    assert "capable of verify" in shown["reason"]

    worker = droplet(registry, routing, capabilities=["verify"])
    try:
        assert finished(routing, clock).status == "completed"
    finally:
        worker.stop()


def test_a_droplet_that_answers_500_loses_the_task_to_another(
    ask: Any,
    registry: FakeRegistry,
    routing: FakeOrchestrator,
    beater: Registration,
    clock: ManualClock,
) -> None:
    broken = droplet(registry, routing, droplet_id=20)
    sound = droplet(registry, routing, droplet_id=21)
    broken.faults.add(Fault.status(500, route="/message"))
    try:
        for _ in range(4):
            ask(f"{routing.url}/tasks", TASK, token=beater.token)
        done = [finished(routing, clock, index) for index in range(4)]
    finally:
        broken.stop()
        sound.stop()

    assert {task.assigned_to for task in done} == {"droplet-21"}
    assert "answered 500" in {one.outcome for task in done for one in task.attempts}


@pytest.mark.parametrize(
    "fault",
    [
        Fault.status(500, route="/message"),
        Fault.reset(route="/message"),
        Fault.hang(route="/message"),
        Fault.malformed_json(route="/message"),
        Fault.garbage(200, route="/message"),
        Fault.status(401, route="/message"),
        Fault.refuse(),
    ],
    ids=str,
)
def test_no_task_is_lost_while_the_only_droplet_fails(
    ask: Any,
    registry: FakeRegistry,
    routing: FakeOrchestrator,
    beater: Registration,
    clock: ManualClock,
    fault: Fault,
) -> None:
    worker = droplet(registry, routing)
    try:
        with worker.faults.active(fault):
            ask(f"{routing.url}/tasks", TASK, token=beater.token)
            clock.advance(40)
            assert not routing.tasks[0].is_finished
        assert finished(routing, clock).status == "completed"
    finally:
        worker.stop()


def test_a_dead_droplet_gets_nothing_until_it_beats_again(
    ask: Any,
    registry: FakeRegistry,
    routing: FakeOrchestrator,
    beater: Registration,
    clock: ManualClock,
) -> None:
    worker = droplet(registry, routing, behaviour=Behaviour(beats_stop_after=1))
    try:
        clock.advance(181)
        ask(f"{routing.url}/tasks", TASK, token=beater.token)
        clock.advance(30)
        task = routing.tasks[0]
        assert worker.journal.find(path="/message") == ()
        assert (task.status, task.reason) == ("queued", "every capable droplet is dead")

        body = {"service_id": worker.service_id, "status": "active"}
        assert ask(f"{routing.url}/heartbeat", body, token=worker.token).status == 200
        assert finished(routing, clock).assigned_to == worker.name
    finally:
        worker.stop()


def test_a_callback_that_stays_away_sends_the_task_out_again(
    ask: Any,
    registry: FakeRegistry,
    routing: FakeOrchestrator,
    beater: Registration,
    clock: ManualClock,
) -> None:
    silent = Behaviour(message_status="processing", calls_back=False)
    worker = droplet(registry, routing, behaviour=silent)
    try:
        ask(f"{routing.url}/tasks", TASK, token=beater.token)
        worker.journal.wait_for(path="/message", answered=200)
        clock.advance(61)
        clock.advance(1)
        assert len(worker.journal.find(path="/message")) == 2
        assert not routing.tasks[0].is_finished
    finally:
        worker.stop()


def test_a_callback_counts_only_from_whom_the_task_was_given_to(
    ask: Any, registry: FakeRegistry, orchestrator: FakeOrchestrator, beater: Registration
) -> None:
    silent = Behaviour(message_status="processing", calls_back=False)
    worker = droplet(registry, orchestrator, behaviour=silent)
    try:
        task_id = ask(f"{orchestrator.url}/tasks", TASK, token=beater.token).json["task_id"]
        worker.journal.wait_for(path="/message", answered=200)
        url = f"{orchestrator.url}/callback?task={task_id}"
        outcome = {"message_id": "m", "status": "completed", "result": {"x": 1}}
        assert ask(url, outcome).status == 401
        assert ask(url, outcome, token=beater.token).status == 403
        assert not orchestrator.tasks[0].is_finished
        assert ask(url, outcome, token=worker.token).status == 200
        assert orchestrator.tasks[0].result == {"x": 1}
        late = {**outcome, "result": {"x": 2}}
        assert ask(url, late, token=worker.token).status == 200
        assert orchestrator.tasks[0].result == {"x": 1}
    finally:
        worker.stop()


def test_an_unknown_callback_is_taken_and_changes_nothing(
    ask: Any, orchestrator: FakeOrchestrator, beater: Registration
) -> None:
    for query in ("", "?task=nobody", "?task=", "?x"):
        answer = ask(f"{orchestrator.url}/callback{query}", {}, token=beater.token)
        assert (answer.status, answer.json) == (200, {"received": True})


def test_work_is_shared_among_the_capable(
    ask: Any,
    registry: FakeRegistry,
    routing: FakeOrchestrator,
    beater: Registration,
    clock: ManualClock,
) -> None:
    workers = [
        droplet(
            registry,
            routing,
            droplet_id=20 + number,
            behaviour=Behaviour(message_status="processing"),
        )
        for number in range(3)
    ]
    try:
        for _ in range(12):
            ask(f"{routing.url}/tasks", TASK, token=beater.token)
        for index in range(12):
            finished(routing, clock, index)
        shares = [len(one.journal.find(path="/message")) for one in workers]
    finally:
        for one in workers:
            one.stop()

    assert sum(shares) == 12
    assert min(shares) >= 1


def test_an_orchestrator_outside_registers_as_every_droplet_does(registry: FakeRegistry) -> None:
    with FakeOrchestrator(registry=registry.url + "/", clock=registry.clock):
        entry = registry.journal.wait_for(path="/register", answered=201)

    assert entry.json["name"] == "orchestrator"
    assert entry.json["udc_compliant"] is True
    assert entry.problems == ()


def test_an_orchestrator_lets_nobody_in_while_there_is_no_key(ask: Any) -> None:
    clock = ManualClock()
    registry = FakeRegistry(clock=clock)
    registry.faults.add(Fault.status(500, route="/auth/public-key"))
    with registry, FakeOrchestrator(registry=registry.url, clock=clock) as orchestrator:
        token = registry.register("x", 3).token
        assert ask(f"{orchestrator.url}/state", token=token).status == 503
        assert ask(f"{orchestrator.url}/health").status == 200
        registry.faults.clear()
        clock.advance(2)
        assert ask(f"{orchestrator.url}/state", token=token).status == 200


def test_reset_forgets_beats_and_tasks(
    ask: Any, orchestrator: FakeOrchestrator, beater: Registration
) -> None:
    ask(f"{orchestrator.url}/heartbeat", beat(beater), token=beater.token)
    ask(f"{orchestrator.url}/tasks", TASK, token=beater.token)

    orchestrator.reset()

    assert (orchestrator.droplets, orchestrator.tasks, len(orchestrator.journal)) == ((), (), 0)
