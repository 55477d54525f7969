"""uvicorn's HTTP protocol, without its server: the one file that knows uvicorn."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from udckit.fakes._protocol_names import TRANSPORT

__all__ = ["factory"]


class _Quiet(logging.Filter):
    """What a client sends is no news of the server, and a stopped server cancels what it serves."""

    def filter(self, record: logging.LogRecord) -> bool:
        cancelled = record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError)
        return record.levelno >= logging.ERROR and not cancelled


_LOG = logging.getLogger("udckit.server")
_LOG.addFilter(_Quiet())


class _Protocol(HttpToolsProtocol):
    """Silent about what clients send, and open about its transport."""

    def __init__(
        self, config: uvicorn.Config, state: ServerState, app_state: dict[str, Any]
    ) -> None:
        super().__init__(config, state, app_state)
        self.logger = _LOG
        self.access_log = False

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]  # a member of our own


def factory(
    app: Any,
    connections: set[HttpToolsProtocol],
    tasks: set[asyncio.Task[None]],
    app_state: dict[str, Any],
    *,
    keep_alive: int,
) -> Callable[[], HttpToolsProtocol]:
    """What `create_server` calls for each connection."""
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=keep_alive,
    )
    config.load()
    state = ServerState()
    state.connections = connections  # type: ignore[assignment]  # a narrower set of the same things
    state.tasks = tasks
    return lambda: _Protocol(config, state, app_state)
