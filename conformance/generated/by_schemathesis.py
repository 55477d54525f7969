"""schemathesis, and all that the kit knows of it: one run of its engine over the whole document.

The engine thinks of requests, feeds live ids into its links, and shrinks; it sends nothing itself.
Its transport here is the kit's own sending, so pace, rules, redaction and record hold, and what an
answer must be is said by the reading. `schemathesis.engine` is not exported at the top level and
changes between minor versions: nothing else imports it.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import requests
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.generation.case import Case
from schemathesis.transport.requests import REQUESTS_TRANSPORT, RequestsTransport

from udckit.conformance.errors import NotObserved, UdckitError
from udckit.conformance.generated.bodies import parse
from udckit.conformance.generated.evidence import Breach
from udckit.conformance.generated.sending import Sending, SpentError, a_registration, changed
from udckit.conformance.observation import Observation
from udckit.conformance.probe import ANONYMOUS, VALID, Ask
from udckit.specs import surface

__all__ = ["run"]

_LEFT_OUT: Final = frozenset({"/callback", "/metrics"})
"""Paths that no target need serve, or that answer no JSON."""

_KEPT_HEADERS: Final = frozenset({"content-type", "accept"})
_CHECK: Final = "udckit_reading"
_STEPS: Final = 6
_SHARE: Final = 10
"""One in so many of the budget is what an operation is drawn; the links have what is left."""


def run(sending: Sending, *, seed: int, shrink: bool = False) -> dict[str, Any]:
    """Run the engine until it or the budget is at its end; give what it says of itself.

    Raises:
        UdckitError: the engine itself failed.

    """
    logging.getLogger("schemathesis").setLevel(logging.ERROR)
    document = _document(sending.service.settings.role)
    schema = schemathesis.openapi.from_dict(document, config=_config(sending, seed, shrink=shrink))
    courier = _Transport(sending)
    ours = type("Ours", (type(schema),), {"transport": property(lambda _: courier)})
    schema.__class__ = ours
    with _check_of(courier):
        return _read(from_schema(schema).execute(), courier)


def _read(stream: Any, courier: _Transport) -> dict[str, Any]:
    """Follow the events: how many scenarios held, and what broke in the engine."""
    said = {"scenarios": 0, "failed": 0}
    courier.stop = stream.stop
    for event in stream:
        if isinstance(event, events.ScenarioFinished):
            said["scenarios"] += 1
            said["failed"] += event.status.value == "failure"
        elif isinstance(event, events.NonFatalError) and not courier.is_over:
            raise UdckitError(f"schemathesis at {event.label}: {event.info.title}")
        elif isinstance(event, events.FatalError):
            raise UdckitError(f"schemathesis: {event.exception!r}")
    if courier.trouble is not None:
        raise courier.trouble
    return said


@contextlib.contextmanager
def _check_of(courier: _Transport) -> Iterator[None]:
    """Register the one check of the run: that the reading has nothing to say of the answer."""

    def udckit_reading(ctx: Any, response: Response, case: Case[Any]) -> None:  # noqa: ARG001 - its form
        if courier.breaches:
            raise AssertionError(courier.breaches.pop())

    schemathesis.check(udckit_reading)
    try:
        yield
    finally:
        schemathesis.checks.CHECKS.unregister(_CHECK)


class _Transport(RequestsTransport):
    """Takes the engine's cases, makes them ones that may be sent, and sends them."""

    def __init__(self, sending: Sending) -> None:
        super().__init__()
        self._copy_serializers_from(REQUESTS_TRANSPORT)
        self.stop: Callable[[], None] = lambda: None
        self.breaches: list[str] = []
        self.is_over = False
        self.trouble: NotObserved | None = None
        self._sending = sending
        told = sending.on_breach

        def heard(breach: Breach) -> None:
            self.breaches.append(breach.expected)
            if told is not None:
                told(breach)

        sending.on_breach = heard

    def send(self, case: Case[Any], *, session: Any = None, **how: Any) -> Response:  # noqa: ARG002 - the kit has a client of its own
        self.breaches.clear()
        data = self.serialize_case(case, **how)
        known = {"method", "url", "headers", "params", "data", "json", "cookies"}
        request = requests.Request(**{k: v for k, v in data.items() if k in known}).prepare()
        if not self.is_over:
            try:
                seen = self._sending.send(self._ask(case, request))
                return _response(seen, request)
            except (SpentError, NotObserved) as ended:
                self.trouble = ended if isinstance(ended, NotObserved) else None
                self.is_over = True
                self.stop()
        return Response(503, {}, b"", request, 0.0, verify=False)

    def _ask(self, case: Case[Any], request: requests.PreparedRequest) -> Ask:
        """Make of a generated request one that may be sent (catalogue, *Before you probe*)."""
        path = request.path_url
        raw = request.body
        body = raw.encode() if isinstance(raw, str) else raw if isinstance(raw, bytes) else None
        kept = tuple(
            (name, str(value))
            for name, value in request.headers.items()
            if name.lower() in _KEPT_HEADERS and str(value).isascii()
        )
        ask = Ask(
            str(request.method),
            path,
            self._token(case),
            body=body,
            headers=kept,
            content_type=None,
        )
        return ask if body is None else _harmless(ask, self._sending)

    def _token(self, case: Case[Any]) -> Any:
        service = self._sending.service
        open_to_all = case.operation.definition.raw.get("security") == []
        return VALID if service.has_token and not open_to_all else ANONYMOUS


