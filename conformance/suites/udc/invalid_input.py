"""Invalid input of every kind: whatever comes, it is no server error."""

from http import HTTPStatus

from udckit.conformance import Probe, expect, verifies
from udckit.conformance.suites.udc._ground import BRACKET, accepted, query, receipt
from udckit.conformance.suites.udc._invalid import hostile, missing_or_mistyped, wrong_content_type


@verifies("ERR-004")
def invalid_input_is_no_server_error(service: Probe) -> None:
    """Invalid input is never answered with a 5xx.

    What it is answered instead is UDC-MSG-006's matter, whose messages are looked at here again.
    """
    accepted(service, query(service))
    asks = [*missing_or_mistyped(service), wrong_content_type(service), *hostile(service)]

    for place, (what, ask) in enumerate(asks, start=1):
        seen = service.once(what, ask)
        expect(seen).asked().holds(
            seen.status is not None and seen.status < HTTPStatus.INTERNAL_SERVER_ERROR,
            expected=f"a status below 500 to {what}",
        )
        if place % BRACKET == 0:
            accepted(service, receipt(service))
