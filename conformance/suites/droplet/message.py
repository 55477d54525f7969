"""What a droplet owes its Orchestrator: a place to send messages to."""

from http import HTTPStatus

from udckit.conformance import NotObserved, Probe, expect, verifies
from udckit.conformance.suites.udc._ground import query


@verifies("ORCH-CLIENT-010")
def message_is_implemented(service: Probe) -> None:
    """Something answers POST /message; what it must answer is UDC-MSG's matter."""
    seen = query(service)

    if seen.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise NotObserved(f"{seen.call} answered {seen.status}", blocked_by="AUTH-001")
    expect(seen).served()