def _harmless(ask: Ask, sending: Sending) -> Ask:
    """Put the kit's own name, type and identity where a generated body says somebody else's."""
    body = parse((ask.body or b"").decode("utf-8", "replace"))
    if not body.is_json or not isinstance(body.value, Mapping):
        return ask
    us = sending.service.identity
    members = dict(body.value)
    own: Mapping[str, Any] = {}
    if ask.path == "/message":
        own = {"from_service": us.service_name, "message_type": "query", "reply_to": None}
    elif ask.path == "/heartbeat":
        own = {"service_id": us.service_id, "service_name": us.service_name}
    for name, value in own.items():
        if isinstance(members.get(name), type(us.service_name) | int) and name in members:
            members[name] = value
    for name in {"/register": ("name",), "/tasks": ("task_type",)}.get(ask.path, ()):
        if isinstance(members.get(name), str) and not members[name].startswith("udckit-"):
            members[name] = f"udckit-{members[name]}"
    if ask.path == "/register" and isinstance(members.get("name"), str):
        plain = a_registration(members["name"])
        if members.get("droplet_id") is not None and isinstance(members["droplet_id"], int):
            members["droplet_id"] = changed(plain, {}).json["droplet_id"]
    text = json.dumps(members, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return Ask(ask.method, ask.path, ask.token, body=text, headers=ask.headers, content_type=None)


def _response(seen: Observation, request: requests.PreparedRequest) -> Response:
    answer = seen.exchange.answer
    if answer is None:
        return Response(503, {}, b"", request, seen.seconds, verify=False)
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        headers.setdefault(name.lower(), []).append(value)
    text = seen.text.encode("utf-8", "surrogatepass")
    return Response(answer.status, headers, text, request, seen.seconds, verify=False)


def _config(sending: Sending, seed: int, *, shrink: bool) -> SchemathesisConfig:
    share = (sending.most or 500) // _SHARE
    generation = {
        "mode": "all",
        "max-examples": max(5, share),
        "deterministic": not shrink,
        "no-shrink": not shrink,
        "database": "none",
        "with-security-parameters": False,
    }
    return SchemathesisConfig.from_dict(
        {
            "base-url": sending.service.settings.target,
            "seed": seed,
            "color": False,
            "generation": generation,
            "checks": {"enabled": False, _CHECK: {"enabled": True}},
            "continue-on-failure": True,
            "phases": {
                "coverage": {"unexpected-methods": []},
                "fuzzing": {"generation": {"max-examples": max(3, share // 5)}},
                "stateful": {"max-steps": _STEPS, "inference": {"algorithms": []}},
            },
        }
    )


def _document(role: str) -> dict[str, Any]:
    """Give the whole document of a role: what every droplet serves, and what the role adds."""
    whole: dict[str, Any] = {}
    for name in ("udc",) if role == "droplet" else ("udc", role):
        document = surface(name, recommended=True).document
        whole = {
            **document,
            "paths": {**whole.get("paths", {}), **document["paths"]},
            "components": {
                part: {**whole.get("components", {}).get(part, {}), **named}
                for part, named in document["components"].items()
            },
        }
    whole["paths"] = {path: item for path, item in whole["paths"].items() if path not in _LEFT_OUT}
    plain: dict[str, Any] = json.loads(json.dumps(whole))
    return plain
