"""Beats: who lives, and who is dead."""

from typing import Any

import pytest
from fake_ground import TASK, beat

from udckit.fakes import (
    FakeOrchestrator,
    FakeRegistry,
    ManualClock,
    Registration,
)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"service_name": "my-service"},
        {"service_id": None, "service_name": "my-service"},
        {"metrics": {"requests_per_minute": 45.2}},
        {"metrics": None},
        {"status": "inactive"},
        {"status": "error", "x": "y"},
    ],
)
def test_a_beat_is_taken_in_every_form(
    ask: Any, orchestrator: FakeOrchestrator, beater: Registration, form: dict[str, Any]
) -> None:
    answer = ask(f"{orchestrator.url}/heartbeat", beat(beater, **form), token=beater.token)

    assert answer.status == 200
    assert answer.json["received"] is True
    seen = orchestrator.droplets[0]
    assert (seen.service_id, seen.service_name) == (beater.service_id, "my-service")


@pytest.mark.parametrize(
    "form",
    [
        {"status": None},
        {"status": {}},
        {"status": "healthy"},
        {"status": ""},
        {"metrics": []},
        {"metrics": {"x": "y"}},
        {"service_id": "abc"},
        {"service_id": {}},
        {"service_id": None},
        {"service_id": None, "service_name": 7},
    ],
)
def test_a_beat_that_says_too_little_or_wrong_is_refused(
    ask: Any, orchestrator: FakeOrchestrator, beater: Registration, form: dict[str, Any]
) -> None:
    answer = ask(f"{orchestrator.url}/heartbeat", beat(beater, **form), token=beater.token)

    assert answer.status == 400
    assert orchestrator.droplets == ()


@pytest.mark.parametrize("form", [{"service_id": 7}, {"service_name": "other"}])
def test_a_beat_for_somebody_else_is_forbidden(
    ask: Any, orchestrator: FakeOrchestrator, beater: Registration, form: dict[str, Any]
) -> None:
    answer = ask(f"{orchestrator.url}/heartbeat", beat(beater, **form), token=beater.token)

    assert answer.status == 403


@pytest.mark.parametrize(
    ("path", "body"), [("/heartbeat", {}), ("/tasks", TASK), ("/tasks/x", None)]
)
def test_every_route_wants_a_token(
    ask: Any, orchestrator: FakeOrchestrator, path: str, body: Any
) -> None:
    answer = ask(orchestrator.url + path, **({} if body is None else {"value": body}))

    assert answer.status == 401


def test_silence_kills_at_180_seconds_and_a_beat_revives(
    ask: Any,
    registry: FakeRegistry,
    orchestrator: FakeOrchestrator,
    beater: Registration,
    clock: ManualClock,
) -> None:
    def status() -> str:
        listed = ask(f"{orchestrator.url}/services", token=beater.token).json["services"]
        by_name = ask(f"{registry.url}/services/by-name/my-service", token=beater.token).json
        assert listed[0]["status"] == by_name["status"]
        return str(by_name["status"])

    def beats() -> None:
        ask(f"{orchestrator.url}/heartbeat", beat(beater), token=beater.token)

    beats()
    clock.advance(179)
    assert status() == "active"
    beats()
    clock.advance(179)
    assert status() == "active"
    clock.advance(1)
    assert status() == "dead"
    beats()
    assert status() == "active"
