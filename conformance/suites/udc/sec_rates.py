"""Rate limits, where the operator opted in to the burst: it comes last."""

from typing import Final

from udckit.conformance import VALID, Ask, NotObserved, Observation, Probe, expect, verifies

_BURST: Final = 1_100
"""Authenticated requests, more than the highest limit of SEC §8 lets through in a minute."""

_AT_ONCE: Final = 20
_LIMITED: Final = 429
_LOWEST: Final = 100
_READINGS: Final = 10
"""Readings of /health in a burst that a monitor may make."""


def _burst(service: Probe) -> list[Observation]:
    """Send the run's one burst, up to the first 429 and one volley beyond it."""
    service.require("rate-limits-tested")
    known = service.standing.burst
    if known is not None:
        return [service.again(seen) for seen in known]
    seen: list[Observation] = []
    met = False
    while len(seen) < _BURST and not met:
        met = any(each.status == _LIMITED for each in seen[-_AT_ONCE:])
        seen += service.together([Ask("GET", "/state", VALID, patient=False)] * _AT_ONCE)
    service.standing.burst = seen
    return seen


@verifies("SEC-007", order=98)
def a_burst_meets_a_limit(service: Probe) -> None:
    """Beyond a limit the answer is 429, and nothing fails or hangs on the way."""
    seen = _burst(service)

    for each in seen:
        expect(each).holds(
            each.status is not None and each.status < 500,  # noqa: PLR2004 - the 5xx
            expected="a success, or 429",
        )
    if not any(each.status == _LIMITED for each in seen):
        raise NotObserved(f"{len(seen)} requests in a burst met no 429; a limit may lie higher")


@verifies("SEC-016", order=98)
def limits_lie_where_the_contract_puts_them(service: Probe) -> None:
    """The limit lies between 100 and 1000 a minute, and /health stays usable for monitoring."""
    seen = _burst(service)
    passed = sum(each.status != _LIMITED for each in seen)

    expect(seen[-1]).holds(
        any(each.status == _LIMITED for each in seen),
        expected="429 within 1100 authenticated requests",
        observed=f"none in {len(seen)} requests",
    ).holds(
        passed >= _LOWEST,
        expected="at least 100 authenticated requests a minute",
        observed=f"429 after {passed}",
    )
    for _ in range(_READINGS):
        health = service.send(Ask("GET", "/health", patient=False))
        expect(health).status(200, 503)
