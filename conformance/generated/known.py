"""The cases known to hurt: the documents' own examples bent, and values that hurt put into them.

Nothing is drawn here, so every run sends the same. What finds most comes first.
"""

from __future__ import annotations

from collections.abc import Iterator

from udckit.conformance.generated.bent import MISTYPED, bent
from udckit.conformance.generated.hurting import ADDRESSES, HEADERS, KEYS, QUERIES, VALUES
from udckit.conformance.generated.known_orchestrator import beats, tasks
from udckit.conformance.generated.known_registry import look_ups, registrations
from udckit.conformance.generated.sending import Cases, changed
from udckit.conformance.observation import MISSING
from udckit.conformance.probe import ANONYMOUS, VALID, Ask, Probe

__all__ = ["known"]


def known(service: Probe) -> Iterator[tuple[float, Cases]]:
    """Give the generators of a role, each with its share of what the ones before left."""
    role = service.settings.role
    if role == "droplet":
        yield 0.25, _reads(service)
        yield 1.0, _messages(service)
        return
    yield 0.1, _reads(service)
    yield 0.2, _messages(service)
    if role == "registry":
        yield 0.3, look_ups()
        yield 1.0, registrations(service)
    else:
        yield 0.4, beats(service)
        yield 1.0, tasks()


def _messages(service: Probe) -> Cases:
    """Queries with payloads that hurt, each harmless: the words of a task, and nothing to do."""
    plain = service.a_message()
    free = {"task_id": "udckit", "action": "udckit", "data": {"udckit": {}}}
    payloads = [
        *({key: "udckit"} for key in KEYS),
        *({"udckit": value, "data": {"udckit": value}} for value in VALUES),
        *bent(free),
        *({"udckit": "twice"}, {"udckit": "twice"}, free, free),
    ]
    for payload in payloads:
        yield changed(plain, {"payload": payload})
    for address in ADDRESSES:
        yield changed(plain, {"reply_to": address})
    for name in ("from_service", "message_type", "payload"):
        for value in (*MISTYPED, MISSING):
            yield changed(plain, {name: value})
    for members in ({"message_type": ""}, {"message_type": "QUERY"}, {"from_service": ""}):
        yield changed(plain, members)
    for key in filter(None, KEYS):
        yield changed(plain, {key: "udckit"})


def _reads(service: Probe) -> Cases:
    for path in ("/state", "/capabilities", "/health", "/dependencies"):
        token = VALID if service.has_token and path != "/health" else ANONYMOUS
        for query in QUERIES if path in {"/state", "/health"} else QUERIES[:4]:
            yield Ask("GET", path + query, token)
        for header in HEADERS if path == "/state" else HEADERS[:3]:
            yield Ask("GET", path, token, headers=(header,))
