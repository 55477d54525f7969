"""uvicorn's HTTP protocol, without its server: the one file that knows uvicorn."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import httptools
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

    _offered: list[tuple[bytes, bytes]] | None = None
    """The header fields of a request that offered another protocol, while it is read again."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]  # a member of our own

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        if self._offered is not None:
            self.headers[:], self._offered = self._offered, None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Read; an offer of another protocol is ignored, as a server may (RFC 9110 §7.8).

        Java's own client makes one with its first request, and httptools then takes all that
        follows the head for the other protocol: the body would be lost.
        """
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        except httptools.HttpParserUpgrade as offer:
            if self.parser.get_method() == b"CONNECT":
                self.send_400_response("This is no proxy.")
                return
            self._read_without_the_offer(data[offer.args[0] :])

    def _read_without_the_offer(self, rest: bytes) -> None:
        offered = list(self.headers)
        head = [self.parser.get_method(), b" ", self.url, b" HTTP/1.1\r\n"]
        for name, value in offered:
            if name != b"upgrade":
                head += [name, b": ", value, b"\r\n"]
        self.parser = httptools.HttpRequestParser(self)
        self._offered = offered
        self.data_received(b"".join([*head, b"\r\n", rest]))


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
