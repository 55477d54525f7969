"""An Orchestrator hands tasks out, brings results back and tells the dead from the living."""

from collections.abc import Callable
from pathlib import Path

import pytest
from faults import Fault, read_faults
from faults.role_stand import Make, RoleStand, role_stand
from faults.stand import Seen

from udckit.conformance import dump, rejudge
from udckit.fakes._routing import Router
from udckit.fakes._standing import Inside
from udckit.fakes._tasks import Task

ROUTES = ("ORCH-TASK-007", "ORCH-TASK-009")
Stands = Callable[[Make], RoleStand]


@pytest.fixture
def fault(tmp_path: Path) -> Callable[[str], Fault]:
    def read(text: str) -> Fault:
        path = tmp_path / "fault.yaml"
        path.write_text(f"- {{id: x, story: s, {text}}}", encoding="utf-8")
        return read_faults(path)[0]

    return read


def said_alike(seen: Seen) -> None:
    again = rejudge(seen.record)
    assert {name: dump(each.as_json()) for name, each in again.items()} == {
        name: dump(each.as_json()) for name, each in seen.record.verdicts.items()
    }


@pytest.mark.parametrize("make", ["fake", "aiohttp"])
def test_right_orchestrator_hands_tasks_out_and_results_back(
    orchestrators: Stands, make: Make
) -> None:
    seen = orchestrators(make).run(only=ROUTES)

    assert [seen.said(row) for row in ROUTES if seen.word(row) != "pass"] == []
    said_alike(seen)


