"""What stands between the pact core and a provider: one deadline and one size for every answer.

The core itself reads whatever comes, for as long as it comes. What did not come whole is told here,
by method and path.
"""

from __future__ import annotations

from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler
from typing import Final
from urllib.parse import urlsplit

from udckit.conformance._wire import Outgoing, Returned, Wire
from udckit.conformance.exchange import Exchange, Request
from udckit.conformance.pacts._loopback import Loopback

__all__ = ["Relay"]

_ASKED: Final = frozenset({"host", "connection", "content-length", "accept-encoding"})
_ANSWERED: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding"}
)
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_BODILESS: Final = frozenset({204, 304})
_ENDLESS: Final = "the answer has no end: more than a mebibyte came"


class Relay(Loopback):
    """Answers on loopback with what the provider answers.

    `headers` go with every request.
    """

    def __init__(
        self, base: str, *, headers: Sequence[tuple[str, str]] = (), ca_file: str | None = None
    ) -> None:
        self.troubles: dict[tuple[str, str], str] = {}
        """What was in the way of an answer, by method and path."""
        self._prefix = urlsplit(base).path.rstrip("/")
        self._headers = tuple(headers)
        self._wire = Wire(base, ca_file=ca_file)
        super().__init__(self._handler(), "udckit-relay")

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._wire.close()

    def _passed(
        self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> Returned | None:
        """Give the provider's answer; None where there is none, or no end of it."""
        kept = [pair for pair in headers if pair[0].lower() not in _ASKED]
        asked = (*kept, *self._headers)
        returned = self._wire.send(
            Outgoing(method, target, asked, body or None, prefix=self._prefix)
        )
        if returned.trouble is None and not returned.truncated:
            return returned
        asked_for = Exchange(
            0, "", Request(method, target), 0.0, 0.0, None, returned.trouble, returned.detail
        )
        why = asked_for.trouble_in_words if returned.trouble else _ENDLESS
        self.troubles[method, target.partition("?")[0]] = why
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        passed = self._passed

        class Handler(BaseHTTPRequestHandler):
            def relay(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                returned = passed(self.command, self.path, self.headers.items(), body)
                if returned is None:
                    return
                self.send_response_only(returned.status)
                for name, value in returned.headers:
                    if name.lower() not in _ANSWERED:
                        self.send_header(name, value)
                if returned.status not in _BODILESS:
                    self.send_header("Content-Length", str(len(returned.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(returned.body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        for method in _METHODS:
            setattr(Handler, f"do_{method}", Handler.relay)
        return Handler
