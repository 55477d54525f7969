"""An ASGI application behind a real socket, up in milliseconds and gone as fast.

uvicorn's protocol classes (httptools, uvloop where there) do the HTTP; the loop, the socket
and the end of it are ours, because `uvicorn.Server` needs 200 ms to stop.
"""

import asyncio
import contextlib
import logging
import socket
from typing import TYPE_CHECKING, Any, Literal

from udckit.fakes._loop import SHARED, LoopThread

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["RunningServer", "serve_asgi"]

BACKLOG = 2048
_QUIET_TURNS = 3  # of the loop, without a connection: one that is being accepted shows itself later
KEEP_ALIVE = 75  # seconds: a client may keep its connection from one beat to the next


class RunningServer:
    """A listening socket with an application behind it."""

    def __init__(
        self, app: Any, host: str, port: int, *, lifespan: bool, paused: bool, loop: LoopThread
    ) -> None:
        self._app = app
        self._loop = loop
        self._lifespan = _Lifespan(app) if lifespan else None
        self._connections: set[HttpToolsProtocol] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._placeholder: socket.socket | None = None
        self._stopped = False
        self.host = host
        self._listener = listener = _bind(host, port)
        self.port: int = listener.getsockname()[1]
        loop.acquire()
        try:
            loop.call(self._open(listener, paused=paused))
        except BaseException:
            listener.close()
            loop.release()
            raise

    @property
    def url(self) -> str:
        """Where a client on this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def loop(self) -> LoopThread:
        """The thread on whose loop the application runs."""
        return self._loop

    def stop(self) -> None:
        """Close the socket and every connection; safe to call twice."""
        if self._stopped:
            return
        self._stopped = True
        self._loop.call(self._close())
        self._loop.release()

    def pause(self, *, spared: str) -> None:
        """Refuse connections, keep the port. Called on the server's loop.

        Connections that there are are cut, but for requests to paths that begin with `spared`,
        which are answered first.
        """
        if self._server is None:
            return
        self._placeholder = self._silenced(self._server)
        self._server = None
        for connection in tuple(self._connections):
            cycle = connection.cycle
            busy = cycle is not None and not cycle.response_complete
            if busy and connection.scope["path"].startswith(spared):
                connection.shutdown()
            else:
                connection.transport.abort()

    async def resume(self) -> None:
        """Listen again on the same port. Awaited on the server's loop."""
        if self._placeholder is not None:
            listener, self._placeholder = self._placeholder, None
            await self._listen(listener)

    def _silenced(self, server: asyncio.Server) -> socket.socket:
        """Give the socket, bound and deaf.

        It is never closed in between: a process that is just being started holds a copy of it for
        a moment, so that the port would still be taken, and would still listen.
        """
        held = self._listener.dup()
        try:
            held.shutdown(socket.SHUT_RDWR)
        except OSError:  # elsewhere than on Linux what listens cannot be told to stop
            held.close()
            server.close()
            return _bind(self.host, self.port)
        server.close()
        return held

    async def _open(self, listener: socket.socket, *, paused: bool) -> None:
        if self._lifespan is not None:
            await self._lifespan.startup()
        if paused:
            self._placeholder = listener
        else:
            await self._listen(listener)

    async def _listen(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._listener = listener
        state = {} if self._lifespan is None else self._lifespan.state
        factory = _protocol_factory(self._app, self._connections, self._tasks, state)
        self._server = await loop.create_server(factory, sock=listener, backlog=BACKLOG)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._placeholder is not None:
            self._placeholder.close()
        await self._cut()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._cut()
        if self._server is not None:
            await self._server.wait_closed()
        if self._lifespan is not None:
            await self._lifespan.shutdown()

    async def _cut(self) -> None:
        """End every connection, and those that were taken while the others ended."""
        quiet = 0
        while quiet < _QUIET_TURNS:
            for connection in tuple(self._connections):
                connection.transport.abort()
            quiet = 0 if self._connections else quiet + 1
            await asyncio.sleep(0)


def serve_asgi(
    app: Any,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    lifespan: Literal["auto", "off"] = "auto",
    own_loop: bool = False,
    paused: bool = False,
) -> RunningServer:
    """Serve `app` until `.stop()`; port 0 takes a free one.

    `own_loop` gives the application a thread and a loop to itself: right for an application that
    is not ours, which may block its loop while it waits for a fake on the shared one. `paused`
    takes the port and refuses connections until `resume`.

    Raises OSError where the address cannot be bound, RuntimeError where the application's own
    startup fails.
    """
    loop = LoopThread("udckit-app") if own_loop else SHARED
    return RunningServer(app, host, port, lifespan=lifespan == "auto", paused=paused, loop=loop)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener if port else _by_number(listener, host)


def _by_number(listener: socket.socket, host: str) -> socket.socket:
    """Give a socket that is bound to the same port by its number, with no moment in between.

    Linux takes a port that it chose itself away from what stops listening.
    """
    try:
        chosen = _bind(host, listener.getsockname()[1])
    except OSError:  # elsewhere than on Linux a port is nobody else's
        return listener
    listener.close()
    return chosen


def _protocol_factory(
    app: Any,
    connections: "set[HttpToolsProtocol]",
    tasks: set[asyncio.Task[None]],
    app_state: dict[str, Any],
) -> Any:
    from udckit.fakes import _protocol  # noqa: PLC0415 - no uvicorn before the first start

    return _protocol.factory(app, connections, tasks, app_state, keep_alive=KEEP_ALIVE)


class _Lifespan:
    """The startup and shutdown of an application that has them."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._inbox: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self.state: dict[str, Any] = {}

    async def startup(self) -> None:
        self._task = asyncio.create_task(self._run())
        answer = await self._ask("lifespan.startup")
        if answer["type"] == "lifespan.startup.failed":
            why = answer.get("message") or "it gave no reason"
            raise RuntimeError(f"the application did not start: {why}")

    async def shutdown(self) -> None:
        if self._task is not None and not self._task.done():
            await self._ask("lifespan.shutdown")
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _ask(self, kind: str) -> dict[str, Any]:
        await self._inbox.put({"type": kind})
        return await self._outbox.get()

    async def _run(self) -> None:
        asgi = {"version": "3.0", "spec_version": "2.0"}
        scope = {"type": "lifespan", "asgi": asgi, "state": self.state}
        try:
            await self._app(scope, self._inbox.get, self._outbox.put)
        except Exception:  # noqa: BLE001 - an application without lifespan may raise anything here
            logging.getLogger("udckit.server").debug(
                "the application has no lifespan", exc_info=True
            )
        finally:
            self._outbox.put_nowait({"type": "lifespan.absent"})