def test_task_that_is_handed_to_nobody_is_blamed(
    orchestrators: Stands, fault: Callable[[str], Fault], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("udckit.conformance.suites.orchestrator._worker.WITHIN", 0.3)
    elsewhere = fault(
        "where: POST /tasks, when: {members: {task_type: udckit-work}}, "
        "do: [{request_set: {task_type: udckit-nobody-can}}]"
    )

    seen = orchestrators("fake").run(elsewhere, only=ROUTES)

    assert seen.word("ORCH-TASK-007") == "fail"
    assert "none came" in seen.said("ORCH-TASK-007")
    assert seen.word("ORCH-TASK-009") == "not_observed"
    said_alike(seen)


def test_task_that_comes_without_a_token_is_blamed(
    orchestrators: Stands, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(_: Inside) -> None:
        return None

    monkeypatch.setattr(Inside, "token", none)

    seen = orchestrators("fake").run(only=("ORCH-TASK-007",))

    assert "a message without one" in seen.said("ORCH-TASK-007")


def test_orchestrator_without_a_registry_of_ours_is_not_observed(
    orchestrators: Stands,
) -> None:
    stand = orchestrators("fake")

    seen = stand.alone().run(only=ROUTES)

    assert {seen.word(row) for row in ROUTES} == {"not_observed"}
    assert "--registry" in seen.outcomes.verdicts["ORCH-TASK-007"].message


# Silence, on the clock that is moved by hand


def silence(stand: RoleStand, fault: Fault | None = None) -> Seen:
    seen = stand.run(fault, only=("ORCH-HB-007",))
    said_alike(seen)
    return seen


def test_silence_of_180_seconds_is_death(orchestrators: Stands) -> None:
    seen = silence(orchestrators("fake"))

    assert seen.said("ORCH-HB-007") == "ORCH-HB-007 pass"


def test_silence_is_seen_by_routing_where_no_listing_tells(
    orchestrators: Stands, fault: Callable[[str], Fault], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("udckit.conformance.suites.orchestrator._life._ROUTED_WITHIN", 0.5)
    unlisted = fault(
        "where: GET /services, do: [{answer: {status: 404, json: {detail: Not Found}}}]"
    )

    seen = silence(orchestrators("fake"), unlisted)

    assert seen.said("ORCH-HB-007") == "ORCH-HB-007 pass"


@pytest.mark.parametrize(("after", "told"), [(90.0, "status: dead"), (400.0, "status: active")])
def test_death_that_comes_at_another_time_is_blamed(after: float, told: str) -> None:
    with role_stand("orchestrator", "fake", dead_after=after) as stand:
        seen = silence(stand)

    assert seen.word("ORCH-HB-007") == "fail"
    assert told in seen.said("ORCH-HB-007")


def test_death_that_lasts_is_blamed(orchestrators: Stands, fault: Callable[[str], Fault]) -> None:
    for_ever = fault(
        "where: GET /services, when: {since: 5}, do: [{sub: {find: active, put: dead}}]"
    )

    seen = silence(orchestrators("fake"), for_ever)

    assert "lives again after a beat" in (seen.outcomes.verdicts["ORCH-HB-007"].expected or "")


def test_life_that_nobody_tells_is_not_observed(
    orchestrators: Stands, fault: Callable[[str], Fault], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("udckit.conformance.suites.orchestrator._life._ROUTED_WITHIN", 0.2)
    silent = fault(
        "strikes: [{where: GET /services, do: [{answer: {status: 404}}]}, "
        "{where: POST /tasks, do: [{request_set: {task_type: udckit-nobody-can}}]}]"
    )

    seen = silence(orchestrators("fake"), silent)

    assert seen.word("ORCH-HB-007") == "not_observed"


# Droplets that fail, and dead ones


def failing(stand: RoleStand, fault: Fault | None = None) -> Seen:
    seen = stand.run(fault, only=("ORCH-TASK-008",))
    said_alike(seen)
    return seen


def test_right_orchestrator_loses_no_task_and_gives_none_to_the_dead(
    orchestrators: Stands,
) -> None:
    seen = failing(orchestrators("fake"))

    assert seen.said("ORCH-TASK-008") == "ORCH-TASK-008 pass"


def test_what_an_earlier_run_left_behind_is_not_held_against_an_orchestrator(
    orchestrators: Stands,
) -> None:
    stand = orchestrators("fake")

    assert failing(stand).said("ORCH-TASK-008") == "ORCH-TASK-008 pass"
    assert failing(stand).said("ORCH-TASK-008") == "ORCH-TASK-008 pass"


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("_worker", "failing"):
        monkeypatch.setattr(f"udckit.conformance.suites.orchestrator.{module}.WITHIN", 0.6)


@pytest.mark.usefixtures("_impatient")
def test_task_for_the_dead_is_blamed() -> None:
    with role_stand("orchestrator", "fake", dead_after=1e6) as stand:
        seen = failing(stand)

    assert seen.word("ORCH-TASK-008") == "fail"
    assert "a message to udckit-worker" in seen.said("ORCH-TASK-008")


@pytest.mark.usefixtures("_impatient")
def test_task_that_is_lost_with_a_broken_droplet_is_blamed(
    orchestrators: Stands, fault: Callable[[str], Fault]
) -> None:
    vanishes = fault("where: GET /tasks/*, do: [{answer: {status: 404, json: {detail: gone}}}]")

    seen = failing(orchestrators("fake"), vanishes)

    assert seen.word("ORCH-TASK-008") == "fail"
    assert "404" in seen.said("ORCH-TASK-008")


@pytest.mark.usefixtures("_impatient")
def test_orchestrator_that_gives_up_beside_a_broken_droplet_is_blamed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    route = Router.route

    def until_a_droplet_failed(self: Router, task: Task) -> None:
        tried = [one.outcome for each in self._tasks.all() for one in each.attempts]
        if "answered 500" not in tried:
            route(self, task)

    monkeypatch.setattr(Router, "route", until_a_droplet_failed)
    with role_stand("orchestrator", "fake") as stand:
        seen = failing(stand)

    assert seen.word("ORCH-TASK-008") == "fail"
    assert "none came to it" in seen.said("ORCH-TASK-008")


def test_orchestrator_that_hands_out_nothing_shows_nothing(
    orchestrators: Stands, fault: Callable[[str], Fault], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("udckit.conformance.suites.orchestrator._worker.WITHIN", 0.2)
    nobody = fault("where: POST /tasks, do: [{request_set: {task_type: udckit-nobody-can}}]")

    seen = failing(orchestrators("fake"), nobody)

    assert seen.word("ORCH-TASK-008") == "not_observed"
    assert seen.outcomes.verdicts["ORCH-TASK-008"].blocked_by == "ORCH-TASK-007"


def test_other_orchestrator_tells_the_dead_and_loses_nothing() -> None:
    """In its own process, where three minutes are some seconds."""
    with role_stand("orchestrator", "aiohttp", faster=40.0) as stand:
        seen = stand.run(only=("ORCH-HB-007", "ORCH-TASK-008"))

    assert seen.said("ORCH-HB-007") == "ORCH-HB-007 pass"
    assert seen.said("ORCH-TASK-008") == "ORCH-TASK-008 pass"
    said_alike(seen)
