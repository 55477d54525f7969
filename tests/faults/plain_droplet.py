"""A right droplet in the same process, on asyncio streams, with /metrics and /openapi.json.

It shares no code with the kit. Its clock is given, so that nobody waits where time should pass.
It registers and keeps the contract's stage 1; it sends no beats: nobody looks for them here.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import urllib.request
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Self
from urllib.parse import urlsplit

import jwt
import uvloop
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

__all__ = ["PlainDroplet"]

VERSION: Final = "2.3.1"
LARGEST: Final = 1024 * 1024
LONGEST_URL: Final = 2_000
BUCKETS: Final = ("0.01", "0.1", "1.0", "+Inf")
TYPICAL: Final = 0.0005
"""Seconds that a request takes here."""
TYPES: Final = ("task_assignment", "status_update", "query")

ROUTES: Final[Mapping[str, Mapping[str, str]]] = {
    "/health": {"GET": "How it is"},
    "/capabilities": {"GET": "What it can do"},
    "/state": {"GET": "What it is doing"},
    "/dependencies": {"GET": "What it needs"},
    "/message": {"POST": "Takes a message"},
    "/greetings": {"GET": "The greetings that it knows"},
    "/metrics": {"GET": "Prometheus metrics"},
    "/openapi.json": {"GET": "This description"},
}
OPEN: Final = frozenset({"/health", "/capabilities", "/metrics", "/openapi.json"})


class RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class PlainDroplet:
    """Serves in a thread of its own while the `with` block lasts."""

    name = "plain-droplet"
    droplet_id = 77

    def __init__(self, registry: str, now: Callable[[], float]) -> None:
        self._registry = registry
        self._now = now
        self._born = now()
        self._numbers = itertools.count(1)
        self._recent: deque[float] = deque(maxlen=10_000)
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._spent: Counter[tuple[str, str]] = Counter()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=self.name)
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        self._register()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _register(self) -> None:
        body = {
            "name": self.name,
            "droplet_id": self.droplet_id,
            "port": int(self.url.rsplit(":", 1)[1]),
            "health_endpoint": "/health",
            "capabilities": ["greeting"],
            "version": VERSION,
            "udc_compliant": True,
        }
        request = urllib.request.Request(  # noqa: S310 - the registry's own http URL
            f"{self._registry}/register",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - likewise
            self._token = json.load(answer)["token"]
        with urllib.request.urlopen(f"{self._registry}/auth/public-key", timeout=5) as answer:  # noqa: S310 - likewise
            key = load_pem_public_key(json.load(answer)["public_key"].encode())
        assert isinstance(key, RSAPublicKey), "the contract signs with RS256"
        self._key = key

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._client, "127.0.0.1", 0, backlog=256)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _close(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            while await self._serve(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        except (asyncio.LimitOverrunError, ValueError):
            writer.write(
                b"HTTP/1.1 431 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *lines = head.rstrip().split("\r\n")
        method, target, _ = line.split(" ")
        headers = {
            k.strip().lower(): v.strip() for k, _, v in (each.partition(":") for each in lines)
        }
        path = target.partition("?")[0]
        size = int(headers.get("content-length", "0"))
        body = await reader.readexactly(size)
        try:
            status, answer = 200, self._answer(method, path, headers, body)
        except RefusedError as refused:
            status = refused.status
            answer = {"error": {"code": refused.code, "message": refused.message}}
        content, media = json.dumps(answer).encode(), "application/json"
        if isinstance(answer, str):
            content, media = answer.encode(), "text/plain; version=0.0.4; charset=utf-8"
        self._count(method, path, status)
        told = {
            "Content-Type": media,
            "Content-Length": str(len(content)),
            "Date": datetime.fromtimestamp(self._now(), UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "X-XSS-Protection": "1; mode=block",
        }
        start = f"HTTP/1.1 {status} Answer\r\n"
        text = start + "".join(f"{name}: {value}\r\n" for name, value in told.items()) + "\r\n"
        writer.write(text.encode() + (b"" if method == "HEAD" else content))
        await writer.drain()
        return headers.get("connection", "").lower() != "close"

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Any:
        methods = ROUTES.get(path)
        if methods is None:
            raise RefusedError(404, "NOT_FOUND", "There is nothing here")
        if ("GET" if method == "HEAD" else method) not in methods:
            raise RefusedError(405, "METHOD_NOT_ALLOWED", "Not with this method")
        claims = {} if path in OPEN else self._caller(headers)
        if path == "/message":
            return self._message(claims, headers, body)
        return {
            "/health": self._health,
            "/capabilities": self._capabilities,
            "/state": self._state,
            "/dependencies": lambda: {
                "required_services": [
                    {"name": "registry", "type": "service", "status": "connected"}
                ],
                "optional_services": [
                    {
                        "name": "dictionary",
                        "type": "file",
                        "status": "connected",
                        "impact": "greetings in one language only",
                    }
                ],
                "external_apis": [],
            },
            "/greetings": lambda: {"greetings": ["good day"]},
            "/metrics": self._metrics,
            "/openapi.json": _openapi,
        }[path]()

    def _caller(self, headers: Mapping[str, str]) -> dict[str, Any]:
        words = headers.get("authorization", "").split()
        refused = RefusedError(401, "UNAUTHORIZED", "A valid bearer token is needed")
        if len(words) != 2 or words[0].lower() != "bearer":
            raise refused
        try:
            claims: dict[str, Any] = jwt.decode(
                words[1], self._key, ["RS256"], {"verify_exp": False, "verify_iat": False}
            )
        except jwt.PyJWTError:
            raise refused from None
        expires = claims.get("exp")
        if isinstance(expires, bool) or not isinstance(expires, int | float):
            raise refused
        named = isinstance(claims.get("service_name"), str)
        if expires <= self._now() or not named or not isinstance(claims.get("service_id"), int):
            raise refused
        return claims

    def _message(
        self, claims: Mapping[str, Any], headers: Mapping[str, str], body: bytes
    ) -> dict[str, Any]:
        if len(body) > LARGEST:
            raise RefusedError(413, "TOO_LARGE", "One megabyte is the limit")
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise RefusedError(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json")
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            raise RefusedError(400, "INVALID_JSON", "The body is no JSON") from None
        invalid = RefusedError(422, "INVALID_MESSAGE", "This is no message of the contract")
        if not isinstance(message, dict) or not isinstance(message.get("payload"), dict):
            raise invalid
        sender, kind, reply_to = (
            message.get(name) for name in ("from_service", "message_type", "reply_to")
        )
        if not isinstance(sender, str) or kind not in TYPES:
            raise invalid
        if reply_to is not None and not _can_be_called(reply_to):
            raise invalid
        if sender != claims["service_name"]:
            raise RefusedError(403, "SENDER_MISMATCH", "from_service is not whose token this is")
        number = next(self._numbers)
        return {"received": True, "message_id": f"m-{number}", "status": "completed", "result": {}}

    def _health(self) -> dict[str, Any]:
        now = self._now()
        moment = datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z")
        return {
            "status": "healthy",
            "timestamp": moment,
            "uptime_seconds": int(now - self._born),
            "version": VERSION,
        }

    def _capabilities(self) -> dict[str, Any]:
        return {
            "service_name": self.name,
            "droplet_id": self.droplet_id,
            "capabilities": ["greeting"],
            "supported_operations": ["list_greetings"],
            "integration_endpoints": [
                {"path": path, "method": method, "description": text}
                for path, methods in ROUTES.items()
                for method, text in methods.items()
            ],
            "version": VERSION,
        }

    def _state(self) -> dict[str, Any]:
        edge = self._now() - 60
        while self._recent and self._recent[0] < edge:
            self._recent.popleft()
        failed = sum(count for (_, _, code), count in self._requests.items() if code >= 500)
        total = sum(self._requests.values()) or 1
        return {
            "status": "active",
            "mode": "production",
            "metrics": {
                "requests_per_minute": len(self._recent),
                "average_response_time_ms": TYPICAL * 1000,
                "error_rate_percent": round(100 * failed / total, 2),
                "requests_total": total,
            },
        }

    def _count(self, method: str, path: str, status: int) -> None:
        endpoint = path if path in ROUTES else "unmatched"
        known = method if method in {"GET", "HEAD", "POST", "PUT", "DELETE"} else "OTHER"
        self._recent.append(self._now())
        self._requests[known, endpoint, status] += 1
        self._spent[known, endpoint] += 1

    def _metrics(self) -> str:
        lines = ["# HELP http_requests_total Requests.", "# TYPE http_requests_total counter"]
        for (method, endpoint, status), count in sorted(self._requests.items()):
            labels = f'method="{method}",endpoint="{endpoint}",status="{status}"'
            lines.append(f"http_requests_total{{{labels}}} {count}")
        family = "http_request_duration_seconds"
        lines += [f"# HELP {family} How long they took.", f"# TYPE {family} histogram"]
        for (method, endpoint), count in sorted(self._spent.items()):
            labels = f'method="{method}",endpoint="{endpoint}"'
            lines += [f'{family}_bucket{{{labels},le="{edge}"}} {count}' for edge in BUCKETS]
            lines.append(f"{family}_sum{{{labels}}} {count * TYPICAL}")
            lines.append(f"{family}_count{{{labels}}} {count}")
        return "\n".join(lines) + "\n"


def _can_be_called(reply_to: Any) -> bool:
    if not isinstance(reply_to, str) or len(reply_to) > LONGEST_URL or not reply_to.isprintable():
        return False
    try:
        parts = urlsplit(reply_to)
        known = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
        return bool(known) and parts.port != 0
    except ValueError:
        return False


def _openapi() -> dict[str, Any]:
    told = {"200": {"description": "Right"}, "401": {"description": "No valid token"}}
    return {
        "openapi": "3.0.3",
        "info": {"title": PlainDroplet.name, "version": VERSION},
        "paths": {
            path: {
                method.lower(): {"summary": text, "responses": told}
                for method, text in methods.items()
            }
            for path, methods in ROUTES.items()
        },
    }
