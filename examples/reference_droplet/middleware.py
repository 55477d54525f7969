"""What happens to every exchange: it is counted, kept in bounds, and answered with safe headers."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference_droplet.errors import Problem, answer, internal_error
from reference_droplet.metrics import Metrics
from reference_droplet.state import Activity

# Plain ASGI, not @app.middleware("http") as in the guide's section 10: that one does not see what
# happens outside of it, misses unhandled exceptions, and costs a task per request.

LARGEST_BODY = 1024 * 1024
READ_ON = 32 * LARGEST_BODY  # so that a client that is still sending can read our answer
SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"x-xss-protection", b"1; mode=block"),
)

logger = logging.getLogger(__name__)


class Outermost:
    """Security headers on all answers, 500s included; each answer is counted."""

    def __init__(self, app: ASGIApp, activity: Activity, metrics: Metrics) -> None:
        self._app = app
        self._activity = activity
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        has_begun = False

        async def safely(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                seconds = time.perf_counter() - begun
                self._activity.note(seconds, message["status"])
                self._metrics.note(scope, seconds, message["status"])
                message["headers"] = [*message.get("headers", ()), *SAFE]
            await send(message)

        try:
            await self._app(scope, receive, safely)
        except Exception:
            logger.exception("unhandled error")
            if not has_begun:
                await internal_error()(scope, receive, safely)


class BoundedBody:
    """Reads the body before anybody else, and gives on at most a megabyte of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = bytearray()
        size, is_more = 0, True
        while is_more and size <= READ_ON:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            chunk = message.get("body", b"")
            size += len(chunk)
            if size <= LARGEST_BODY:
                body += chunk
            is_more = message.get("more_body", False)
        if size > LARGEST_BODY:
            response = answer(Problem(413, "BODY_TOO_LARGE", "The body is larger than 1 MiB."))
            if is_more:
                response.headers["Connection"] = "close"
            await response(scope, receive, send)
            return
        whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def read() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, read, send)
