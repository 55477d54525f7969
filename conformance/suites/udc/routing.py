"""What is not on the map: wrong methods, unknown paths, unknown parameters and headers."""

from http import HTTPStatus
from typing import Final

from udckit.conformance import UDC_PATHS, Ask, NotObserved, Probe, expect, verifies
from udckit.conformance.suites.udc._ground import (
    answer_at,
    lets_nobody_in,
    unknown_path,
    whoever_we_are,
)

_CLOSED: Final = "reset"
_NOT_ALLOWED: Final = (405, 404, 501)
_BESIDE: Final = "/healthz-x"
_LONG_QUERY: Final = "?udckit=" + "x" * 8192
_ODD: Final[tuple[tuple[str, tuple[tuple[str, str], ...]], ...]] = (
    ("?a=1&a=2&=&%5B%5D", ()),
    ("", (("Accept", "application/x-udckit;q=0.1, text/*;q=zero"),)),
    ("", (("X-Request-ID", "udckit/'\"{}"), ("Accept-Language", "tlh;q=2"))),
)


@verifies("UDC-ALL-004")
def wrong_methods_are_refused(service: Probe) -> None:
    """A wrong method on one of the five paths is a 405."""
    if lets_nobody_in(service):
        raise NotObserved("the kit is let in nowhere", blocked_by="AUTH-001")
    us = whoever_we_are(service)
    asks = [Ask("GET", "/message", token=us)]
    for method in ("PUT", "DELETE"):
        asks += [Ask(method, path, token=us, content_type=None) for path in UDC_PATHS]

    for ask in asks:
        seen = service.send(ask)
        if seen.exchange.trouble == _CLOSED:
            expect(seen).holds(True, expected="a refusal; a server may close the connection")
        else:
            expect(seen).status(*_NOT_ALLOWED, *_unless_known(service))


@verifies("UDC-ALL-005")
def unknown_paths_are_not_found(service: Probe) -> None:
    """A path that nobody knows is a 404, also one that begins like one that is known."""
    if lets_nobody_in(service):
        raise NotObserved("the kit is let in nowhere", blocked_by="AUTH-001")

    for seen in (unknown_path(service), service.get(_BESIDE)):
        expect(seen).status(404, *_unless_known(service))


@verifies("UDC-ALL-007")
def unknown_parameters_and_headers_do_no_harm(service: Probe) -> None:
    """Query parameters and headers that nobody knows never cause a server error."""
    for path in ("/health", "/state"):
        plain = answer_at(service, path)
        if plain.served and (plain.status or 0) < HTTPStatus.INTERNAL_SERVER_ERROR:
            for query, headers in _ODD:
                expect(service.get(path + query, headers=headers)).status_below()
            seen = service.get(path + _LONG_QUERY)
            if seen.exchange.trouble != _CLOSED:
                expect(seen).status_below()


def _unless_known(service: Probe) -> tuple[int, ...]:
    """Without a token a 401 may come before anything else is said."""
    return () if service.has_token else (401,)
