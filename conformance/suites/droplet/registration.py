"""Registering: once, with a body that is right and true."""

from typing import Final

from udckit.conformance import MISSING, quote, verifies
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
        (look, member, member)
        for look in told
        for member in ("name", "droplet_id", "version")
        if look.status == _OK and (look.name == "capabilities" or member == "version")
    ):
        said = look.member(member)
        hold(
            recording,
            look,
            said is MISSING or said == call.member(registered_as),
            expected=f"{member} as it was registered, {quote(call.member(registered_as))}",
            observed=f"{look.path} says {quote(said)}",
        )


@verifies("UDC-CAP-005")
def capabilities_name_the_droplet_as_it_was_started(recording: Recording) -> None:
    """The name and droplet_id of /capabilities are those registered, and of the environment."""
    told = played(recording).note("launch")
    settings = told.detail if told else {}
    right = {"name": settings.get("SERVICE_NAME"), "droplet_id": settings.get("DROPLET_ID")}

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
