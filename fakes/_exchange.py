"""One request in, one answer out: the ASGI side of every fake, and the path that must be cheap."""

import contextlib
from collections.abc import Mapping
from email.utils import formatdate
from time import perf_counter
from typing import Any, ClassVar

from udckit.fakes._armed import Faults
from udckit.fakes._http import MOST_HEADERS, Answer, Headers, Refusal, Request, read_body
from udckit.fakes._identity import Identities
from udckit.fakes._router import Route, Router
from udckit.fakes._traffic import Traffic
from udckit.fakes.clock import Clock
from udckit.fakes.journal import Journal

__all__ = ["PREFIX", "Exchange"]

PREFIX = "/__udckit__/"
"""Where the control API is."""

_SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"x-xss-protection", b"1; mode=block"),
)
_OVERSIZE = Refusal(
    431,
    "HEADERS_TOO_LARGE",
    f"The request has more than {MOST_HEADERS} header fields.",
    headers=((b"connection", b"close"),),
)


class Exchange:
    """What happens to a request, step by step; a fault takes the steps one by one."""

    role: ClassVar[str]
    clock: Clock
    journal: Journal
    faults: Faults
    _router: Router
    _identities: Identities
    _traffic: Traffic
    _date: tuple[int, bytes] = (0, b"")

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await _other(scope, receive, send)
            return
        request = Request(scope, self.clock.now())
        if request.path.startswith(PREFIX):
            answer = await self._controlled(request, receive)
        else:
            if self.faults.armed:
                hit = self.faults.take(request.method, request.path, request.time)
                if hit is not None:
                    from udckit.fakes._strike import strike  # noqa: PLC0415 - not before it hits

                    await strike(self, hit, scope, request, receive, send)
                    return
            answer = await self.answer(request, receive)
            self.note(request, answer)
        await send(self.head(answer, request.time))
        await send({"type": "http.response.body", "body": answer.body})

    async def answer(self, request: Request, receive: Any) -> Answer:
        """What the fake says when it is right; never raises."""
        try:
            if request.has_body:
                request.body = await read_body(receive)
            route = self.route(request)
            if route.needs_token:
                known = self._identities.remembered(request.credentials, request.time)
                if known is None:
                    await self._identify(request)
                else:
                    request.claims = known
            if route.takes_body:
                self._read(request, route)
            made: Answer = route.handler(request)
            if route.awaits:
                made = await made  # type: ignore[misc]  # an awaited route gives a coroutine
            if not made.judged:
                self._judge_own(request, route, made)
        except Refusal as refusal:
            request.refusal = refusal.message
            return refusal.answer()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the fake's own fault
            self.journal.blame_self(request.time, f"{request.method} {request.path}: {error!r}")
            return Refusal(500, "INTERNAL_ERROR", "The fake failed; its journal says how.").answer()
        return made

    async def _controlled(self, request: Request, receive: Any) -> Answer:
        """Answer the control API."""
        raise NotImplementedError

    async def examine(self, request: Request, receive: Any) -> None:
        """Learn what an exchange is about, without answering it: for the journal."""
        with contextlib.suppress(Refusal):
            if request.has_body:
                request.body = await read_body(receive)
        with contextlib.suppress(Refusal):
            route = self.route(request)
            if route.needs_token:
                with contextlib.suppress(Refusal):
                    await self._identify(request)
            if route.takes_body:
                self._read(request, route)

    def route(self, request: Request) -> Route:
        """Find who answers. Raises Refusal."""
        if len(request.headers) > MOST_HEADERS:
            raise _OVERSIZE
        route, request.params = self._router.find(request.method, request.path)
        request.route = route
        return route

    def note(self, request: Request, answer: Answer | None) -> int:
        """Write the exchange down, before its answer can be read; gives the entry's number."""
        route = request.route
        if answer is None:
            status, response = None, b""
        else:
            status, response = answer.status, answer.body
        spent = perf_counter() - request.started
        if route is None:
            operation, method, endpoint = None, "ANY", "unmatched"
        else:
            operation, method, endpoint = route.operation, route.method, route.path
        self._traffic.note(request.time, spent, status, method, endpoint)
        headers = Headers.packed(request.headers)
        return self.journal.record(
            (
                request.time,
                request.method,
                request.path,
                request.query,
                headers,
                request.body,
                None if operation is None else operation.id,
                request.problems,
                status,
                request.claims,
                request.client,
                request.refusal,
                response,
                None if request.fault is None else str(request.fault),
                None,
            ),
            len(headers) + len(request.body) + len(response),
        )

    def head(self, answer: Answer, moment: float, *, chunked: bool = False) -> dict[str, Any]:
        """The ASGI message of status and header fields."""
        second = int(moment)
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True).encode())
        headers = [
            (b"content-type", answer.media_type),
            (b"date", self._date[1]),
            *_SECURITY,
            *answer.headers,
        ]
        if not chunked:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        return {"type": "http.response.start", "status": answer.status, "headers": headers}

    async def _identify(self, request: Request) -> None:
        await self._verify(request)

    async def _verify(self, request: Request) -> None:
        request.claims = await self._identities.identify(request.headers, request.time)

    def _read(self, request: Request, route: Route) -> None:
        request.json = request.value()
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
        answer.judged = True
        if route.advice is None:
            return
        value = answer.body.decode() if answer.value is None else answer.value
        for problem in route.advice.response_problems(answer.status, value):
            what = f"{request.method} {request.path} answered {problem}"
            self.journal.blame_self(request.time, what)


async def _other(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
    """Lifespan where the application is served by somebody else; websockets are closed."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
    else:
        await send({"type": "websocket.close", "code": 1000})
