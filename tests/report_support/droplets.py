"""Droplets that speak the dialects seen in the field: real servers, each from a table."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["DROPLETS", "EMPTY", "MIXED", "PREFIXED", "Speaker", "always", "speaking"]

Answer = tuple[int, Any]
Reply = Callable[[Mapping[str, Any], str | None], Answer]
"""Given a body and the Authorization header, what a route answers."""


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@dataclass(frozen=True, slots=True)
class Speaker:
    """A droplet: what it answers by method and path, and what to everything else."""

    routes: Mapping[str, Reply]
    unknown: Answer = (404, {"detail": "Not Found"})
    redirects: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()


def always(status: int, body: Callable[[], Any]) -> Reply:
    return lambda _body, _token: (status, body())


def missing(*names: str) -> Reply:
    """Refuse a message as FastAPI does where it lacks one of these members."""

    def reply(body: Mapping[str, Any], _token: str | None) -> Answer:
        lacking = [name for name in names if name not in body]
        if lacking:
            detail = [
                {"type": "missing", "loc": ["body", name], "msg": "Field required"}
                for name in lacking
            ]
            return 422, {"detail": detail}
        return 200, {"received": True, "trace_id": body["trace_id"], "processed_at": _now()}

    return reply


def guarded(reply: Reply, refusal: Answer) -> Reply:
    def guard(body: Mapping[str, Any], token: str | None) -> Answer:
        return reply(body, token) if token else refusal

    return guard


_MESH_CAPABILITIES = {
    "version": "1.0.0",
    "features": ["parsing"],
    "dependencies": ["registry"],
    "udc_version": "1.0",
    "metadata": {},
}
_COUNTERS = {
    "uptime_seconds": 8,
    "requests_total": 5,
    "requests_per_minute": 2,
    "errors_last_hour": 0,
    "last_restart": "2027-01-01T00:00:00Z",
}
_NAMED = [{"id": "7", "name": "registry", "status": "connected"}]

MESH = Speaker(
    {
        "GET /health": always(
            200,
            lambda: {
                "status": "active",
                "service": "parser",
                "version": "1.0.0",
                "timestamp": _now(),
            },
        ),
        "GET /capabilities": always(200, lambda: _MESH_CAPABILITIES),
        "GET /state": always(200, lambda: _COUNTERS),
        "GET /dependencies": always(
            200, lambda: {"required": _NAMED, "optional": [], "missing": []}
        ),
        "POST /message": missing("trace_id", "source", "target", "timestamp"),
    },
    unknown=(404, {"detail": {"status": "error", "error": {"code": "NOT_FOUND"}}}),
)


def _steward() -> dict[str, Any]:
    return {
        "status": "success",
        "data": {
            "id": 12,
            "name": "Ledger",
            "steward": "Ana",
            "status": "active",
            "endpoint": "https://ledger.example",
            "proof": "0x1",
            "cost_usd": 0.1,
            "yield_usd": 0.4,
            "updated_at": _now(),
        },
        "timestamp": _now(),
    }


_REFUSED: Answer = (
    401,
    {"status": "error", "error": {"code": "UNAUTHORIZED"}, "timestamp": "2027-01-01T00:00:00Z"},
)
_H_STATE = {"cpu_percent": 3.0, "memory_mb": 80, **_COUNTERS}

HTEAM = Speaker(
    {
        "GET /health": always(200, _steward),
        "GET /capabilities": guarded(
            always(200, lambda: {"status": "success", "data": _MESH_CAPABILITIES}), _REFUSED
        ),
        "GET /state": guarded(
            always(200, lambda: {"status": "success", "data": _H_STATE}), _REFUSED
        ),
        "GET /dependencies": guarded(
            always(200, lambda: {"status": "success", "data": {"required": _NAMED}}), _REFUSED
        ),
        "POST /message": guarded(missing("trace_id", "source", "target", "signature"), _REFUSED),
    },
    unknown=(
        404,
        {"status": "error", "error": {"code": "NOT_FOUND"}, "timestamp": "2027-01-01T00:00:00Z"},
    ),
)

FIRST_REGISTRY = Speaker(
    {
        "GET /health": always(200, lambda: {"status": "ok"}),
        "GET /capabilities": always(
            200,
            lambda: {"udc_version": "1.0", "features": ["registry"], "endpoints": ["/health"]},
        ),
        "GET /state": always(200, lambda: {"cpu": 1.5, "mem": 40.2, "uptime_sec": 90}),
        "GET /dependencies": always(200, lambda: {"connected": ["postgres"]}),
        "POST /message": always(202, lambda: {"status": "accepted"}),
    }
)

STARTER = Speaker(
    {
        "GET /health": always(
            200,
            lambda: {"status": "active", "service": "todo", "uptime": 12.5, "timestamp": _now()},
        ),
        "GET /capabilities": always(
            200,
            lambda: {
                "service": "todo",
                "version": "0.1",
                "features": [],
                "dependencies": [],
                "udc_version": "1.0",
            },
        ),
        "GET /state": guarded(
            always(200, lambda: {"uptime_seconds": 12.5, "status": "busy", "current_load": 0.3}),
            (403, {"detail": "Not authenticated"}),
        ),
        "GET /dependencies": guarded(
            always(200, lambda: {"required": ["db"], "optional": []}),
            (403, {"detail": "Not authenticated"}),
        ),
        "POST /message": guarded(
            missing("type", "trace_id"), (403, {"detail": "Not authenticated"})
        ),
    }
)

MIXED = Speaker(
    {
        "GET /health": always(
            200, lambda: {"status": "active", "service": "both", "timestamp": _now()}
        ),
        "GET /dependencies": always(200, lambda: {"required": [], "optional": []}),
    }
)
"""Every word that it says is one of mesh and of the starter kit alike."""

PREFIXED = Speaker(
    {
        "GET /orchestrator/health": always(
            200,
            lambda: {
                "status": "healthy",
                "timestamp": _now(),
                "uptime_seconds": 4,
                "version": "1.0.0",
            },
        ),
        "GET /openapi.json": always(
            200,
            lambda: {
                "openapi": "3.1.0",
                "info": {"title": "o", "version": "1"},
                "paths": {
                    f"/orchestrator/{name}": {"get": {"responses": {}}}
                    for name in ("health", "capabilities", "state", "dependencies")
                },
            },
        ),
    },
    redirects={"GET /health": "/orchestrator/health"},
)

EMPTY = Speaker({}, unknown=(200, {}))

DROPLETS: Mapping[str, Speaker] = {
    "M": MESH,
    "H": HTEAM,
    "D1": FIRST_REGISTRY,
    "K": STARTER,
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    speaker: Speaker

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        try:
            body = json.loads(self.rfile.read(length) or b"{}")
        except (ValueError, RecursionError):
            body = {}
        call = f"{self.command} {self.path.split('?', 1)[0]}"
        location = self.speaker.redirects.get(call)
        if location is not None:
            self._send(307, b"", location)
            return
        reply = self.speaker.routes.get(call)
        status, value = self.speaker.unknown
        if reply is not None:
            status, value = reply(
                body if isinstance(body, dict) else {}, self.headers.get("Authorization")
            )
        self._send(status, json.dumps(value).encode())

    def _send(self, status: int, content: bytes, location: str | None = None) -> None:
        self.send_response(status)
        if location is not None:
            self.send_header("Location", location)
        for name, value in self.speaker.headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def speaking(speaker: Speaker) -> Iterator[str]:
    """Serve a droplet on a free port of loopback, and give its URL."""
    handler = type("Handler", (_Handler,), {"speaker": speaker})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
