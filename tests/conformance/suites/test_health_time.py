"""UDC-HEALTH-006, 016, 017: how fast /health is, and whether its figures move."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from bending.droplet import Call, Droplet, Reply
from bending.judging import broken, passes, unseen

QUICK = {"health_budget": 0.01}


def slow(droplet: Droplet, *turns: int, seconds: float = 0.015) -> None:
    """Let the given answers of /health be slow; without any, all of them."""

    def answer(call: Call) -> Reply | None:
        if turns and droplet.asked("GET /health") not in turns:
            return None
        return Reply(droplet.right(call).body, delay=seconds)

    droplet.answer("GET /health", answer)


def test_a_quick_health_is_accepted_after_one_batch(droplet: Droplet) -> None:
    passes(droplet, "UDC-HEALTH-006")

    assert droplet.asked("GET /health") == 21


def test_the_first_request_and_one_outlier_do_not_count(droplet: Droplet) -> None:
    slow(droplet, 1, 7, seconds=0.15)

    passes(droplet, "UDC-HEALTH-006")
    assert droplet.asked("GET /health") == 21


def test_one_slow_batch_is_forgiven(droplet: Droplet) -> None:
    slow(droplet, *range(2, 8))

    passes(droplet, "UDC-HEALTH-006", **QUICK)
    assert droplet.asked("GET /health") == 41


def test_a_slow_health_is_blamed_beside_the_floor(droplet: Droplet) -> None:
    slow(droplet)

    verdict = broken(droplet, "UDC-HEALTH-006", **QUICK)
    assert "10.0 ms, and 1.0 ms more" in str(verdict.expected)
    assert verdict.subjects == 1
    assert droplet.asked("GET /health") == 61


def test_a_slow_machine_is_no_slow_health(droplet: Droplet) -> None:
    slow(droplet)

    passes(droplet, "UDC-HEALTH-006", measures={"floor": 0.5}, **QUICK)


def test_a_health_that_breaks_off_is_not_quick(droplet: Droplet) -> None:
    droplet.answer(
        "GET /health", lambda _: Reply(closed=True) if droplet.asked("GET /health") > 1 else None
    )

    unseen(droplet, "UDC-HEALTH-006")


def test_a_timestamp_of_now_is_accepted(droplet: Droplet) -> None:
    passes(droplet, "UDC-HEALTH-016")

    assert droplet.clock.ahead >= 1.9


def test_a_timestamp_is_compared_with_the_targets_own_clock(droplet: Droplet) -> None:
    hour = timedelta(hours=1)

    def behind(call: Call) -> Reply:
        body = droplet.right(call).body
        then = datetime.fromtimestamp(droplet.clock.now(), UTC) - hour
        headers = {"date": format_datetime(then, usegmt=True)}
        return Reply({**body, "timestamp": then.isoformat()}, headers=headers)

    droplet.answer("GET /health", behind)

    passes(droplet, "UDC-HEALTH-016")


@pytest.mark.parametrize(
    "timestamp", ["2025-11-15T12:00:00Z", "0000-01-01T00:00:00Z", "2016-12-31T23:59:60Z"]
)
def test_a_timestamp_of_another_time_is_blamed(droplet: Droplet, timestamp: str) -> None:
    droplet.bend("/health", timestamp=timestamp)

    assert "of the time of the answer" in str(broken(droplet, "UDC-HEALTH-016").expected)


def test_a_timestamp_that_stands_still_is_blamed(droplet: Droplet) -> None:
    droplet.bend("/health", timestamp=datetime.now(UTC).isoformat())

    assert "again" in str(broken(droplet, "UDC-HEALTH-016").observed)


def test_an_uptime_that_grows_is_accepted(droplet: Droplet) -> None:
    passes(droplet, "UDC-HEALTH-017")


@pytest.mark.parametrize("factor", [0, -1, 1000])
def test_an_uptime_that_does_not_go_with_time_is_blamed(droplet: Droplet, factor: int) -> None:
    born = droplet.clock.now() - 1_000_000

    def answer(call: Call) -> Reply:
        lived = 5_000_000 + int((droplet.clock.now() - born) * factor)
        return Reply({**droplet.right(call).body, "uptime_seconds": lived})

    droplet.answer("GET /health", answer)

    broken(droplet, "UDC-HEALTH-017")


def test_two_readings_are_waited_for_once(droplet: Droplet) -> None:
    passes(droplet, "UDC-HEALTH-016", "UDC-HEALTH-017", "UDC-CAP-006")

    assert droplet.clock.ahead < 2.1
    assert droplet.asked("GET /health") == 2
