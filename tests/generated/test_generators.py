"""The engine and the state machines by themselves: what they find, and that they find it again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faults import read_faults
from faults.role_stand import RoleStand, role_stand

from udckit.conformance import LiveSource, Probe, Recorder, Redactor, Settings, TokenShelf
from udckit.conformance.generated import by_schemathesis, machines
from udckit.conformance.generated.reading import Reading
from udckit.conformance.generated.sending import Sending

FOLDER = Path(__file__).parent / "faults"
GENERATORS: dict[str, Callable[..., dict[str, Any]]] = {
    "engine": by_schemathesis.run,
    "machines": machines.run,
}
Sent = list[tuple[str, str, str | None]]


@pytest.fixture(scope="module", params=["registry", "orchestrator"])
def up(request: pytest.FixtureRequest) -> Iterator[RoleStand]:
    with role_stand(request.param, "fake") as stand:
        yield stand


def generated(up: RoleStand, by: str, fault: str | None = None) -> tuple[Reading, Sent, int]:
    """Let one generator run alone; give the reading, what was sent, and how often it was struck."""
    known = {each.id: each for each in read_faults(FOLDER / f"{up.role}.yaml")}
    if up.forget is not None:
        up.forget()
    up.proxy.strike(None if fault is None else known[fault])
    settings = Settings(target=up.proxy.url, role=up.role, identity=up.authority.identity)
    recorder = Recorder()
    redactor = Redactor(on_token=lambda facts: recorder.write(facts.as_json()))
    source = LiveSource(settings, recorder, redactor, now=up.clock.now, sleep=up.clock.sleep)
    with contextlib.closing(source):
        probe = Probe(settings, source, TokenShelf(up.authority.tokens.valid))
        sending = Sending(probe, Reading(settings), 250)
        GENERATORS[by](sending, seed=1)
    requests = [each.request for each in sending.reading.exchanges.values()]
    sent = [(each.method, each.target, each.body) for each in requests]
    return sending.reading, sent, up.proxy.struck


@pytest.mark.parametrize("by", GENERATORS)
def test_right_one_is_blamed_for_nothing_and_asked_the_same_again(up: RoleStand, by: str) -> None:
    reading, sent, _ = generated(up, by)
    _, again, _ = generated(up, by)

    assert reading.evidence.breaches == []
    assert sum(map(len, reading.evidence.judged.values())) > 100
    steady = [each for each in sent if each[0] == "POST"][:60]
    assert steady == [each for each in again if each[0] == "POST"][:60]


@pytest.mark.parametrize("by", GENERATORS)
def test_live_ids_lead_to_what_is_wrong_with_them(up: RoleStand, by: str) -> None:
    names = {"registry": "a-number-is-found-once", "orchestrator": "a-status-that-runs-backwards"}
    rows = {"registry": "REG-SVC-004", "orchestrator": "ORCH-TASK-012"}

    reading, _, struck = generated(up, by, names[up.role])

    assert struck
    assert {row for each in reading.evidence.breaches for row in each.rows} == {rows[up.role]}
