"""POST /message: what is refused."""

from http import HTTPStatus
from typing import Final

from udckit.conformance import Probe, expect, verifies
from udckit.conformance.suites.udc._ground import refusals, whoever_we_are
from udckit.conformance.suites.udc._invalid import missing_or_mistyped, wrong_content_type

_UNKNOWN_TYPES: Final = ("command", "QUERY", "", "x" * 10_240)


@verifies("UDC-MSG-006")
def a_faulty_message_is_refused(service: Probe) -> None:
    """A message with a missing or mistyped member is a 400 (422 tolerated)."""
    mislabelled, ask = wrong_content_type(service)

    for what, seen in refusals(service, [*missing_or_mistyped(service), (mislabelled, ask)]):
        codes = (400, 415, 422, 200) if what == mislabelled else (400, 422)
        expect(seen).asked().holds(
            seen.status in codes,
            expected=f"status {' or '.join(map(str, codes))} to {what}",
        )


@verifies("UDC-MSG-007")
def an_unknown_type_is_refused(service: Probe) -> None:
    """A message_type that nobody knows is a 400 or 422, or is answered with failed."""
    us = whoever_we_are(service)
    asks = [
        (f"message_type {word[:20]!r}", service.a_message(token=us, message_type=word))
        for word in _UNKNOWN_TYPES
    ]

    for what, seen in refusals(service, asks):
        if (seen.status or 0) < HTTPStatus.INTERNAL_SERVER_ERROR:
            failed = seen.status == HTTPStatus.OK and seen.member("status") == "failed"
            expect(seen).asked().holds(
                failed or seen.status in {400, 422},
                expected=f"status 400 or 422, or 200 with `status` failed, to {what}",
            )
