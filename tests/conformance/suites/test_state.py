"""UDC-STATE-002 to 005, 007, 009: words, figures, and the present."""

from typing import Any

import pytest
from bending.droplet import GONE, TOKEN, Call, Droplet, Reply, error
from bending.judging import broken, judged, passes, unseen

KEYS = {"requests_per_minute": 45.2, "average_response_time_ms": 23, "error_rate_percent": 0.1}


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("UDC-STATE-002", {"status": "inactive"}),
        ("UDC-STATE-002", {"status": "error"}),
        ("UDC-STATE-003", {"mode": "maintenance"}),
        ("UDC-STATE-003", {"mode": "staging"}),
        ("UDC-STATE-007", {"mode": "development"}),
        ("UDC-STATE-004", {"metrics": {}}),
        ("UDC-STATE-004", {"metrics": {"jobs": 0, "error_rate_percent": 100}}),
        ("UDC-STATE-009", {"metrics": {**KEYS, "jobs": 3}}),
    ],
)
def test_what_the_contract_allows_is_accepted(
    droplet: Droplet, name: str, members: dict[str, Any]
) -> None:
    droplet.bend("/state", **members)

    passes(droplet, name)


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("UDC-STATE-002", {"status": "healthy"}),
        ("UDC-STATE-002", {"status": "busy"}),
        ("UDC-STATE-002", {"status": GONE}),
        ("UDC-STATE-003", {"mode": "prod"}),
        ("UDC-STATE-003", {"mode": "Production"}),
        ("UDC-STATE-003", {"mode": None}),
        ("UDC-STATE-003", {"mode": GONE}),
        ("UDC-STATE-007", {"mode": "staging"}),
        ("UDC-STATE-004", {"metrics": [1]}),
        ("UDC-STATE-004", {"metrics": GONE}),
        ("UDC-STATE-004", {"metrics": {"jobs": "3"}}),
        ("UDC-STATE-004", {"metrics": {"jobs": -1}}),
        ("UDC-STATE-004", {"metrics": {"jobs": None}}),
        ("UDC-STATE-004", {"metrics": {"error_rate_percent": 101}}),
        ("UDC-STATE-009", {"metrics": {}}),
        ("UDC-STATE-009", {"metrics": {"requests": 1}}),
    ],
)
def test_what_it_does_not_allow_is_blamed(
    droplet: Droplet, name: str, members: dict[str, Any]
) -> None:
    droplet.bend("/state", **members)

    broken(droplet, name)


@pytest.mark.parametrize(
    ("name", "members", "owner"),
    [
        ("UDC-STATE-007", {"mode": "prod"}, "UDC-STATE-003"),
        ("UDC-STATE-009", {"metrics": ["requests_per_minute"]}, "UDC-STATE-004"),
    ],
)
def test_what_another_row_owns_is_not_blamed_twice(
    droplet: Droplet, name: str, members: dict[str, Any], owner: str
) -> None:
    droplet.bend("/state", **members)

    assert unseen(droplet, name).blocked_by == owner


@pytest.mark.parametrize("name", ["UDC-STATE-002", "UDC-STATE-004", "UDC-DEPS-002"])
def test_without_a_token_the_token_is_what_is_missing(droplet: Droplet, name: str) -> None:
    verdict = unseen(droplet, name, token=None)

    assert verdict.blocked_by == "AUTH-001"


# UDC-STATE-005


def test_a_figure_that_moves_with_requests_is_accepted(droplet: Droplet) -> None:
    passes(droplet, "UDC-STATE-005")

    assert droplet.clock.ahead == 0


def test_a_last_activity_of_whole_seconds_is_accepted(droplet: Droplet) -> None:
    def whole(call: Call) -> Reply:
        body = droplet.right(call).body
        second = int(droplet.clock.now())
        return Reply({**body, "metrics": {}, "last_activity": f"2025-11-15T12:00:00.{second}Z"})

    droplet.answer("GET /state", lambda call: whole(call) if call.token == TOKEN else None)

    passes(droplet, "UDC-STATE-005")


def test_figures_that_stand_still_are_blamed_after_three_attempts(droplet: Droplet) -> None:
    droplet.bend("/state", metrics=KEYS)

    broken(droplet, "UDC-STATE-005")
    assert droplet.clock.ahead == pytest.approx(15)
    assert droplet.asked("POST /message") >= 15


def test_a_figure_that_is_cached_for_some_seconds_is_accepted(droplet: Droplet) -> None:
    def cached(call: Call) -> Reply | None:
        if call.token != TOKEN:
            return None
        minute = int(droplet.clock.ahead // 4)
        return Reply({**droplet.right(call).body, "metrics": {"request_count": minute}})

    droplet.answer("GET /state", cached)

    passes(droplet, "UDC-STATE-005")


def test_a_state_without_such_figures_is_not_observed(droplet: Droplet) -> None:
    droplet.bend("/state", metrics={"jobs": 3})

    assert judged(droplet, "UDC-STATE-005")["UDC-STATE-005"].verdict == "not_observed"


def test_a_figure_that_only_messages_move_is_not_judged_without_messages(droplet: Droplet) -> None:
    droplet.bend("/state", metrics={"requests_done": 3})
    droplet.answer("POST /message", error(500, "BROKEN"))

    assert unseen(droplet, "UDC-STATE-005").blocked_by == "UDC-MSG-002"
