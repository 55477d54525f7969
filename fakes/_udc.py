"""What every droplet serves: the five endpoints and /metrics; the fakes are droplets too."""

import itertools
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from udckit.fakes._fake import Fake
from udckit.fakes._http import Answer, Refusal, Request
from udckit.fakes._router import Route, routes_of
from udckit.specs import Operation, surface

__all__ = ["UdcFake", "check_sender", "checked_reply_to", "timestamp"]

_LONGEST_URL = 2048


class UdcFake(Fake):
    """A fake with the UDC surface; a role adds its own routes to these."""

    capabilities: tuple[str, ...] = ()
    supported_operations: tuple[str, ...] = ()

    def _routes(self) -> list[Route]:
        life = os.urandom(4).hex()
        self._message_ids = (f"msg-{life}-{number}" for number in itertools.count(1))
        return routes_of(
            "udc",
            {
                "getHealth": self._health,
                "getCapabilities": self._capabilities,
                "getState": self._state,
                "getDependencies": self._dependencies,
                "postMessage": self._message,
                "getMetrics": self._exposition,
            },
        )

    # What a role may say otherwise

    def _health_status(self) -> str:
        return "healthy"

    def _state_status(self) -> str:
        return "active"

    def _more_state(self) -> Mapping[str, Any]:
        return {}

    def _required_services(self) -> list[dict[str, Any]]:
        return []

    async def _received(
        self, message: Mapping[str, Any], message_id: str, request: Request
    ) -> dict[str, Any]:
        """What became of a message that is right: its status, and what came out."""
        del message, message_id, request
        return {"status": "completed", "result": {}}

    # The endpoints

    def _health(self, request: Request) -> Answer:
        status = self._health_status()
        return Answer(
            503 if status == "unhealthy" else 200,
            {
                "status": status,
                "timestamp": timestamp(request.time),
                "uptime_seconds": int(self.clock.monotonic() - self._born),
                "version": self.version,
            },
        )

    def _capabilities(self, _: Request) -> Answer:
        return Answer(
            200,
            {
                "service_name": self.name,
                "droplet_id": self.droplet_id,
                "capabilities": list(self.capabilities),
                "supported_operations": list(self.supported_operations),
                "integration_endpoints": _endpoints(self._router.routes),
                "version": self.version,
            },
        )

    def _state(self, request: Request) -> Answer:
        last = self._traffic.last()
        return Answer(
            200,
            {
                "status": self._state_status(),
                "mode": "development" if self.environment == "development" else "production",
                "metrics": self._traffic.metrics(request.time),
                "last_activity": timestamp(request.time if last is None else last),
                **self._more_state(),
            },
        )

    def _dependencies(self, _: Request) -> Answer:
        return Answer(
            200,
            {
                "required_services": self._required_services(),
                "optional_services": [],
                "external_apis": [],
            },
        )

    def _exposition(self, _: Request) -> Answer:
        text = self._traffic.exposition().encode()
        return Answer(200, raw=text, media_type=b"text/plain; version=0.0.4; charset=utf-8")

    async def _message(self, request: Request) -> Answer:
        message = request.json
        _refuse(_advised().member_problems("message_type", message, part="request"))
        check_sender(message["from_service"], request)
        checked_reply_to(message)
        message_id = next(self._message_ids)
        outcome = await self._received(message, message_id, request)
        return Answer(200, {"received": True, "message_id": message_id, **outcome})


def timestamp(moment: float) -> str:
    """RFC 3339 in UTC, spelled with Z (CONF-43)."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def check_sender(name: str, request: Request) -> None:
    """Refuse a sender's name that contradicts the token (CONF-09)."""
    if request.claims is not None and request.claims["service_name"] != name:
        raise Refusal(403, "WRONG_SENDER", "The token is not that of from_service.")


def checked_reply_to(message: Mapping[str, Any]) -> str | None:
    """The address for the outcome, None where none was given; refuses one that cannot be used."""
    url = message.get("reply_to")
    if url is None:
        return None
    _refuse(_advised().member_problems("reply_to", message, part="request"))
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise _unusable("it is too long or holds characters that a URL does not")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _unusable("it is no URL") from None
    if not parts.hostname or port == 0:
        raise _unusable("it names no host and port")
    if "@" in parts.netloc or "\\" in url:
        raise _unusable("it holds more than a host and a port before the path")
    return str(url)


def _unusable(why: str) -> Refusal:
    return Refusal(400, "INVALID_REPLY_TO", f"reply_to cannot be used: {why}.")


def _refuse(problems: list[Any]) -> None:
    if problems:
        raise Refusal(400, "INVALID_REQUEST", str(problems[0]))


def _advised() -> Operation:
    return surface("udc", recommended=True).operations["postMessage"]


def _endpoints(routes: Iterable[Route]) -> list[dict[str, str]]:
    return [
        {"path": one.path, "method": one.method, "description": one.description} for one in routes
    ]
