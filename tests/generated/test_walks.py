"""Walks that take time or company: what they accept, and faults that no single check can see."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from exploring_ground import Up, probing, right
from faults.proxy import FaultProxy
from faults.role_stand import RoleStand
from faults.stand import Stand

from udckit import fakes
from udckit.cli._exploring import run
from udckit.conformance import Identity
from udckit.conformance.authority import from_fake
from udckit.conformance.generated import lane, lives, machines
from udckit.conformance.generated.finding import Finding
from udckit.conformance.generated.reading import Reading
from udckit.conformance.generated.sending import Sending
from udckit.conformance.record import FORMAT
from udckit.fakes._callbacks import Callbacks
from udckit.fakes._directory import Peer
from udckit.fakes._identity import Identities
from udckit.fakes._routing import Router
from udckit.fakes._tasks import Task

STAGES = ("shape", "security", "integration", "resilience")
FOR_EVER = 1e9
LIFETIME = 150.0
"""Seconds that the token of a holder lasts here."""

Patch = pytest.MonkeyPatch


def walked(up: Up, *, requests: int = 200, patience: float = FOR_EVER) -> Reading:
    """Let the state machines of a role walk in company, and do nothing else."""
    with probing(up) as (settings, make_probe, _):
        probe = make_probe()
        reading = Reading(settings, probe.token_of)
        sending = Sending(probe, reading, requests, patience=patience, peers=True)
        machines.run(sending, seed=1, alone=False)
    return reading


def broken(reading: Reading) -> set[str]:
    return {row for breach in reading.evidence.breaches for row in breach.rows}


def with_brief_tokens(patch: Patch) -> None:
    """Let the Registry give those who only hold tokens ones that expire soon."""
    usual = fakes.FakeRegistry._claims

    def claims(
        self: fakes.FakeRegistry, number: int, name: str, words: Any, lifetime: Any, now: float
    ) -> dict[str, Any]:
        brief = LIFETIME if name.startswith("udckit-holder") else lifetime
        return usual(self, number, name, words, brief, now)

    patch.setattr(fakes.FakeRegistry, "_claims", claims)


def a_token_that_was_right_once_is_right_for_ever(patch: Patch) -> None:
    """Who was let in before is not asked again when his token expires."""
    usual = Identities.remembered
    patch.setattr(
        Identities, "remembered", lambda self, credentials, _: usual(self, credentials, 0.0)
    )


def outcomes_of_two_tasks_are_crossed(patch: Patch) -> None:
    """Of two tasks that are out, the one that was given last is taken for the one meant."""
    usual = Router.outcome

    def outcome(self: Router, task: Task, body: Mapping[str, Any]) -> None:
        out = [each for each in self._tasks.all() if each.status == "assigned"]
        usual(self, out[-1] if out else task, body)

    patch.setattr(Router, "outcome", outcome)


def who_came_back_is_given_nothing(patch: Patch) -> None:
    """Routing keeps a list of the dead of its own, and nobody leaves it."""
    usual = fakes.FakeOrchestrator._is_dead
    buried: set[str] = set()

    def is_dead(self: fakes.FakeOrchestrator, peer: Peer) -> bool:
        if usual(self, peer):
            buried.add(peer.name)
        return peer.name in buried

    patch.setattr(fakes.FakeOrchestrator, "_is_dead", is_dead)
    patch.setattr(lives, "WITHIN", 0.5)


def who_came_back_never_dies_again(patch: Patch) -> None:
    """Routing marks the dead once, and whoever beats afterwards is cleared for good."""
    usual = fakes.FakeOrchestrator._is_dead
    marked: set[str] = set()
    cleared: set[str] = set()

    def is_dead(self: fakes.FakeOrchestrator, peer: Peer) -> bool:
        dead = usual(self, peer)
        if dead:
            marked.add(peer.name)
        elif peer.name in marked:
            cleared.add(peer.name)
        return dead and peer.name not in cleared

    patch.setattr(fakes.FakeOrchestrator, "_is_dead", is_dead)


@contextlib.contextmanager
def a_busy_droplet() -> Iterator[Stand]:
    """Bring a FakeDroplet up that answers `processing` and calls back a moment later."""
    behaviour = fakes.Behaviour(message_status="processing", work_takes=0.02)
    with contextlib.ExitStack() as stack:
        registry = stack.enter_context(fakes.FakeRegistry())
        droplet = fakes.FakeDroplet(registry=registry, behaviour=behaviour)
        url = stack.enter_context(droplet).url
        authority = from_fake(registry)
        token = str(authority.tokens.valid)
        proxy = stack.enter_context(FaultProxy(url, token=token))
        identity = Identity("udckit-probe", authority.identity.service_id)
        yield Stand("busy", frozenset(), url, proxy, token, identity, authority.enrol)


@pytest.mark.parametrize("role", ["registry", "orchestrator"])
def test_right_fake_is_accepted_while_tokens_expire_and_workers_die(
    role: str, monkeypatch: Patch
) -> None:
    with_brief_tokens(monkeypatch)
    with right(role) as up:
        reading = walked(up)

    assert reading.evidence.breaches == []
    own = {"orchestrator": {"ORCH-TASK-007", "ORCH-TASK-008", "ORCH-TASK-009"}}.get(role, set())
    assert reading.evidence.judged.keys() >= {"AUTH-009", *own}


@pytest.mark.parametrize("role", ["registry", "orchestrator"])
def test_other_right_one_is_accepted_where_nobody_waits(role: str) -> None:
    with right(role, "aiohttp") as up:
        reading = walked(up, requests=60, patience=0)

    assert reading.evidence.breaches == []
    own = {"orchestrator": {"ORCH-TASK-007", "ORCH-TASK-009"}}.get(role, set())
    assert reading.evidence.judged.keys() >= own


def test_droplet_that_calls_back_is_accepted() -> None:
    with a_busy_droplet() as up:
        reading = walked(up, requests=60, patience=0)

    assert reading.evidence.breaches == []
    assert len(reading.evidence.judged["UDC-MSG-010"]) > 5


@pytest.mark.parametrize("name", ["registry", "orchestrator", "fake_droplet"])
def test_token_that_was_right_once_is_found_to_be_right_for_ever(
    name: str, monkeypatch: Patch
) -> None:
    with_brief_tokens(monkeypatch)
    a_token_that_was_right_once_is_right_for_ever(monkeypatch)
    with right(name) as up:
        reading = walked(up)

    assert broken(reading) == {"AUTH-009"}
    assert len(reading.evidence.breaches[0].steps) > 1


FAULTS: dict[str, Callable[[Patch], None]] = {
    "ORCH-TASK-009": outcomes_of_two_tasks_are_crossed,
    "ORCH-TASK-007": who_came_back_is_given_nothing,
    "ORCH-TASK-008": who_came_back_never_dies_again,
}


@pytest.mark.parametrize("row", FAULTS)
def test_walk_with_workers_finds(row: str, monkeypatch: Patch) -> None:
    FAULTS[row](monkeypatch)
    with right("orchestrator") as up:
        reading = walked(up, requests=300)

    assert broken(reading) == {row}


@pytest.mark.parametrize("row", FAULTS)
def test_no_hand_written_check_sees_it(row: str, monkeypatch: Patch) -> None:
    FAULTS[row](monkeypatch)
    with right("orchestrator") as up:
        assert isinstance(up, RoleStand)
        seen = up.run(only=("ORCH-HB-007", "ORCH-TASK-007", "ORCH-TASK-008", "ORCH-TASK-009"))

    assert {each: seen.word(each) for each in FAULTS} == dict.fromkeys(FAULTS, "pass")


def test_what_was_walked_is_read_from_the_record_to_the_same_end(monkeypatch: Patch) -> None:
    outcomes_of_two_tasks_are_crossed(monkeypatch)
    walk = ("machines", 200, partial(machines.run, seed=1, alone=False))
    monkeypatch.setattr(lane, "_generators", lambda _: iter([walk]))
    with (
        right("orchestrator") as up,
        probing(up, effort="standard", stages=("integration",)) as (settings, make_probe, recorder),
    ):
        recorder.write({"kind": "header", "format": FORMAT})
        live = lane.generate(settings, make_probe, recorder)
        read = lane.from_record(recorder.record(), settings)

    assert live.breaches
    assert (read.breaches, read.judged) == (live.breaches, live.judged)


def test_callbacks_that_cross_are_found(monkeypatch: Patch) -> None:
    """The address of the last message is where every outcome goes."""
    usual, last = Callbacks.deliver, [""]

    async def deliver(self: Callbacks, url: str, outcome: Mapping[str, Any], sender: bytes) -> None:
        last[0] = url
        await self._client.clock.asleep(self._behaviour.work_takes)
        await usual(self, last[0], outcome, sender)

    monkeypatch.setattr(Callbacks, "deliver", deliver)
    with a_busy_droplet() as up:
        reading = walked(up, patience=0)

    assert broken(reading) == {"UDC-MSG-010"}


def test_finding_of_a_walk_is_not_sent_again_but_walked_to_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = Finding(
        "cause", ("ORCH-TASK-007",), "a message", "none came", (), (), "orchestrator", 7
    )
    typed = {
        "replay": finding.save(tmp_path), "as_json": False, "requests": 9, "max_time": 9.0,
        "kinds": None, "url": "http://127.0.0.1:1", "report_dir": tmp_path,
    }  # fmt: skip

    assert run(typed, token=None) == 2
    assert "--kinds machines --seed 7" in capsys.readouterr().err
