"""Something to lean on: a TCP server that answers each line with +PONG."""

from __future__ import annotations

import socketserver
import threading
from typing import Self

__all__ = ["Upstream"]


class _Pong(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for _ in self.rfile:
            self.wfile.write(b"+PONG\r\n")


class Upstream:
    """Listens on a port of loopback as long as the context lasts."""

    def __init__(self) -> None:
        socketserver.ThreadingTCPServer.daemon_threads = True
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Pong)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="udckit-upstream"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
