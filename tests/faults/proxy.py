"""The proxy that stands in front of a right droplet and makes it wrong in one way."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Coroutine
from typing import Any, Final, Self

import uvloop

from faults.carrying import ClosedError, InForce, Link, carry
from faults.fault import Fault
from faults.verifying import Trust
from faults.wire import HEAD_LIMIT, read_request
from udckit.conformance.heard import Line

__all__ = ["FaultProxy"]

_BACKLOG: Final = 256
_PATIENCE: Final = 10
_ENDS: Final = (
    ClosedError,
    ConnectionError,
    asyncio.IncompleteReadError,
    asyncio.LimitOverrunError,
    asyncio.CancelledError,
    ValueError,
)


class FaultProxy:
    """Passes every exchange through byte for byte, but for those that the fault in force strikes.

    `token` is the valid token, for faults that let everybody in; `trust` what a verifier knows.
    With `tls`, clients come over https.
    """

    def __init__(
        self,
        upstream: str,
        *,
        token: str | None = None,
        trust: Trust | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        host, _, port = upstream.removeprefix("http://").rstrip("/").partition(":")
        self._host, self._port = host, int(port)
        self._token = token
        self._trust = trust
        self._tls = tls
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy")
        self._force: InForce
        self._clients: set[asyncio.Task[Any]] = set()
        self.url = ""
        self.carried = 0
        """How many requests have come since it was opened."""

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def struck(self) -> int:
        """How many times a verb of the fault in force has been at work."""
        return self._force.struck

    @property
    def logged(self) -> list[Line]:
        """What the fault in force has written into the droplet's log."""
        return list(self._force.logged)

    def strike(self, fault: Fault | None) -> None:
        """Put a fault in force, or none; turns begin anew, and what hung is let go."""
        self._call(self._strike(fault))

    async def _strike(self, fault: Fault | None) -> None:
        self._force.over.set()
        self._force = InForce(fault, self._trust)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    async def _open(self) -> None:
        self._force = InForce(None)
        self._server = await asyncio.start_server(
            self._client, "127.0.0.1", 0, limit=HEAD_LIMIT, backlog=_BACKLOG, ssl=self._tls
        )
        scheme = "http" if self._tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _close(self) -> None:
        self._server.close()
        clients = list(self._clients)
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        await asyncio.sleep(0)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a client is served in a task of its own"
        self._clients.add(task)
        link = Link(self._host, self._port)
        with contextlib.suppress(*_ENDS):
            while (request := await read_request(reader)) is not None:
                self.carried += 1
                if not await carry(request, link, writer, self._force, self._token):
                    break
        link.close()
        writer.close()
        self._clients.discard(task)
