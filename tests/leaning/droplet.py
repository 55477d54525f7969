"""A droplet on threads, in this process, whose checks of what it leans on are real connections.

Its habits are switches; by default they are right. It lives by a FasterClock: what it calls a
second is that much shorter.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from udckit.conformance.heard import Line
from udckit.conformance.scenario import FasterClock

__all__ = ["Habits", "LeaningDroplet"]

KINDS: Final = {"DATABASE_URL": "database", "REDIS_URL": "redis", "API_URL": "external-api"}


@dataclass(frozen=True, slots=True)
class Habits:
    """How it deals with what it leans on; seconds are its own."""

    looks_every: float = 15.0
    patience: float = 2.0
    ignores: tuple[str, ...] = ()
    """Kinds whose outage changes nothing in /health."""
    worst: tuple[str, ...] = ("database",)
    """Kinds without which it is unhealthy; without another it is degraded."""
    claims: tuple[str, ...] = ()
    """Kinds that /dependencies always calls connected."""
    lists: tuple[str, ...] = ("database", "redis")
    hard_codes: tuple[str, ...] = ()
    """Kinds that it reaches elsewhere, whatever its environment says."""
    state_stands: bool = False
    """/state says active, whatever /health says."""
    never_recovers: bool = False
    asks_in_health: bool = False
    """/health waits for its checks, however long they hang."""
    unhealthy_status: int = 200
    unhealthy_body: bool = True
    needs: tuple[str, ...] = ()
    """Kinds without which /state answers 500."""
    stumbles: int = 0
    """So many answers of /state are 500 once the database is back."""
    connections: int = 1
    forgets_after: float = 0.0
    """Seconds by which /dependencies lags behind /health."""


@dataclass(slots=True)
class _State:
    up: dict[str, bool] = field(default_factory=dict)
    listed: dict[str, bool] = field(default_factory=dict)
    ever_down: set[str] = field(default_factory=set)
    stumbles: int = 0


class LeaningDroplet:
    """A target that scenarios are played with."""

    def __init__(self, clock: FasterClock, habits: Habits, environment: Mapping[str, str]) -> None:
        self._clock = clock
        self._habits = habits
        self._places = {
            kind: urlsplit(environment[name]) for name, kind in KINDS.items() if name in environment
        }
        self._server: ThreadingHTTPServer | None = None
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._state = _State()
        self._held: list[socket.socket] = []

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    exit_status: int | None = None

    def start(self, environment: Mapping[str, str]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._over.clear()
        self._state = _State(dict.fromkeys(self._places, True), {})
        self._state.listed = dict(self._state.up)
        self._begin(partial(self._server.serve_forever, 0.02))
        for _ in range(self._habits.connections - 1):
            self._hold_one()
        self._begin(self._look_for_ever)
        self._register(environment)
        self._clock.hurry()

    def stop(self) -> int | None:
        self._over.set()
        self._clock.walk()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        for thread in self._threads:
            thread.join(3.0)
        for each in self._held:
            each.close()
        self._server, self._threads, self._held = None, [], []
        return 0

    def take_lines(self) -> Sequence[Line]:
        return ()

    @contextlib.contextmanager
    def at_own_speed(self) -> Iterator[None]:
        self._clock.walk()
        try:
            yield
        finally:
            self._clock.hurry()

    def _begin(self, work: Any) -> None:
        self._threads.append(threading.Thread(target=work, name="udckit-leaning"))
        self._threads[-1].start()

    def _hold_one(self) -> None:
        """Keep a connection to the database, which has answered once."""
        place = self._places["database"]
        door = socket.create_connection((place.hostname or "", place.port or 0), 5)
        door.sendall(b"PING\r\n")
        assert door.recv(16)
        self._held.append(door)

    def _register(self, environment: Mapping[str, str]) -> None:
        where = urlsplit(environment["REGISTRY_URL"])
        body: dict[str, Any] = {
            "name": environment["SERVICE_NAME"],
            "host": "127.0.0.1",
            "port": urlsplit(self.url).port,
            "health_endpoint": "/health",
            "capabilities": [],
            "version": "1.0.0",
            "droplet_id": int(environment["DROPLET_ID"]),
            "udc_compliant": True,
        }
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=5)
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/register", json.dumps(body), headers)
        assert connection.getresponse().status == 201
        connection.close()

    def _look_for_ever(self) -> None:
        while not self._over.is_set():
            for kind in self._places:
                self._look(kind)
            self._over.wait(self._habits.looks_every / self._clock.factor)

    def _look(self, kind: str) -> None:
        is_up = self._answers(kind)
        if self._habits.never_recovers and not is_up:
            self._state.ever_down.add(kind)
        is_up = is_up and kind not in self._state.ever_down
        if kind == "database" and is_up and not self._state.up[kind]:
            self._state.stumbles = self._habits.stumbles
        changed = self._state.up[kind] is not is_up
        self._state.up[kind] = is_up
        if changed and self._habits.forgets_after:
            later = self._habits.forgets_after / self._clock.factor
            threading.Timer(later, lambda: self._state.listed.update({kind: is_up})).start()
        elif changed:
            self._state.listed[kind] = is_up

    def _answers(self, kind: str) -> bool:
        """Whether it answers a line; slowly means not at all."""
        if kind in self._habits.hard_codes:
            return True
        place = self._places[kind]
        limit = self._habits.patience
        limit = limit if self._habits.asks_in_health else limit / self._clock.factor + 1.0
        try:
            with socket.create_connection((place.hostname or "", place.port or 0), limit) as door:
                door.settimeout(limit)
                door.sendall(b"PING\r\n")
                return door.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    # What it answers

    def health(self) -> tuple[int, Any]:
        if self._habits.asks_in_health:
            for kind in self._places:
                self._look(kind)
        down = {kind for kind, up in self._state.up.items() if not up} - {*self._habits.ignores}
        word = "unhealthy" if down & {*self._habits.worst} else "degraded" if down else "healthy"
        body = {
            "status": word,
            "timestamp": datetime.fromtimestamp(self._clock.now(), UTC).isoformat(),
            "uptime_seconds": 1,
            "version": "1.0.0",
        }
        if word != "unhealthy":
            return 200, body
        return self._habits.unhealthy_status, body if self._habits.unhealthy_body else {}

    def dependencies(self) -> tuple[int, Any]:
        words = {True: "connected", False: "disconnected"}
        items = {
            kind: {
                "name": kind,
                "type": "database" if kind == "database" else "cache",
                "status": words[kind in self._habits.claims or self._state.listed[kind]],
            }
            for kind in self._places
            if kind in self._habits.lists
        }
        required = [item for kind, item in items.items() if kind in self._habits.worst]
        optional = [
            {**item, "impact": "slower"}
            for kind, item in items.items()
            if kind not in self._habits.worst
        ]
        return 200, {
            "required_services": required,
            "optional_services": optional,
            "external_apis": [],
        }

    def state(self) -> tuple[int, Any]:
        if any(not self._state.up.get(kind, True) for kind in self._habits.needs):
            return 500, {}
        if self._state.up.get("database", True) and self._state.stumbles:
            self._state.stumbles -= 1
            return 500, {}
        unwell = self.health()[1].get("status") == "unhealthy"
        word = "error" if unwell and not self._habits.state_stands else "active"
        return 200, {"status": word, "mode": "production", "metrics": {}}


def _handler(droplet: LeaningDroplet) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            routes: Mapping[str, Any] = {
                "/health": droplet.health,
                "/dependencies": droplet.dependencies,
                "/state": droplet.state,
            }
            status, body = routes[self.path]() if self.path in routes else (200, {})
            text = json.dumps(body).encode()
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """It writes no log."""

    return Handler
