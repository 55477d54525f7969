"""Whatever is sent to whatever route: the contract's 4xx, never a 5xx, never a fault of the fake.

The requests are made from the specs with a fixed seed: every run sends the same.
"""

import json
import random
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from udckit.fakes import Behaviour, FakeDroplet, FakeOrchestrator, FakeRegistry
from udckit.specs import surface

REQUESTS = 1200
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    2**31,
    2**64,
    -(2**70),
    10**400,
    1e308,
    "",
    "x",
    "é✓\u0000",
    "\ud800",
    "' OR 1=1 --",
    "{{7*7}} %s %n ${jndi:x}",
    "../../../etc/passwd",
    "x" * 20_000,
    [],
    [[[]]],
    {},
    {"": {"a.b": [None]}},
)
RAW = (
    b"",
    b"{",
    b"nul",
    b'{"a":1,}',
    b"\xff\xfe\x00",
    b"\xef\xbb\xbf{}",
    b'{"a":NaN}',
    b'{"a":Infinity}',
    b'{"a":1e999}',
    b'{"a":"\\ud800"}',
    b'{"\\udfff":1}',
    b'{"a":1,"a":2}',
    b"[" * 5000 + b"]" * 5000,
    b'{"a":' * 3000 + b"1" + b"}" * 3000,
    b"1" * 5000,
    b'"' + b"x" * 70_000 + b'"',
    b" " * 1000 + b"{}",
    b"{}{}",
    b"\x00",
)
TYPES = (
    "application/json",
    "application/json; charset=utf-8",
    "application/merge-patch+json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
    ";;;",
)
SEGMENTS = (
    "x",
    "0",
    "-1",
    "9" * 400,
    "%00",
    "%ff",
    "%2e%2e%2f",
    "..",
    "%F0%9F%92%A5",
    "%zz",
    "%",
    "a%2Fb",
    "'",
    "x" * 3000,
)
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW")
QUERIES = ("", "a=1", "token=x", "since=x&limit=-1", "fake=nobody", "fake=", "%ff=%00", "a" * 9000)
HEADERS = (
    "x-odd: é",
    "accept: text/html",
    "accept-encoding: br",
    "x-long: " + "y" * 9000,
    "cookie: a=b; c",
    "range: bytes=0-1",
    "if-none-match: *",
    "x-forwarded-for: 1.2.3.4",
    "origin: https://evil.example",
    "expect: 100-continue",
    "upgrade: websocket\r\nconnection: upgrade",
    "te: trailers",
)


@pytest.fixture(params=["registry", "orchestrator", "droplet"])
def fake(request: pytest.FixtureRequest, registry: FakeRegistry) -> Iterator[Any]:
    if request.param == "registry":
        yield registry
        return
    made: Any = FakeOrchestrator(registry=registry)
    if request.param == "droplet":
        behaviour = Behaviour(message_status="processing")
        made = FakeDroplet(registry=registry, behaviour=behaviour)
    with made:
        yield made


