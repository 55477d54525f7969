"""Outages of Registry and Orchestrator: the endpoints go on, and say what is so."""

from typing import Final

from udckit.conformance import NotObserved, quote, verifies
from udckit.conformance.scenario import (
    Look,
    Recording,
    Recordings,
    hold,
    launched,
    played,
    registered,
)
from udckit.conformance.scenario.away import health_problem, listening, outages

_OK: Final = 200
_UDC: Final = frozenset({"/health", "/capabilities", "/state", "/dependencies", "/message"})
_LATEST: Final = 1.0
_UP: Final = frozenset({"connected", "healthy", "up", "ok", "available", "degraded"})
_LISTS: Final = ("required_services", "optional_services", "external_apis")
_HANGING: Final = (
    ("registry-odd", "hanging", "failing"),
    ("orchestrator-away", "hung beat", "failing"),
)


@verifies("UDC-HEALTH-007")
def health_answers_while_something_hangs(recordings: Recordings) -> None:
    """While Registry, Orchestrator, database or Redis never answer, /health answers in 1 s."""
    for name, start, end in _HANGING:
        whole = recordings.get(name)
        if whole is None or whole.trouble is not None:
            continue
        beats = whole.at("enrolled") is None  # of a Registry whatever it asks hangs from the first
        _all_soon(recordings, whole.part(start if beats else "hanging", end))
    whole = recordings.get("dependencies")
    for start in ("redis hang", "database hang"):
        if whole is not None:
            _all_soon(recordings, whole.part(start, "hang over"))


def _all_soon(recordings: Recordings, part: Recording) -> None:
    """Hold every look to it; by a faster clock one late answer may be this machine's own doing.

    50 ms of it look like a second there, while a /health that waits for what hangs is late again
    and again.
    """
    looks = [look for look in listening(part) if look.path == "/health"]
    late = [look for look in looks if look.status is None or look.seconds > _LATEST]
    may_be_ours = part.is_accelerated and 2 * len(late) < len(looks)
    for look in looks:
        hold(
            recordings,
            look,
            look not in late or may_be_ours,
            expected=f"an answer within {_LATEST:g} s while what it depends on hangs",
            observed=f"{look.outcome} after {look.seconds:.2f} s, {look}",
        )


@verifies("UDC-HEALTH-008")
def it_is_healthy_where_all_is_well(recording: Recording) -> None:
    """Registered, and with no dependency down, it is healthy."""
    if launched(played(recording)).at("enrolled") is None:
        registered(recording)
    looks, listed = recording.named("health"), recording.named("dependencies")
    if not looks or not listed or listed[-1].status != _OK:
        raise NotObserved("its /dependencies could not be read", blocked_by="UDC-DEPS-002")
    down = [item for item in _items(listed[-1]) if str(item.get("status")).lower() not in _UP]
    if down:
        named = f"{down[0].get('name')} is {quote(down[0].get('status'))}"
        raise NotObserved(f"something that it depends on is down: {named}")

    hold(
        recording,
        looks[-1],
        looks[-1].member("status") == "healthy",
        expected="status healthy, for it is registered and nothing is down",
        observed=f"{looks[-1].outcome}, status is {quote(looks[-1].member('status'))}",
    )


def _items(look: Look) -> list[dict[str, object]]:
    lists = [look.member(name) for name in _LISTS]
    return [item for each in lists if isinstance(each, list) for item in each if _is_item(item)]


def _is_item(item: object) -> bool:
    return isinstance(item, dict) and "status" in item


@verifies("UDC-HEALTH-013")
def unhealthy_is_said_in_the_same_shape(recordings: Recordings) -> None:
    """What is unhealthy says so with 200 or 503 and the body as ever."""
    for _, part in outages(recordings):
        for look in listening(part):
            if look.path == "/health" and _is_unwell(look):
                problem = health_problem(look)
                hold(
                    recordings,
                    look,
                    problem is None,
                    expected="the body as ever, with 200 or 503",
                    observed=f"{problem}",
                )


def _is_unwell(look: Look) -> bool:
    return look.status != _OK or look.member("status") == "unhealthy"


@verifies("ERR-014")
def endpoints_go_on_in_an_outage(recordings: Recordings) -> None:
    """In an outage each endpoint answers as ever, or 503; where no key could be had, or 401."""
    for outage, part in outages(recordings):
        allowed = {200, 503} | ({401} if outage.keyless else set())
        for look in listening(part):
            if look.path not in _UDC:
                continue
            hold(
                recordings,
                look,
                look.status in allowed,
                expected=f"{', '.join(map(str, sorted(allowed)))} while the {outage.of} is away",
                observed=f"{look.outcome}, {look}",
            )
