"""GET /state: its words, its figures, and that they are those of now."""

from http import HTTPStatus
from typing import Any, Final

from udckit.conformance import Ask, NotObserved, Observation, Probe, expect, quote, verifies
from udckit.conformance.suites.udc._ground import ONCE_IT_IS_ASKED, alike, reading, whoever_we_are

_KEY_METRICS: Final = ("requests_per_minute", "average_response_time_ms", "error_rate_percent")
_STAGING: Final = "staging"
_OF_REQUESTS: Final = ("request", "response")
_ATTEMPTS: Final = 3
_MESSAGES: Final = 5
_PAUSES: Final = (0.0, 1.0, 1.5, 2.5)
"""Seconds before each look at /state after the work: the last is 5 s after it."""


@verifies("UDC-STATE-002", order=ONCE_IT_IS_ASKED)
def status_is_one_of_three_words(service: Probe) -> None:
    """The status of /state is active, inactive or error."""
    seen = reading(service, "/state")

    for each in alike(service, seen):
        expect(each).members("status")


@verifies("UDC-STATE-003", order=ONCE_IT_IS_ASKED)
def mode_is_one_of_three_words(service: Probe) -> None:
    """The mode of /state is production, development or maintenance; staging is tolerated."""
    seen = reading(service, "/state")

    for each in alike(service, seen):
        expect(each).members("mode")


@verifies("UDC-STATE-007")
def mode_is_not_staging(service: Probe) -> None:
    """The mode of /state is one of the contract's three (CONF-18)."""
    seen = reading(service, "/state")

    mode = expect(seen).proper("mode")
    expect(seen).holds(
        mode != _STAGING,
        expected="`mode` production, development or maintenance",
        observed=quote(mode),
    )


@verifies("UDC-STATE-004", order=ONCE_IT_IS_ASKED)
def metrics_are_numbers(service: Probe) -> None:
    """The metrics of /state are an object of numbers that are not negative."""
    seen = reading(service, "/state")

    for each in alike(service, seen):
        expect(each).members("metrics")


@verifies("UDC-STATE-009")
def metrics_has_the_three_keys(service: Probe) -> None:
    """The metrics of /state have requests per minute, response time and error rate."""
    seen = reading(service, "/state")

    metrics = expect(seen).proper("metrics")
    missing = [name for name in _KEY_METRICS if name not in metrics]
    expect(seen).holds(
        not missing,
        expected=f"`metrics` with {', '.join(missing)}",
        observed=f"the members {', '.join(sorted(metrics)) or 'none'}",
    )


@verifies("UDC-STATE-005", order=20)
def state_reflects_the_present(service: Probe) -> None:
    """What /state says of requests changes within 5 s of 20 of them, five being messages."""
    if not service.has("request-metrics"):
        raise NotObserved("/state shows no last_activity, and no metric of requests")
    first = service.get("/state")
    before = _figures(first)

    seen, worked = first, False
    for _ in range(_ATTEMPTS):
        answers = service.together(_work(service))
        worked = all(each.status == HTTPStatus.OK for each in answers[:_MESSAGES])
        for pause in _PAUSES:
            service.wait(pause)
            seen = service.get("/state")
            if _figures(seen) != before:
                expect(seen).holds(True, expected="")
                return
    if not worked:
        raise NotObserved("no messages were accepted that could move it", blocked_by="UDC-MSG-002")
    expect(seen).holds(
        False,
        expected="a change within 5 s of 20 requests, in one of three attempts",
        observed=f"still {quote(before)}",
    )


def _work(service: Probe) -> list[Ask]:
    us = whoever_we_are(service)
    messages = [service.a_message(token=us) for _ in range(_MESSAGES)]
    paths = ("/health", "/capabilities", "/state") * _MESSAGES
    return messages + [Ask("GET", path) for path in paths]


def _figures(seen: Observation) -> dict[str, Any]:
    """Give what /state says that requests should move."""
    body = expect(seen).body()
    metrics = body.get("metrics")
    figures = {
        name: value
        for name, value in (metrics if isinstance(metrics, dict) else {}).items()
        if any(word in name.lower() for word in _OF_REQUESTS)
    }
    if "last_activity" in body:
        figures["last_activity"] = body["last_activity"]
    if not figures:
        raise NotObserved("/state shows no last_activity, and no metric of requests")
    return figures
