"""The kit's own server at verification: values of states, messages that came, outcomes."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

from udckit.conformance.pacts._loopback import Loopback

__all__ = ["Listener"]


class Listener(Loopback):
    """Answers the pact core and the provider.

    `values` hold what each state came to; the pact core asks for them before each request.
    `messages` hold what the provider sent of itself, by the interaction's description.
    """

    def __init__(self) -> None:
        self.values: dict[str, Mapping[str, Any]] = {}
        self.messages: dict[str, Any] = {}
        self._outcomes: list[Any] = []
        self._came = threading.Condition()
        super().__init__(self._handler(), "udckit-pact")

    @property
    def states_at(self) -> str:
        """Where the pact core asks for states."""
        return f"{self.url}/states"

    @property
    def messages_at(self) -> str:
        """Where the pact core asks for what the provider sent of itself."""
        return f"{self.url}/messages"

    @property
    def reply_to(self) -> str:
        """Where outcomes go."""
        return f"{self.url}/callback"

    def outcome(self, message_id: Any, seconds: float) -> Any:
        """Wait for the outcome of a message; None where none came."""

        def found() -> Any:
            for one in self._outcomes:
                if isinstance(one, dict) and one.get("message_id", message_id) == message_id:
                    return one
            return None

        with self._came:
            return self._came.wait_for(found, seconds)

    def _answer(self, path: str, body: bytes) -> Any:
        try:
            told = json.loads(body)
        except ValueError:
            return {}
        if path == "/states":
            return self.values.get(told.get("state", ""), {})
        if path == "/messages":
            return self.messages.get(told.get("description", ""))
        with self._came:
            self._outcomes.append(told)
            self._came.notify_all()
        return {"received": True}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                said = json.dumps(answer(self.path, self.rfile.read(length))).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
