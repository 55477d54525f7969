"""Registering: once, with a body that is right and true."""

from typing import Any, Final

from udckit.conformance import MISSING, NotObserved, quote, verifies
from udckit.conformance.scenario import (
    Recording,
    attempts,
    given,
    hold,
    launched,
    played,
    registered,
    strangers,
)

_AFTER_HEALTH: Final = 30.0
_OK: Final = 200
_ALIKE: Final = {
    "service_name": "name",
    "droplet_id": "droplet_id",
    "version": "version",
    "capabilities": "capabilities",
}
"""Members of /capabilities, and of /health its version, by what they are in a registration."""


@verifies("REG-CLIENT-001")
def it_registers_on_startup(recording: Recording) -> None:
    """A POST /register is answered 201 no later than 30 s after the first answer to /health."""
    answers = launched(played(recording)).at("answers") or 0.0
    first = next(iter(given(recording)), None)
    tried = attempts(recording)
    seen = f"{len(tried)} tried, answered {tried[-1].answered}" if tried else "none came"

    hold(
        recording,
        first.call if first else recording.note("answers"),
        first is not None and first.call.at <= answers + _AFTER_HEALTH,
        expected="a POST /register that is answered 201, within 30 s of the first /health",
        observed=(f"{first.call}" if first else seen) + strangers(recording, "registry"),
    )


@verifies("REG-CLIENT-014")
def it_registers_once(recording: Recording) -> None:
    """A start has one registration, where nothing goes wrong."""
    registered(played(recording))
    found = given(recording)

    hold(
        recording,
        found[0].call,
        len(found) == 1,
        expected="one registration",
        observed=f"{len(found)} registrations, the second {found[-1].call}",
    )


@verifies("REG-CLIENT-002")
def the_body_of_a_registration_is_right(recording: Recording) -> None:
    """The six required members are there, with the right types."""
    tried = attempts(launched(played(recording)))

    for call in tried:
        hold(
            recording,
            call,
            not call.problems,
            expected="name, droplet_id, port, health_endpoint, capabilities and version",
            observed="; ".join(call.problems[:3]),
        )


@verifies("REG-CLIENT-015")
def it_says_that_it_is_udc_compliant(recording: Recording) -> None:
    """The body has `udc_compliant: true`."""
    first = registered(played(recording)).call

    hold(
        recording,
        first,
        first.member("udc_compliant") is True,
        expected='"udc_compliant": true',
        observed=f"udc_compliant is {quote(first.member('udc_compliant'))}",
    )


@verifies("REG-CLIENT-003")
def what_it_declares_is_true(recording: Recording) -> None:
    """Its port answers, its health endpoint gives 200, and its facts agree with what it says."""
    call = registered(played(recording)).call
    visited = recording.named("declared")
    reached = visited[0].outcome if visited else "a port or path that cannot be asked"
    hold(
        recording,
        visited[0] if visited else call,
        bool(visited) and visited[0].status in {_OK, 503},
        expected="the registered port and health_endpoint to answer 200",
        observed=f"port {quote(call.member('port'))}: {reached}",
    )
    told = recording.named("capabilities", "health")

    for look, member, registered_as in (
        (look, member, registered_as)
        for look in told
        for member, registered_as in _ALIKE.items()
        if look.status in {_OK, 503} and (look.name == "capabilities" or member == "version")
    ):
        said, given_as = look.member(member), call.member(registered_as)
        hold(
            recording,
            look,
            said is MISSING or _same(said, given_as),
            expected=f"{member} as it was registered, {quote(given_as)}",
            observed=f"{look.path} says {quote(said)}",
        )


def _same(said: Any, registered: Any) -> bool:
    """Lists may stand in another order."""
    if isinstance(said, list) and isinstance(registered, list):
        return sorted(map(str, said)) == sorted(map(str, registered))
    return bool(said == registered)


@verifies("UDC-CAP-005")
def capabilities_name_the_droplet_as_it_was_started(recording: Recording) -> None:
    """The name and droplet_id of /capabilities are those registered, and of the environment."""
    told = played(recording).note("launch")
    settings = told.detail if told else {}
    right = {"service_name": settings.get("SERVICE_NAME"), "droplet_id": settings.get("DROPLET_ID")}

    for look in recording.named("capabilities"):
        if look.status != _OK:
            continue
        for member, value in right.items():
            hold(
                recording,
                look,
                str(look.member(member)) == value,
                expected=f"{member} {value}, as the environment says",
                observed=f"{member} is {quote(look.member(member))}",
            )


@verifies("REG-CLIENT-011")
def it_does_not_claim_to_be_ready_too_soon(recording: Recording) -> None:
    """While it is unregistered /health is not healthy, or /state is not active."""
    first = next(iter(given(played(recording))), None)
    until = first.call.at if first else recording.end
    looks = recording.between(0.0, until).named("unregistered health")
    states = recording.between(0.0, until).named("unregistered state")
    if not looks or looks[0].status not in {_OK, 503}:
        raise NotObserved("it does not answer before it is registered")
    healthy = looks[0].member("status") == "healthy"
    if healthy and (not states or states[0].status != _OK):
        raise NotObserved("it says healthy, and what its /state says could not be read")

    hold(
        recording,
        looks[0],
        not healthy or states[0].member("status") != "active",
        expected="/health not healthy, or /state not active, before it is registered",
        observed="healthy and active",
    )


@verifies("REG-CLIENT-013")
def it_reads_registry_url(recording: Recording) -> None:
    """What REGISTRY_URL names is asked."""
    launched(played(recording))
    calls = [call for call in recording.calls if call.fake == "registry"]

    hold(
        recording,
        calls[0] if calls else recording.note("answers"),
        bool(calls),
        expected="requests at the address in REGISTRY_URL",
        observed="none came",
    )
