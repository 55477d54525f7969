"""GET /health: who may ask, and what its members say."""

from http import HTTPStatus
from typing import Any, Final

from udckit.conformance import ANONYMOUS, MISSING, NotObserved, Probe, expect, quote, verifies
from udckit.conformance.suites.udc._ground import ONCE_IT_IS_ASKED, alike
from udckit.specs import surface

_WELL_ENOUGH: Final = ("healthy", "degraded")
_DOWN: Final = ("unhealthy", "down")
_BAD_TOKENS: Final = (
    "Bearer udckit",
    "Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"
    ".eyJzZXJ2aWNlX2lkIjoxLCJzZXJ2aWNlX25hbWUiOiJ1ZGNraXQiLCJleHAiOjF9.dWRja2l0",
    "Basic dWRja2l0OnVkY2tpdA==",
)
"""Garbage, a token that expired in 1970 and nobody signed, another scheme."""


@verifies("UDC-HEALTH-001")
def health_is_public(service: Probe) -> None:
    """/health answers 200 without a token; 503 only while it is unhealthy."""
    seen = service.read("/health")

    expect(seen).if_served().status(200, 503)
    if seen.status == HTTPStatus.SERVICE_UNAVAILABLE:
        expect(seen).holds(
            seen.member("status") not in _WELL_ENOUGH,
            expected="status 200 while it is healthy or degraded",
        )


@verifies("UDC-HEALTH-019")
def a_bad_token_changes_nothing(service: Probe) -> None:
    """/health does not look at a token that comes along."""
    plain = service.read("/health")
    if plain.status not in {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}:
        raise NotObserved(f"without a token it answers {plain.status}")

    for header in _BAD_TOKENS:
        seen = service.get("/health", token=ANONYMOUS, headers=(("Authorization", header),))
        expect(seen).status(200, 503)
        if plain.member("status") is not MISSING:
            expect(seen).member("status")


@verifies("UDC-HEALTH-002", order=ONCE_IT_IS_ASKED)
def status_is_one_of_three_words(service: Probe) -> None:
    """The status of /health is healthy, degraded or unhealthy."""
    seen = service.read("/health")

    for each in alike(service, seen):
        expect(each).members("status")


@verifies("UDC-HEALTH-003", order=ONCE_IT_IS_ASKED)
def timestamp_names_an_instant(service: Probe) -> None:
    """The timestamp of /health is RFC 3339 with an explicit UTC offset."""
    seen = service.read("/health")

    for each in alike(service, seen):
        expect(each).members("timestamp")


@verifies("UDC-HEALTH-015")
def timestamp_is_spelled_with_z(service: Probe) -> None:
    """The timestamp of /health ends in Z."""
    seen = service.read("/health")

    timestamp = expect(seen).proper("timestamp")
    expect(seen).holds(
        timestamp.endswith("Z"), expected="`timestamp` that ends in Z", observed=quote(timestamp)
    )


@verifies("UDC-HEALTH-004", order=ONCE_IT_IS_ASKED)
def uptime_is_a_whole_number(service: Probe) -> None:
    """uptime_seconds is an integer of at least 0."""
    seen = service.read("/health")

    for each in alike(service, seen):
        expect(each).members("uptime_seconds")


@verifies("UDC-HEALTH-005", order=ONCE_IT_IS_ASKED)
def version_is_a_string(service: Probe) -> None:
    """The version of /health is a string that is not empty."""
    seen = service.read("/health")

    for each in alike(service, seen):
        expect(each).members("version")


@verifies("UDC-HEALTH-018")
def version_is_semantic(service: Probe) -> None:
    """The version of /health is a semantic version."""
    seen = service.read("/health")

    version = expect(seen).proper("version")
    problems = surface("udc").component_problems("SemanticVersion", version)
    expect(seen).holds(
        not problems,
        expected="`version` that is a semantic version, such as 1.0.0",
        observed=quote(version),
    )


@verifies("UDC-HEALTH-012")
def checks_agree_with_status(service: Probe) -> None:
    """Where /health shows checks, its status is what they come to.

    healthy contradicts any check that is down, and the database down asks for unhealthy. The
    rest is left open: a droplet may know more than it shows.
    """
    seen = service.read("/health")

    status, checks = expect(seen).proper("status"), expect(seen).optional("checks")
    if not isinstance(checks, dict) or not checks:
        raise NotObserved("/health shows no checks")
    down = sorted(name for name, word in checks.items() if _is_down(word))
    told = f"status {status}, checks {quote(checks)}"
    expect(seen).holds(
        not down or status != "healthy",
        expected=f"another status than healthy while {', '.join(down)} is unhealthy",
        observed=told,
    ).holds(
        "database" not in down or status == "unhealthy",
        expected="status unhealthy while the database is",
        observed=told,
    )


def _is_down(word: Any) -> bool:
    return isinstance(word, str) and word.lower() in _DOWN
