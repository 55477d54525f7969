"""What every fake is: an ASGI application with a socket, a journal, faults and a clock."""

import contextlib
import time
from collections.abc import Mapping
from email.utils import formatdate
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import quote

from udckit.fakes._armed import Faults
from udckit.fakes._control import PREFIX, Access, Control, running
from udckit.fakes._http import MOST_HEADERS, Answer, Headers, Refusal, Request, read_body
from udckit.fakes._identity import Identities, KeySource
from udckit.fakes._refusal import Refusals
from udckit.fakes._router import Route, Router
from udckit.fakes._server import RunningServer, serve_asgi
from udckit.fakes._strike import strike
from udckit.fakes._tokens import SigningKey
from udckit.fakes._traffic import Traffic
from udckit.fakes.clock import Clock, SystemClock
from udckit.fakes.journal import Journal, JournalEntry

__all__ = ["Fake"]

SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"x-xss-protection", b"1; mode=block"),
)
_BODIES = frozenset({b"content-length", b"transfer-encoding"})
_OVERSIZE = Refusal(
    431,
    "HEADERS_TOO_LARGE",
    f"The request has more than {MOST_HEADERS} header fields.",
    headers=((b"connection", b"close"),),
)


class Fake:
    """The common part; a role gives its routes and its keys."""

    role: ClassVar[str]

    def __init__(
        self,
        *,
        name: str,
        droplet_id: int,
        version: str = "1.0.0",
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        environment: str = "production",
        journal_entries: int = 50_000,
        control: Access = "loopback",
    ) -> None:
        self.name = name
        self.droplet_id = droplet_id
        self.version = version
        self.environment = environment
        self.clock = clock or SystemClock()
        self.journal = Journal(self.role, entries=journal_entries)
        self._refusals = Refusals(self.clock)
        self.faults = Faults(self.role, self.clock, self._refusals.changed)
        self._refusals.faults = self.faults
        self._host = host
        self._wanted_port = port
        self._server: RunningServer | None = None
        self._traffic = Traffic()
        self._born = self.clock.monotonic()
        self._router = Router(self._routes())
        self.control = Control(self, control)
        self._date = (0, b"")
        self._used = False
        self._fresh()

    # What a role says of itself

    def _routes(self) -> list[Route]:
        raise NotImplementedError

    def _key_source(self) -> KeySource:
        raise NotImplementedError

    def _fresh(self) -> None:
        """Forget what a process forgets when it ends."""
        self._identities = Identities(self._key_source())

    async def _started(self) -> None:
        """Runs on the loop once the socket listens."""

    async def _stopping(self) -> None:
        """Runs on the loop before the socket closes."""

    # Life

    @property
    def port(self) -> int:
        """The port that it listens on; 0 while it does not and none was asked for."""
        return self._server.port if self._server is not None else self._wanted_port

    @property
    def url(self) -> str:
        """Its base URL, without a trailing slash. Raises RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError(f"the fake {self.role} has no address before it is started")
        return self._server.url

    @property
    def is_running(self) -> bool:
        return self._server is not None

    def start(self) -> Self:
        """Listen. Raises OSError where the port is taken."""
        if self._server is None:
            if self._used:
                self._fresh()
            self._used = True
            self._born = self.clock.monotonic()
            down = self._refusals.in_force
            self._server = serve_asgi(
                self, self._host, self._wanted_port, lifespan="off", paused=down
            )
            self._server.loop.call(self._started())
            self._refusals.watch(self._server)
            running(self, runs=True)
        return self

    def stop(self) -> None:
        """Close the socket and end what runs in the background; the journal stays readable."""
        if self._server is not None:
            running(self, runs=False)
            self._refusals.watch(None)
            self._server.loop.call(self._stopping())
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        where = self._server.url if self._server is not None else "not running"
        return f"<{type(self).__name__} {self.name}: {where}>"

    # What only a Registry can, and what each role adds to

    @property
    def key(self) -> SigningKey:
        """The key that signs now. Raises Refusal where the role signs nothing."""
        raise self._no_registry()

    def rotate_key(self, key: SigningKey | None = None) -> SigningKey:
        """Sign with another key from now on. Raises Refusal where the role signs nothing."""
        del key
        raise self._no_registry()

    def mint(self, **facts: Any) -> str:
        """A token. Raises Refusal where the role signs nothing."""
        del facts
        raise self._no_registry()

    def signed_by(self, token: str) -> str | None:
        """The name of a key that this fake knows to have signed a token."""
        del token
        return None

    def issued_as(self, token: str) -> str | None:
        """What a token was issued for; None for one that did not come from here."""
        del token
        return None

    def reset(self) -> None:
        """Forget what was learnt; a role has more to forget."""
        self.journal.clear()

    async def settled(self) -> None:
        """Wait on the loop until a change of faults has taken effect."""
        await self._refusals.settled()

    def _no_registry(self) -> Refusal:
        why = f"This is the fake {self.role}; only a Registry has a key to sign with."
        return Refusal(409, "NO_REGISTRY", why)

    # ASGI

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await _other(scope, receive, send)
            return
        request = self._request(scope)
        if request.path.startswith(PREFIX):
            await self._send(await self.control.answer(request, receive), request, send)
            return
        if self.faults:
            hit = self.faults.take(request.method, request.path, request.time)
            if hit is not None:
                await strike(self, hit, scope, request, receive, send)
                return
        answer = await self.answer(request, receive)
        self.note(request, answer)
        await self._send(answer, request, send)

    def _request(self, scope: Mapping[str, Any]) -> Request:
        raw = scope.get("raw_path")
        client = scope.get("client")
        return Request(
            scope["method"],
            quote(scope["path"], safe="/%") if raw is None else raw.decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            scope["headers"],
            client[0] if client else None,
            self.clock.now(),
            time.perf_counter(),
        )

    # The steps of an exchange, which a fault takes one by one

    async def answer(self, request: Request, receive: Any) -> Answer:
        """What the fake says when it is right; never raises."""
        try:
            return await self._routed(request, receive)
        except Refusal as refusal:
            request.refusal = refusal.message
            return refusal.answer()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the fake's own fault
            self.journal.blame_self(request.time, f"{request.method} {request.path}: {error!r}")
            return Refusal(500, "INTERNAL_ERROR", "The fake failed; its journal says how.").answer()

    async def examine(self, request: Request, receive: Any) -> None:
        """Learn what an exchange is about, without answering it: for the journal."""
        with contextlib.suppress(Refusal):
            await self._read_body(request, receive)
        with contextlib.suppress(Refusal):
            route = self.route(request)
            if route.needs_token:
                with contextlib.suppress(Refusal):
                    await self._identify(request)
            if route.takes_body:
                self._read(request, route)

    async def _routed(self, request: Request, receive: Any) -> Answer:
        await self._read_body(request, receive)
        if len(request.headers) > MOST_HEADERS:
            raise _OVERSIZE
        route = self.route(request)
        if route.needs_token:
            await self._identify(request)
        if route.takes_body:
            self._read(request, route)
        answer: Answer = await route.handler(request) if route.awaits else route.handler(request)
        if route.advice is not None:
            self._judge_own(request, route, answer)
        return answer

    async def _read_body(self, request: Request, receive: Any) -> None:
        for name, _ in request.headers:
            if name in _BODIES:
                request.body = await read_body(receive)
                return

    async def _identify(self, request: Request) -> None:
        known = self._identities.remembered(request.headers, request.time)
        if known is None:
            known = await self._identities.identify(request.headers, request.time)
        request.claims = known

    def _read(self, request: Request, route: Route) -> None:
        request.json = request.value()
        if route.operation is None:
            return
        problems = self._problems(route, request.json)
        if problems:
            request.problems = tuple(problems)
            raise Refusal(
                400,
                "INVALID_REQUEST",
                "; ".join(str(problem) for problem in problems[:3]),
                details={"problems": [str(problem) for problem in problems[:20]]},
            )

    def _problems(self, route: Route, value: Any) -> list[Any]:
        """Where a body is not what the contract says; a role may be milder."""
        return [] if route.operation is None else route.operation.request_problems(value)

    def _judge_own(self, request: Request, route: Route, answer: Answer) -> None:
        if route.advice is None:
            return
        value = answer.body.decode() if answer.value is None else answer.value
        for problem in route.advice.response_problems(answer.status, value):
            what = f"{request.method} {request.path} answered {problem}"
            self.journal.blame_self(request.time, what)

    def route(self, request: Request) -> Route:
        """Find who answers. Raises Refusal."""
        request.route, request.params = self._router.find(request.method, request.path)
        return request.route

    def note(self, request: Request, answer: Answer | None) -> JournalEntry:
        """Write the exchange down, before its answer can be read."""
        status = None if answer is None else answer.status
        self._traffic.count(request.time, self.spent(request), status)
        operation = None if request.route is None else request.route.operation
        return self.journal.record(
            time=request.time,
            method=request.method,
            path=request.path,
            query=request.query,
            headers=Headers(request.headers),
            body=request.body,
            operation=None if operation is None else operation.id,
            problems=request.problems,
            answered=status,
            identity=request.claims,
            client=request.client,
            refusal=request.refusal,
            response=b"" if answer is None else answer.body,
            fault=None if request.fault is None else str(request.fault),
        )

    def spent(self, request: Request) -> float:
        """Real seconds since the request came."""
        return time.perf_counter() - request.started

    async def _send(self, answer: Answer, request: Request, send: Any) -> None:
        await self.begin(answer, request.time, send)
        await send({"type": "http.response.body", "body": answer.body})

    async def begin(
        self, answer: Answer, moment: float, send: Any, *, chunked: bool = False
    ) -> None:
        """Send status and header fields."""
        headers = [
            (b"content-type", answer.media_type),
            (b"date", self._http_date(moment)),
            *SECURITY,
            *answer.headers,
        ]
        if not chunked:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})

    def _http_date(self, moment: float) -> bytes:
        second = int(moment)
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True).encode())
        return self._date[1]


async def _other(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
    """Lifespan where the application is served by somebody else; websockets are closed."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
    else:
        await send({"type": "websocket.close", "code": 1000})
