"""A protocol fake of a Pact Broker, for tests; the real one is a Ruby application.

It is no broker. It knows the few resources that udckit and Pact's own tool ask for, keeps what it
is sent in memory, and answers as the broker's documentation says: the index, publishing (409 for a
changed contract of a known version), pacts for verification, results, branch versions, and the
matrix for one version and one environment. Everything that is deployed is the last version that
each pacticipant published or was verified at. It can be told to refuse, to fail or to be late.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["TOKEN", "ProtocolBroker", "protocol_broker"]

TOKEN = "a-token-of-the-broker-s"  # noqa: S105 - of a broker that is none

Answer = tuple[int, Any]


@dataclass(slots=True)
class ProtocolBroker:
    """What it was sent, and how it is told to behave."""

    url: str = ""
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    pacts: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, list[str]] = field(default_factory=dict)
    contents: dict[tuple[str, str, str], str] = field(default_factory=dict)
    results: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    branches: list[str] = field(default_factory=list)
    fails_with: int | None = None
    fails_after: int = 0
    """How many requests it answers rightly before it fails."""
    delay: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    def lines(self) -> list[str]:
        return [f"{method} {urlsplit(path).path}" for method, path, _ in self.asked]

    def answer(self, method: str, path: str, authorization: str | None, value: Any) -> Answer:
        self.asked.append((method, path, value))
        if self.delay:
            self.over.wait(self.delay)
        if authorization != f"Bearer {TOKEN}":
            return 401, {"error": {"message": "Authentication failed"}}
        if self.fails_with is not None and len(self.asked) > self.fails_after:
            return self.fails_with, {"error": {"message": "told to fail"}}
        parts = urlsplit(path)
        for pattern, handler in _ROUTES:
            if found := re.fullmatch(pattern, f"{method} {parts.path}"):
                words = [unquote(word) for word in found.groups()]
                done: Answer = handler(self, words, value, parse_qs(parts.query))
                return done
        return 404, {"error": {"message": "The requested document was not found"}}

    def index(self, *_: Any) -> Answer:
        places = {
            "pb:publish-contracts": "/contracts/publish",
            "pb:provider-pacts-for-verification": "/pacts/provider/{provider}/for-verification",
            "pb:pacticipant": "/pacticipants/{pacticipant}",
        }
        return 200, {"_links": {name: {"href": self.url + at} for name, at in places.items()}}

    def publish(self, _: Any, value: Any, __: Any) -> Answer:
        who, version = value["pacticipantName"], value["pacticipantVersionNumber"]
        contracts = [(one["providerName"], one["content"]) for one in value["contracts"]]
        for provider, content in contracts:
            if self.contents.get((who, version, provider), content) != content:
                text = f"Cannot change the content of the pact for {who} version {version}"
                return 409, {"notices": [{"type": "error", "text": text}]}
        for provider, content in contracts:
            self.contents[who, version, provider] = content
            self.pacts[who, provider] = json.loads(base64.b64decode(content))
        self.versions.setdefault(who, []).append(version)
        return 200, {"notices": [{"type": "success", "text": f"Pacts of {who} are published."}]}

    def for_verification(self, words: list[str], *_: Any) -> Answer:
        found = [
            {"_links": {"self": {"href": f"{self.url}/pacts/{provider}/{consumer}"}}}
            for consumer, provider in self.pacts
            if provider == words[0]
        ]
        return 200, {"_embedded": {"pacts": found}}

    def pact(self, words: list[str], *_: Any) -> Answer:
        provider, consumer = words
        results = {"href": f"{self.url}/results/{provider}/{consumer}"}
        links = {"pb:publish-verification-results": results}
        return 200, {**self.pacts[consumer, provider], "_links": links}

    def pacticipant(self, words: list[str], *_: Any) -> Answer:
        href = f"{self.url}/pacticipants/{words[0]}/branches/{{branch}}/versions/{{version}}"
        return 200, {"name": words[0], "_links": {"pb:branch-version": {"href": href}}}

    def branch_version(self, words: list[str], *_: Any) -> Answer:
        self.branches.append("/".join(words))
        return 201, {}

    def result(self, words: list[str], value: Any, _: Any) -> Answer:
        provider, consumer = words
        self.results.setdefault((consumer, provider), []).append(value)
        return 201, {}

    def matrix(self, _: Any, __: Any, query: dict[str, list[str]]) -> Answer:
        who, version = query["q[][pacticipant]"][0], query["q[][version]"][0]
        if who not in self.versions and not any(who in pair for pair in self.results):
            return 400, {"errors": [f"No pacticipant with name '{who}' found"]}
        rows = [self._row(pair, version) for pair in self.pacts if who in pair]
        said = [row["verificationResult"]["success"] for row in rows if row["verificationResult"]]
        failed, unknown = said.count(False), len(rows) - len(said)
        deployable = None if unknown and not failed else not failed
        reason = "all required verification results are published and successful"
        if failed:
            reason = f"{failed} verification failed"
        elif unknown:
            reason = f"{unknown} verification result is missing"
        counts = {"success": said.count(True), "failed": failed, "unknown": unknown}
        summary = {"deployable": deployable, "reason": reason, **counts}
        return 200, {"summary": summary, "notices": [], "matrix": rows}

    def _row(self, pair: tuple[str, str], version: str) -> dict[str, Any]:
        given = self.results.get(pair)
        last = given[-1] if given else None
        provider_version = last["providerApplicationVersion"] if last else None
        return {
            "consumer": {"name": pair[0], "version": {"number": version}},
            "provider": {"name": pair[1], "version": {"number": provider_version}},
            "verificationResult": None if last is None else {"success": last["success"]},
        }


_ROUTES: tuple[tuple[str, Any], ...] = (
    (r"GET /", ProtocolBroker.index),
    (r"POST /contracts/publish", ProtocolBroker.publish),
    (r"POST /pacts/provider/([^/]+)/for-verification", ProtocolBroker.for_verification),
    (r"GET /pacts/([^/]+)/([^/]+)", ProtocolBroker.pact),
    (r"GET /pacticipants/([^/]+)", ProtocolBroker.pacticipant),
    (r"PUT /pacticipants/([^/]+)/branches/([^/]+)/versions/([^/]+)", ProtocolBroker.branch_version),
    (r"POST /results/([^/]+)/([^/]+)", ProtocolBroker.result),
    (r"GET /matrix", ProtocolBroker.matrix),
)


@contextlib.contextmanager
def protocol_broker() -> Iterator[ProtocolBroker]:
    """Serve one on loopback until the block is left."""
    broker = ProtocolBroker()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            value = json.loads(body) if body else None
            authorization = self.headers.get("Authorization")
            status, said = broker.answer(self.command, self.path, authorization, value)
            raw = json.dumps(said).encode()
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Type", "application/hal+json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names are http.server's

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    broker.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield broker
    finally:
        broker.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