class Sender:
    """Makes requests from a seed and sends them as bytes."""

    def __init__(self, fake: Any, token: str, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - the same every time
        self.fake = fake
        self.token = token
        routes = [*fake._router.routes, *fake.control._router.routes]
        self.routes = [one for one in routes if not one.path.endswith("/rotate")]

    def one(self) -> bytes:
        route = self.chance.choice(self.routes)
        method = route.method if self.chance.random() < 0.8 else self.chance.choice(METHODS)
        body = self.body(route)
        query = self.chance.choice(QUERIES) if self.chance.random() < 0.3 else ""
        lines = [
            f"{method} {self.path(route)}{'?' + query if query else ''} HTTP/1.1",
            "host: localhost",
        ]
        if self.chance.random() < 0.8:
            lines.append(f"authorization: Bearer {self.token}")
        elif self.chance.random() < 0.5:
            lines.append("authorization: " + self.chance.choice(("", "Bearer", "x y z", "Basic é")))
        if self.chance.random() < 0.3:
            lines.append(self.chance.choice(HEADERS))
        if body is not None:
            kind = "application/json" if self.chance.random() < 0.8 else self.chance.choice(TYPES)
            lines += [f"content-type: {kind}", f"content-length: {len(body)}"]
        lines += ["connection: close", "", ""]
        return "\r\n".join(lines).encode() + (body or b"")

    def path(self, route: Any) -> str:
        parts = []
        for part in route.path.split("/"):
            wild = part.startswith("{") or self.chance.random() < 0.02
            parts.append(self.chance.choice(SEGMENTS) if wild else part)
        return "/".join(parts) or "/"

    def body(self, route: Any) -> bytes | None:
        if not route.takes_body and self.chance.random() < 0.8:
            return None
        if self.chance.random() < 0.15:
            return self.chance.choice(RAW)
        example = route.operation.request_example if route.operation is not None else {}
        value = example if example is not None else {}
        if self.chance.random() < 0.7:
            value = self.mutated(value)
        if route.path.endswith("/wait") and isinstance(value, dict):
            value = {"timeout": 0, **({} if value.get("timeout") == 10 else value)}
        return json.dumps(value).encode()

    def mutated(self, value: Any) -> Any:
        if self.chance.random() < 0.05:
            return self.chance.choice(VALUES)
        if not isinstance(value, dict):
            return value if self.chance.random() < 0.7 else self.chance.choice(VALUES)
        made = {key: self.mutated(item) for key, item in value.items()}
        if made and self.chance.random() < 0.3:
            made[self.chance.choice(sorted(made))] = self.chance.choice(VALUES)
        if made and self.chance.random() < 0.2:
            del made[self.chance.choice(sorted(made))]
        if self.chance.random() < 0.2:
            made[self.chance.choice(("reply_to", "host", "priority", "x", ""))] = (
                self.chance.choice(VALUES)
            )
        return made


def exchange(port: int, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        try:
            line.sendall(sent)
        except (BrokenPipeError, ConnectionResetError):
            return b""
        answer = b""
        while True:
            try:
                part = line.recv(65536)
            except ConnectionResetError:
                return answer
            if not part:
                return answer
            answer += part


def final(answer: bytes) -> bytes:
    """The answer after any 100 Continue."""
    while answer.startswith(b"HTTP/1.1 100"):
        answer = answer.partition(b"\r\n\r\n")[2]
    return answer


@pytest.mark.parametrize("seed", [1, 2])
def test_no_request_makes_a_5xx(fake: Any, registry: FakeRegistry, seed: int) -> None:
    sender_of_examples = "my-service" if fake.role == "orchestrator" else "orchestrator"
    token = registry.mint(service_name=sender_of_examples, lifetime=1e7)
    sender = Sender(fake, token, seed)
    statuses: dict[int, int] = {}

    for _ in range(REQUESTS // 2):
        fake.faults.clear()
        sent = sender.one()
        answer = final(exchange(fake.port, sent))
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split()[1])
        statuses[status] = statuses.get(status, 0) + 1
        assert status < 500, (sent[:500], answer[:500])
        if status >= 400 and body and b"text/plain" not in head:
            error = json.loads(body)
            problems = surface("udc", recommended=True).component_problems("Error", error)
            assert problems == [], (sent[:500], error)
            assert b"x-content-type-options: nosniff" in head

    assert fake.journal.own_faults == ()
    assert {200, 201, 400, 401, 403, 404, 405} <= set(statuses)


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /register HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /register HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        b"POST /register HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET /health HTTP/1.1\r\n" + b"".join(b"x%d: y\r\n" % n for n in range(5000)) + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\xff" * 1000,
    ],
)
def test_what_is_hardly_http_is_refused_or_cut(registry: FakeRegistry, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", registry.port), timeout=5) as line:
        line.sendall(sent)
        line.shutdown(socket.SHUT_WR)
        answer = line.recv(65536)

    assert not answer or int(answer.split()[1]) in range(400, 500)
    assert registry.journal.own_faults == ()


def test_ten_megabytes_are_refused_or_cut(registry: FakeRegistry) -> None:
    head = b"POST /register HTTP/1.1\r\nhost: x\r\ncontent-length: 10000000\r\n\r\n"
    answer = exchange(registry.port, head + b"x" * 10_000_000)

    assert not answer or answer.startswith(b"HTTP/1.1 413")


def test_requests_in_a_row_on_one_connection_are_all_answered(registry: FakeRegistry) -> None:
    with socket.create_connection(("127.0.0.1", registry.port), timeout=5) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n" * 20)
        answer = b""
        while answer.count(b"HTTP/1.1 200") < 20:
            answer += line.recv(65536)

    assert len(registry.journal) == 20
