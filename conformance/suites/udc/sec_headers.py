"""Security headers on every kind of answer, CORS, and what a server says of itself."""

import re
from collections.abc import Iterator
from typing import Final

from udckit.conformance import (
    ANONYMOUS,
    MISSING,
    Ask,
    Observation,
    Probe,
    expect,
    verifies,
)
from udckit.conformance._capabilities import FOREIGN_ORIGIN, asked_from_elsewhere
from udckit.conformance.suites.udc._ground import unknown_path, whoever_we_are

_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-XSS-Protection", "1; mode=block"),
)
_JUDGED: Final = frozenset({200, 201, 202, 401, 404, 422, 503})
_IF_JSON: Final = frozenset({400, 403, 405, 500})
"""Statuses that a server or a gateway says too; what is JSON came from the application."""

_YEAR: Final = 31_536_000
_MAX_AGE: Final = re.compile(r'max-age\s*=\s*"?(\d+)', re.IGNORECASE)
_VERSIONED: Final = re.compile(r"/\s*v?\d")
_DEBUG_PAGE: Final = re.compile(
    r"Werkzeug Debugger|DJANGO_SETTINGS_MODULE|Whitelabel Error Page|Application Trace"
)
_INTERNAL_ERROR: Final = 500


@verifies("SEC-004", order=90)
def every_answer_has_the_security_headers(service: Probe) -> None:
    """The three security headers are on successes and on errors alike."""
    for seen in _of_every_kind(service):
        for name, value in _HEADERS:
            found = seen.header(name)
            expect(seen).holds(
                found is not None and _same(found, value),
                expected=f"{name}: {value} on a {seen.status}",
                observed=f"{name}: {found}" if found is not None else f"no {name}",
            )


def _same(found: str, value: str) -> bool:
    """Compare without regard to case and blanks; the same value twice is the same value."""
    wanted = value.replace(" ", "").lower()
    return {part.replace(" ", "").lower() for part in found.split(",")} == {wanted}


def _of_every_kind(service: Probe) -> Iterator[Observation]:
    """Give answers of the application: 200, 401, 404, 400 or 422, and 405 and 500 that it gave."""
    us = whoever_we_are(service)
    answers = [
        service.read("/health"),
        service.once("/state as nobody", Ask("GET", "/state", ANONYMOUS)),
        unknown_path(service),
    ]
    if service.settings.safety != "read-only":
        incomplete = service.a_message(token=us, message_type=MISSING)
        answers += [
            service.once("PUT /state", Ask("PUT", "/state", us, json={})),
            service.once("an incomplete message", incomplete),
        ]
    if service.has_token:
        answers.append(service.read("/state"))
    answers += [each for each in service.so_far() if each.status == _INTERNAL_ERROR]
    for seen in answers:
        if seen.status in _JUDGED or (seen.status in _IF_JSON and seen.claims_json):
            yield seen


@verifies("SEC-005")
def https_is_insisted_on(service: Probe) -> None:
    """Over TLS, Strict-Transport-Security asks for a year at least."""
    service.require("tls")
    seen = service.read("/health")
    found = seen.header("strict-transport-security")
    age = _MAX_AGE.search(found or "")

    expect(seen).holds(
        age is not None and int(age.group(1)) >= _YEAR,
        expected=f"Strict-Transport-Security: max-age={_YEAR} or more",
        observed=f"Strict-Transport-Security: {found or 'none'}",
    )


@verifies("SEC-006")
def cors_names_its_origins(service: Probe) -> None:
    """An origin that nobody named gets no Access-Control-Allow-Origin, and no star."""
    service.require("cors")
    asks = [
        asked_from_elsewhere(service),
        service.send(_preflight("/state", "GET")),
        service.send(_preflight("/message", "POST")),
    ]

    for seen in asks:
        found = seen.header("access-control-allow-origin")
        expect(seen).holds(
            found not in {"*", FOREIGN_ORIGIN, "null"},
            expected=f"no Access-Control-Allow-Origin for {FOREIGN_ORIGIN}",
            observed=f"Access-Control-Allow-Origin: {found}",
        )


def _preflight(path: str, method: str) -> Ask:
    headers = (
        ("Origin", FOREIGN_ORIGIN),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "authorization"),
    )
    return Ask("OPTIONS", path, ANONYMOUS, headers=headers)


@verifies("SEC-015", order=90)
def the_server_does_not_introduce_itself(service: Probe) -> None:
    """No answer names the version of a server, and none is a debug page."""
    service.read("/health")
    unknown_path(service)
    for seen in service.so_far():
        if not seen.answered:
            continue
        for name in ("Server", "X-Powered-By", "X-AspNet-Version"):
            found = seen.header(name) or ""
            expect(seen).holds(
                _VERSIONED.search(found) is None,
                expected=f"no version in the header {name}",
                observed=f"{name}: {found}",
            )
        page = _DEBUG_PAGE.search(seen.text)
        expect(seen).holds(page is None, expected="no debug page")
