"""Doors: the endpoints that a token opens, each with a request that is right but for its token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from udckit.conformance._capabilities import openapi_document
from udckit.conformance.errors import NotObserved
from udckit.conformance.observation import Observation
from udckit.conformance.probe import VALID, Ask, Probe

__all__ = ["Door", "door", "doors", "listed_routes"]

_SUCCESS: Final = range(200, 300)
_MOST_ROUTES: Final = 4
"""Business routes that are shown the critical tokens; each is shown none at all (AUTH-028)."""

_PUBLIC: Final = frozenset(
    {"/health", "/capabilities", "/metrics", "/openapi.json", "/register", "/auth/public-key"}
)
_DOCUMENTS: Final = ("/docs", "/redoc", "/swagger", "/openapi")
_OWN: Final = frozenset(
    {"/state", "/dependencies", "/message", "/callback", "/heartbeat", "/tasks"}
)


@dataclass(frozen=True, slots=True)
class Door:
    """A protected endpoint. `ask` gives a request that is right, with the valid token."""

    name: str
    ask: Callable[[Probe], Ask]

    def lets_in(self, seen: Observation) -> bool:
        """True where the answer is that of somebody who was let in."""
        return seen.status is not None and seen.status in _SUCCESS


def door(method: str, path: str, body: Callable[[Probe], Any] | None = None) -> Door:
    """Make a door of a method and a path; `body` gives the JSON that is sent."""

    def ask(service: Probe) -> Ask:
        if body is None:
            return Ask(method, path, token=VALID)
        return Ask(method, path, token=VALID, json=body(service))

    return Door(f"{method} {path}", ask)


def _beat(service: Probe) -> dict[str, Any]:
    identity = service.identity
    return {
        "service_id": identity.service_id,
        "service_name": identity.service_name,
        "status": "active",
    }


def _by_name(service: Probe) -> Ask:
    return Ask("GET", f"/services/by-name/{service.identity.service_name}", token=VALID)


_UDC: Final = (
    door("GET", "/state"),
    door("GET", "/dependencies"),
    Door("POST /message", lambda service: service.a_message()),
)

_OF_ROLE: Final[Mapping[str, tuple[Door, ...]]] = {
    "droplet": _UDC,
    "registry": (Door("GET /services/by-name/{name}", _by_name), *_UDC),
    "orchestrator": (door("POST", "/heartbeat", _beat), *_UDC),
}
"""The first is shown everything, the others what is critical; another role is one more row."""


def doors(service: Probe) -> tuple[Door, ...]:
    """Give the doors of the target's role, then its callback and some routes that it lists."""
    standing = service.standing
    if standing.doors is None:
        more = [*_callback(service), *_business(service)] if service.has_token else []
        standing.doors = (*_OF_ROLE[service.settings.role], *more)
    return standing.doors


def _callback(service: Probe) -> Iterator[Door]:
    """The callback, where the target lists one."""
    listed = service.read("/capabilities").member("integration_endpoints")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and (item.get("method"), item.get("path")) == (
            "POST",
            "/callback",
        ):
            yield door(
                "POST", "/callback", lambda _: {"message_id": "udckit", "status": "completed"}
            )
            return


def _business(service: Probe) -> Iterator[Door]:
    """Routes of its own that a GET with a valid token opens."""
    if not service.has("openapi"):
        return
    found = 0
    for path in listed_routes(service):
        if found < _MOST_ROUTES and path not in _OWN and not is_public(service, path):
            made = door("GET", path)
            if made.lets_in(service.once(f"GET {path} with a token", made.ask(service))):
                found += 1
                yield made


def listed_routes(service: Probe) -> list[str]:
    """Give the GET routes without placeholders that the target's OpenAPI document lists.

    Raises:
        NotApplicable: it has no document.
        NotObserved: whether it has one could not be looked for.

    """
    service.require("openapi")
    seen = openapi_document(service)
    paths = seen.member("paths")
    if not isinstance(paths, dict):
        raise NotObserved(f"the document at {seen.call} has no `paths`", blocked_by="OPS-OAS-001")
    return [
        path
        for path, item in paths.items()
        if path.startswith("/") and "{" not in path and isinstance(item, dict) and "get" in item
    ]


def is_public(service: Probe, path: str) -> bool:
    """True for what need not be protected: AUTH-028 lists it, and the operator may add to it."""
    plain = path.rstrip("/") or "/"
    return plain in _PUBLIC or path in service.settings.public or path.startswith(_DOCUMENTS)
