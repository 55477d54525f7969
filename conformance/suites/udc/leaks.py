"""What no answer may say: the inside of the service, its secrets, somebody's token."""

from typing import Any, Final

from udckit.conformance import (
    ANONYMOUS,
    VALID,
    Ask,
    Observation,
    Probe,
    expect,
    verifies,
)
from udckit.conformance.suites.udc._leakage import Sent, credential_in, leak_in

_INTERNAL_ERROR: Final = 500
_OK: Final = 200


@verifies("UDC-HEALTH-014", order=94)
def health_leaks_nothing(service: Probe) -> None:
    """No body of /health holds a secret, a path, or the words of a driver."""
    service.read("/health")
    sent = Sent()
    for seen in service.so_far():
        if _path(seen) == "/health" and seen.answered:
            _holds_no_leak(seen, sent)
        sent.add(seen)


@verifies("UDC-DEPS-007", order=94)
def dependencies_hold_no_credentials(service: Probe) -> None:
    """No address in /dependencies holds a password."""
    service.read("/dependencies")
    for seen in service.so_far():
        if _path(seen) == "/dependencies" and seen.status == _OK:
            for text in _texts(seen.json):
                found = credential_in(text)
                expect(seen).holds(
                    found is None,
                    expected="no credentials in /dependencies",
                    observed=f"{found!r}" if found else "",
                )
            expect(seen).holds(True, expected="")


@verifies("ERR-005", order=95)
def no_answer_shows_the_inside(service: Probe) -> None:
    """No answer of the run holds a stack frame, SQL, a driver's words, a path or a secret."""
    for ask in _hostile(service):
        service.send(ask)
    sent = Sent()
    for seen in service.so_far():
        if seen.answered:
            _holds_no_leak(seen, sent)
        sent.add(seen)


def _hostile(service: Probe) -> list[Ask]:
    """Make what a careless service fails at: bytes that are no text, numbers that are none."""
    us: Any = VALID if service.has_token else ANONYMOUS
    if service.settings.safety == "read-only":
        return [Ask("GET", "/udckit-%ff%fe", token=us)]
    name = service.identity.service_name.encode()
    start = b'{"from_service": "' + name + b'", "message_type": "query", "payload": '
    return [
        Ask("GET", "/udckit-%ff%fe", token=us),
        Ask("POST", "/message", us, body=start + b'{"udckit": NaN}}'),
        Ask("POST", "/message", us, body=start + b'{"udckit": "\xff\xfe"}}'),
        Ask("POST", "/message", us, body=start + b'{"udckit": "\\ud800"}}'),
        Ask("POST", "/message", us, body=start + b'{"udckit": 1'),
    ]


@verifies("ERR-006", order=95)
def an_internal_error_says_nothing(service: Probe) -> None:
    """The body of a 500 holds no exception, no SQL and no traceback."""
    sent = Sent()
    for seen in service.so_far():
        if seen.status == _INTERNAL_ERROR:
            _holds_no_leak(seen, sent)
        sent.add(seen)


@verifies("ERR-017", order=95)
def an_internal_error_has_the_contracts_form(service: Probe) -> None:
    """The body of a 500 is JSON, an object `error` with a code and a message."""
    for seen in service.so_far():
        if seen.status == _INTERNAL_ERROR:
            error = seen.member("error")
            expect(seen).holds(
                seen.claims_json and isinstance(error, dict) and {"code", "message"} <= set(error),
                expected='a JSON body of the form {"error": {"code": …, "message": …}}',
            )


def _holds_no_leak(seen: Observation, sent: Sent) -> None:
    found = leak_in(seen, sent)
    expect(seen).holds(
        found is None,
        expected="nothing of the inside of the service",
        observed=None if found is None else f"{found.what}: {found.text!r}",
    )


def _path(seen: Observation) -> str:
    return seen.exchange.request.target.split("?")[0]


def _texts(value: Any) -> list[str]:
    """Give every string in a JSON value."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]
