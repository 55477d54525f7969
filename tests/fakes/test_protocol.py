"""What a client's HTTP says beside its request, on a raw socket."""

import json
import socket
from collections.abc import Iterator

import pytest

from udckit.fakes import FakeRegistry

BODY = json.dumps(
    {
        "name": "java",
        "droplet_id": 41,
        "port": 8041,
        "health_endpoint": "/health",
        "capabilities": [],
        "version": "1.0.0",
        "udc_compliant": True,
    }
).encode()
OFFER = (
    "POST /register HTTP/1.1\r\n"
    "Connection: Upgrade, HTTP2-Settings\r\n"
    f"Content-Length: {len(BODY)}\r\n"
    "Host: 127.0.0.1\r\n"
    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
    "Upgrade: h2c\r\n"
    "Content-Type: application/json\r\n\r\n"
).encode()
"""As java.net.http.HttpClient writes its first request to a host."""
AGAIN = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        yield registry


def talk(registry: FakeRegistry, *parts: bytes) -> bytes:
    """Send parts in packets of their own; give what came until the fake is silent or closes."""
    with socket.create_connection(("127.0.0.1", registry.port), timeout=5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
        answer = b""
        while (said := connection.recv(65536)) and b'"status"' not in said:
            answer += said
        return answer + said


@pytest.mark.parametrize("cut", [0, 40, len(OFFER), len(OFFER) + 10])
def test_offer_of_http_2_is_ignored_and_the_body_is_read(registry: FakeRegistry, cut: int) -> None:
    """Also where it comes in pieces; and the connection goes on."""
    sent = OFFER + BODY
    pieces = [piece for piece in (sent[:cut], sent[cut:]) if piece]

    answer = talk(registry, *pieces, AGAIN)

    assert answer.startswith(b"HTTP/1.1 201")
    assert b"HTTP/1.1 200" in answer
    entry = registry.journal.find(operation="registerService")[0]
    assert entry.json["name"] == "java"
    assert entry.problems == ()
    assert entry.headers["upgrade"] == "h2c"


def test_connect_is_refused(registry: FakeRegistry) -> None:
    answer = talk(registry, b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400")
