"""What /health says while something that the droplet depends on is away."""

from typing import Final

from udckit.conformance import NotObserved, quote, verifies
from udckit.conformance.scenario import Recording, hold
from udckit.conformance.suites.udc import _outages as outages

_OK: Final = 200
_SERVED: Final = frozenset({200, 503})
_BETTER: Final = frozenset({"healthy", "degraded"})
_MEMBERS: Final = ("status", "timestamp", "uptime_seconds", "version")


@verifies("UDC-HEALTH-009")
def without_redis_it_is_degraded(recording: Recording) -> None:
    """While Redis alone is away /health says degraded, and healthy once it is back."""
    _says("degraded", recording, "redis")


@verifies("UDC-HEALTH-010")
def without_an_external_api_it_is_degraded(recording: Recording) -> None:
    """While an external API alone is away /health says degraded, and healthy once it is back."""
    _says("degraded", recording, "external-api")


@verifies("UDC-HEALTH-011")
def without_its_database_it_is_unhealthy(recording: Recording) -> None:
    """While the database is away /health says unhealthy, and healthy once it is back."""
    _says("unhealthy", recording, "database")


def _says(right: str, recording: Recording, kind: str) -> None:
    part = outages.away(recording, kind)
    outages.outlived(part, kind)
    looks = part.named(outages.HEALTH)
    worse = [each for each in looks if outages.word(each) not in {"healthy", right}]
    last = looks[-1] if looks else None
    if last is None:
        raise NotObserved("/health was not asked meanwhile")
    culprit = worse[0] if worse else last
    hold(
        recording,
        culprit,
        not worse and outages.word(last) == right,
        expected=f"`status` {right} within {outages.WITHIN:.0f} s without its {kind}",
        observed=f"{culprit.outcome}, `status` {quote(outages.word(culprit))} "
        f"{culprit.at - (part.at(f'{kind} cut') or 0.0):.0f} s into the outage [{culprit}]",
    )
    after = outages.back(recording, kind).named(outages.HEALTH)
    if not after:
        raise NotObserved("/health was not asked afterwards")
    hold(
        recording,
        after[-1],
        any(outages.word(each) == "healthy" for each in after),
        expected=f"`status` healthy within {outages.WITHIN:.0f} s of its {kind} being back",
        observed=f"{after[-1].outcome}, `status` {quote(outages.word(after[-1]))} "
        f"{after[-1].at - after[0].at:.0f} s later, without a restart",
    )


@verifies("UDC-STATE-006")
def state_and_health_agree(recording: Recording) -> None:
    """While the database is away /state says error where /health says unhealthy, and only there."""
    part = outages.away(recording, "database")
    states = [each for each in part.named("watched /state") if each.status == _OK]
    healths = part.named(outages.HEALTH)
    if not states or not healths:
        raise NotObserved("its /state could not be read in the outage")
    before = [each for each in healths if each.at <= states[-1].at]
    word = outages.word((before or healths)[-1])

    hold(
        recording,
        states[-1],
        (states[-1].member("status") == "error") is (word == "unhealthy"),
        expected="status error in /state where /health says unhealthy, and nowhere else",
        observed=f"/state says {quote(states[-1].member('status'))}, /health {quote(word)}",
    )
