"""A right droplet that a test can bend: one answer at a time, everything else stays right."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

__all__ = ["GONE", "TOKEN", "Call", "Clock", "Droplet", "Reply", "error", "serving"]

TOKEN: Final = "the-kits-valid-token"  # noqa: S105 - a name, not a secret
GONE: Final = object()
"""A member that is left out."""

_LARGEST: Final = 1024 * 1024
_TYPES: Final = ("task_assignment", "status_update", "query")
_EDGES: Final = ("0.1", "1.0", "+Inf")
_FAMILIES: Final = "http_requests_total", "http_request_duration_seconds"


@dataclass(slots=True)
class Clock:
    """The kit's and the droplet's clock: nobody waits, time is moved on."""

    ahead: float = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += seconds


@dataclass(frozen=True, slots=True)
class Call:
    """A request as a bent answer sees it."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def token(self) -> str | None:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else None

    @property
    def message(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: bytes as they are, anything else as JSON. `closed` answers nothing."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False
    delay: float = 0.0

    def encoded(self) -> tuple[bytes, dict[str, str]]:
        if isinstance(self.body, bytes):
            return self.body, dict(self.headers)
        return json.dumps(self.body).encode(), {"Content-Type": "application/json", **self.headers}


def error(status: int, code: str) -> Reply:
    return Reply({"error": {"code": code, "message": f"It is {code}"}}, status)


Answer = Callable[[Call], Reply | None]


class Droplet:
    """Keeps stage 1; `bend` changes members of an answer, `answer` the answer itself."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.url = ""
        self.calls: list[Call] = []
        self.metrics = False
        self.openapi: dict[str, Any] | None = None
        self.counted: Counter[tuple[str, str, str]] = Counter()
        self.born = clock.now()
        self._answers: list[tuple[str, Answer]] = []
        self._members: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self._messages = 0
        self._requests = 0

    @classmethod
    def elsewhere(cls, url: str) -> Droplet:
        """Stand for a droplet that runs elsewhere."""
        stranger = cls(Clock())
        stranger.url = url
        return stranger

    def bend(self, path: str, **members: Any) -> None:
        """Replace members of a right body; GONE leaves one out."""
        self._members.setdefault(path, {}).update(members)

    def answer(self, call: str, reply: Reply | Answer) -> None:
        """Answer `GET /health`, or `*`, otherwise; a function that gives None leaves it right."""
        self._answers.insert(0, (call, reply if callable(reply) else lambda _: reply))

    def asked(self, call: str) -> int:
        return sum(f"{each.method} {each.path}" == call for each in self.calls)

    def reply(self, call: Call) -> Reply:
        with self._lock:
            self.calls.append(call)
        bent = (
            answer(call)
            for wanted, answer in self._answers
            if wanted in {"*", f"{call.method} {call.path}"}
        )
        reply = next((each for each in bent if each is not None), None) or self.right(call)
        with self._lock:
            self.counted[
                call.method, call.path if reply.status != 404 else "*", str(reply.status)
            ] += 1
        return reply

    def right(self, call: Call) -> Reply:
        """Answer as the contract has it, with the bent members."""
        routes: dict[str, tuple[str, Callable[[Call], Reply]]] = {
            "/health": ("GET", lambda _: self._body(call, self._health())),
            "/capabilities": ("GET", lambda _: self._body(call, self._capabilities())),
            "/state": ("GET", lambda _: self._body(call, self._state())),
            "/dependencies": ("GET", lambda _: self._body(call, self._dependencies())),
            "/message": ("POST", self._message),
        }
        if self.metrics:
            routes["/metrics"] = ("GET", lambda _: self._page())
        if self.openapi is not None:
            routes["/openapi.json"] = ("GET", lambda _: Reply(self.openapi))
        method, answer = routes.get(call.path, (None, None))
        if answer is None:
            return error(404, "NOT_FOUND")
        if method != call.method:
            return error(405, "METHOD_NOT_ALLOWED")
        if call.path in {"/state", "/dependencies", "/message"} and call.token != TOKEN:
            return error(401, "UNAUTHORIZED")
        return answer(call)

    def _body(self, call: Call, body: dict[str, Any]) -> Reply:
        merged = {**body, **self._members.get(call.path, {})}
        return Reply({name: value for name, value in merged.items() if value is not GONE})

    def _health(self) -> dict[str, Any]:
        now = self.clock.now()
        return {
            "status": "healthy",
            "timestamp": datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z"),
            "uptime_seconds": int(now - self.born),
            "version": "1.2.3",
        }

    def _capabilities(self) -> dict[str, Any]:
        return {
            "service_name": "bent",
            "droplet_id": 7,
            "capabilities": ["bending"],
            "supported_operations": ["bend"],
            "integration_endpoints": [],
            "version": "1.2.3",
        }

    def _state(self) -> dict[str, Any]:
        metrics = {
            "requests_per_minute": len(self.calls),
            "average_response_time_ms": 1.5,
            "error_rate_percent": 0,
        }
        return {"status": "active", "mode": "production", "metrics": metrics}

    def _dependencies(self) -> dict[str, Any]:
        return {"required_services": [], "optional_services": [], "external_apis": []}

    def _message(self, call: Call) -> Reply:
        if len(call.body) > _LARGEST:
            return error(413, "TOO_LARGE")
        message = call.message
        fine = (
            isinstance(message, dict)
            and isinstance(message.get("from_service"), str)
            and message.get("message_type") in _TYPES
            and isinstance(message.get("payload"), dict)
            and isinstance(message.get("reply_to"), str | None)
        )
        if not fine:
            return error(400, "INVALID_REQUEST")
        with self._lock:
            self._messages += 1
            number = self._messages
        return self._body(
            call,
            {"received": True, "message_id": f"msg-{number}", "status": "completed", "result": {}},
        )

    def _page(self) -> Reply:
        return Reply(
            page(self.counted).encode(), headers={"Content-Type": "text/plain; version=0.0.4"}
        )


def page(counted: Mapping[tuple[str, str, str], int]) -> str:
    """Write a metrics page, the two families and nothing else."""
    counter, histogram = _FAMILIES
    lines = [f"# TYPE {counter} counter"]
    series: Counter[str] = Counter()
    for (method, endpoint, status), count in sorted(counted.items()):
        labels = f'method="{method}",endpoint="{endpoint}"'
        lines.append(f'{counter}{{{labels},status="{status}"}} {count}')
        series[labels] += count
    lines.append(f"# TYPE {histogram} histogram")
    for labels, count in sorted(series.items()):
        lines += [
            *(f'{histogram}_bucket{{{labels},le="{edge}"}} {count}' for edge in _EDGES),
            f"{histogram}_sum{{{labels}}} 0.25",
            f"{histogram}_count{{{labels}}} {count}",
        ]
    return "\n".join(lines) + "\n"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        size = int(self.headers.get("content-length") or 0)
        call = Call(
            self.command,
            path,
            query,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(size),
        )
        reply = self.server.droplet.reply(call)
        if reply.delay:
            time.sleep(reply.delay)
        if reply.closed:
            self.close_connection = True
            return
        body, headers = reply.encoded()
        self.send_response(reply.status)
        if not any(name.lower() == "content-length" for name in headers):
            headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - names of the standard library


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    droplet: Droplet


@contextmanager
def serving() -> Iterator[Callable[[], Droplet]]:
    """Serve on a free port; each call of what is given puts a fresh right droplet there."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()

    def fresh() -> Droplet:
        server.droplet = Droplet(Clock())
        server.droplet.url = f"http://127.0.0.1:{server.server_port}"
        return server.droplet

    try:
        yield fresh
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
