"""UDC-HEALTH-001 to 005, 012, 015, 018, 019: who may ask, and what the members say."""

from typing import Any

import pytest
from bending.droplet import GONE, Droplet, Reply, error
from bending.judging import blamed, broken, passes, unseen

OWNERS = {
    "status": "UDC-HEALTH-002",
    "timestamp": "UDC-HEALTH-003",
    "uptime_seconds": "UDC-HEALTH-004",
    "version": "UDC-HEALTH-005",
}


def test_health_may_be_503_while_unhealthy(droplet: Droplet) -> None:
    droplet.bend("/health", status="unhealthy")
    droplet.answer("GET /health", lambda call: Reply(droplet.right(call).body, 503))

    passes(droplet, "UDC-HEALTH-001", "UDC-HEALTH-002", "UDC-HEALTH-003", "UDC-HEALTH-004")


@pytest.mark.parametrize("status", [401, 403, 500, 204])
def test_health_that_is_not_public_is_blamed(droplet: Droplet, status: int) -> None:
    droplet.answer("GET /health", error(status, "NO"))

    broken(droplet, "UDC-HEALTH-001")


@pytest.mark.parametrize("word", ["healthy", "degraded"])
def test_503_while_it_calls_itself_well_is_blamed(droplet: Droplet, word: str) -> None:
    droplet.bend("/health", status=word)
    droplet.answer("GET /health", lambda call: Reply(droplet.right(call).body, 503))

    broken(droplet, "UDC-HEALTH-001")


def test_health_that_is_not_served_is_the_surfaces_matter(droplet: Droplet) -> None:
    droplet.answer("GET /health", error(404, "NOT_FOUND"))

    assert unseen(droplet, "UDC-HEALTH-001").blocked_by == "UDC-ALL-001"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "degraded"),
        ("timestamp", "2025-11-15T12:00:00Z"),
        ("timestamp", "2025-11-15T12:00:00.123456789+00:00"),
        ("timestamp", "2025-11-15t12:00:00z"),
        ("uptime_seconds", 0),
        ("uptime_seconds", 5.0),
        ("uptime_seconds", 10**20),
        ("version", "latest"),
    ],
)
def test_a_legal_member_is_accepted(droplet: Droplet, name: str, value: Any) -> None:
    droplet.bend("/health", **{name: value})

    passes(droplet, OWNERS[name])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "ok"),
        ("status", "active"),
        ("status", GONE),
        ("status", None),
        ("status", True),
        ("timestamp", "2025-11-15T12:00:00"),
        ("timestamp", "2025-11-15T13:00:00+01:00"),
        ("timestamp", "2025-11-15T12:00:00+00:00Z"),
        ("timestamp", 1763208000),
        ("timestamp", GONE),
        ("uptime_seconds", 12.5),
        ("uptime_seconds", "12"),
        ("uptime_seconds", -1),
        ("uptime_seconds", None),
        ("uptime_seconds", GONE),
        ("version", 1.0),
        ("version", ""),
        ("version", None),
        ("version", GONE),
    ],
)
def test_a_wrong_member_is_blamed(droplet: Droplet, name: str, value: Any) -> None:
    droplet.bend("/health", **{name: value})

    broken(droplet, OWNERS[name])


@pytest.mark.parametrize("timestamp", ["2025-11-15T12:00:00+00:00", "2025-11-15T12:00:00z"])
def test_an_offset_that_is_not_spelled_z_is_advised(droplet: Droplet, timestamp: str) -> None:
    droplet.bend("/health", timestamp=timestamp)

    broken(droplet, "UDC-HEALTH-015")


def test_z_is_accepted_and_a_wrong_timestamp_is_another_rows(droplet: Droplet) -> None:
    passes(droplet, "UDC-HEALTH-015")
    droplet.bend("/health", timestamp="2025-11-15T12:00:00")

    assert unseen(droplet, "UDC-HEALTH-015").blocked_by == "UDC-HEALTH-003"


@pytest.mark.parametrize("version", ["1.0.0", "0.9.2-rc.1+build.5"])
def test_semantic_versions_are_accepted(droplet: Droplet, version: str) -> None:
    droplet.bend("/health", version=version)

    passes(droplet, "UDC-HEALTH-018")


@pytest.mark.parametrize("version", ["latest", "1.0", "v1.0.0", "01.0.0"])
def test_other_versions_are_advised(droplet: Droplet, version: str) -> None:
    droplet.bend("/health", version=version)

    broken(droplet, "UDC-HEALTH-018")


def test_a_bad_token_changes_nothing(droplet: Droplet) -> None:
    passes(droplet, "UDC-HEALTH-019")


def test_a_bad_token_changes_nothing_while_unhealthy(droplet: Droplet) -> None:
    droplet.bend("/health", status="unhealthy")
    droplet.answer("GET /health", lambda call: Reply(droplet.right(call).body, 503))

    passes(droplet, "UDC-HEALTH-019")


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
def test_a_bad_token_that_is_looked_at_is_blamed(droplet: Droplet, scheme: str) -> None:
    droplet.answer(
        "GET /health",
        lambda call: error(401, "NO")
        if call.headers.get("authorization", "").startswith(scheme)
        else None,
    )

    broken(droplet, "UDC-HEALTH-019")


def test_a_bad_token_is_not_judged_where_health_is_not_public(droplet: Droplet) -> None:
    droplet.answer("GET /health", error(401, "NO"))

    assert unseen(droplet, "UDC-HEALTH-019").blocked_by == "UDC-HEALTH-001"


@pytest.mark.parametrize(
    ("status", "checks"),
    [
        ("healthy", {"database": "healthy", "redis": "healthy"}),
        ("degraded", {"database": "healthy", "redis": "unhealthy"}),
        ("unhealthy", {"database": "unhealthy"}),
        ("degraded", {"database": "healthy"}),
        ("unhealthy", {"disk": "unhealthy"}),
        ("healthy", {"last_job": "failed", "queue": 3, "more": {"redis": "unhealthy"}}),
    ],
)
def test_checks_that_agree_are_accepted(
    droplet: Droplet, status: str, checks: dict[str, object]
) -> None:
    droplet.bend("/health", status=status, checks=checks)

    passes(droplet, "UDC-HEALTH-012")


@pytest.mark.parametrize(
    ("status", "checks"),
    [
        ("healthy", {"database": "healthy", "redis": "unhealthy"}),
        ("healthy", {"redis": "DOWN"}),
        ("degraded", {"database": "unhealthy"}),
    ],
)
def test_checks_that_contradict_are_advised(
    droplet: Droplet, status: str, checks: dict[str, object]
) -> None:
    droplet.bend("/health", status=status, checks=checks)

    broken(droplet, "UDC-HEALTH-012")


@pytest.mark.parametrize("checks", [GONE, None, {}])
def test_no_checks_are_not_observed(droplet: Droplet, checks: object) -> None:
    droplet.bend("/health", checks=checks)

    unseen(droplet, "UDC-HEALTH-012")


def test_a_missing_status_is_blamed_on_its_own_row_alone(droplet: Droplet) -> None:
    droplet.bend("/health", status=GONE)

    assert blamed(droplet) == {"UDC-HEALTH-002", "OPS-METRICS-001"}
