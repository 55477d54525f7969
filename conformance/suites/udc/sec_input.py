"""Hostile input: long, out of range, injected, climbing out of its folder."""

from collections.abc import Iterator
from typing import Any, Final

from udckit.conformance import (
    ANONYMOUS,
    VALID,
    Ask,
    Observation,
    Probe,
    bracketed,
    expect,
    verifies,
)
from udckit.conformance.suites.udc.message_security import MESSAGES

_LONG: Final = 1_000_000
_LONG_ELSEWHERE: Final = 60_000
_DEPTH: Final = 400
_MANY: Final = 20_000
_DIGITS: Final = 3_000
_SLOWER: Final = 2.0
"""Seconds by which an injected text that sleeps delays its answer."""

_SUM: Final = "9801547"
"""What a template engine makes of 1337 times 7331: a text that nobody sent."""

_INJECTIONS: Final = (
    "' OR '1'='1",
    "'; DROP TABLE messages; --",
    "' UNION SELECT NULL, version() --",
    "'; SELECT pg_sleep(3); --",
    "1; WAITFOR DELAY '0:0:3' --",
    "1 AND SLEEP(3)",
    "$(sleep 3)",
    "`sleep 3`",
    "| sleep 3",
    "{{1337*7331}}",
    "${1337*7331}",
    "<%= 1337*7331 %>",
    "%s%s%s%n",
    "{0.__class__.__mro__}",
    '{"$gt": ""}',
    "<script>alert(1)</script>",
    "udckit\r\nX-Udckit: 1",
)
_CLIMBS: Final = (
    "/../../../../../../etc/passwd",
    "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/%252e%252e/%252e%252e/%252e%252e/etc/passwd",
    "//etc/passwd",
    "/etc/passwd",
    "/..\\..\\..\\windows\\win.ini",
    "/static/../../../../../../etc/passwd",
    "/docs/../../../../../../etc/passwd",
    "/state/../../../../../../etc/passwd",
    "/file:///etc/passwd",
    "/.env",
    "/.git/config",
)
_FILES: Final = ("root:x:0:0:", "root:*:0:0:", "[fonts]", "[extensions]", "repositoryformatversion")
"""Beginnings of the files that the climbs are after; an .env file is judged as a leak."""

_HEADER: Final = "X-Udckit"


@verifies("SEC-001")
def oversized_values_are_handled(service: Probe) -> None:
    """Over-long and out-of-range values are answered below 500, in bounded time."""
    for _, seen in bracketed(service, MESSAGES, _oversized(service)):
        if seen.exchange.trouble != "reset":
            expect(seen).status_below(500)
        else:
            expect(seen).turned_down(or_closed=True)


def _oversized(service: Probe) -> Iterator[tuple[str, Ask]]:
    """Name messages that are right in form, and wrong in measure."""
    long = "u" * (_LONG if service.settings.is_local else _LONG_ELSEWHERE)
    members: dict[str, dict[str, Any]] = {
        "a from_service of 1 MB": {"from_service": long},
        "a message_type of 1 MB": {"message_type": long},
        "a text of 1 MB": {"payload": {"udckit": long}},
        "a name of 1 MB": {"payload": {long: 1}},
        "2 to the power of 64": {"payload": {"udckit": 2**64}},
        "a number of 3000 digits": {"payload": {"udckit": 10**_DIGITS}},
        "a small negative number": {"payload": {"udckit": -(2**63) - 1}},
        "a very large fraction": {"payload": {"udckit": 1.7e308}},
        "a long list": {"payload": {"udckit": [0] * _MANY}},
        "many members": {"payload": {f"u{number}": number for number in range(2_000)}},
        "control characters": {"payload": {"udckit": "\x00\x01\x1b[2J\x7f"}},
        "a sender of control characters": {"from_service": "\x00udckit\x1b"},
    }
    for name, changed in members.items():
        yield name, service.a_message(**changed)
    head = b'{"from_service": "%b", "message_type": "query", "payload": {"udckit": '
    body = head % service.identity.service_name.encode()
    deep = body + b"[" * _DEPTH + b"]" * _DEPTH + b"}}"
    yield "a deep list", Ask("POST", "/message", VALID, body=deep)


@verifies("SEC-002")
def injected_text_is_inert(service: Probe) -> None:
    """Injected text changes nothing: no 5xx, no delay, nothing that was evaluated."""
    plain = service.message(payload={"udckit": "udckit"})
    expect(plain).asked()
    for text in _INJECTIONS:
        for ask in _with(service, text):
            _is_inert(service, ask, plain)


def _with(service: Probe, text: str) -> Iterator[Ask]:
    yield service.a_message(payload={"udckit": text, text: "udckit"})
    yield Ask("GET", f"/state?id={text}&q={text}", VALID)


def _is_inert(service: Probe, ask: Ask, twin: Observation) -> None:
    seen = service.send(ask)
    if seen.seconds > twin.seconds + _SLOWER:
        seen = service.send(ask)
    expect(seen).status_below(500)
    expect(seen).holds(
        seen.seconds <= twin.seconds + _SLOWER,
        expected=f"no delay against its twin, which took {twin.seconds:.3f} s",
        observed=f"{seen.seconds:.3f} s, twice",
    )
    expect(seen).holds(
        _SUM not in seen.text,
        expected="text that nobody evaluates",
        observed=f"{_SUM}, which is 1337*7331",
    )
    expect(seen).holds(
        seen.header(_HEADER) is None, expected=f"no header {_HEADER} that was injected"
    )


@verifies("SEC-003")
def climbing_paths_reach_no_file(service: Probe) -> None:
    """A path that climbs out of its folder is answered below 500, never with a file."""
    for path in _CLIMBS:
        _is_no_file(service.send(Ask("GET", path, token=ANONYMOUS)))
    with_token = service.has_token and service.settings.safety != "read-only"
    if with_token:
        _is_no_file(service.message(payload={"path": _CLIMBS[0], "file": "/etc/passwd"}))


def _is_no_file(seen: Observation) -> None:
    if seen.exchange.trouble == "reset":
        return
    expect(seen).status_below(500)
    found = next((each for each in _FILES if each in seen.text), None)
    expect(seen).holds(found is None, expected="never a file's contents")
