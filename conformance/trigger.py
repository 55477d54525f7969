"""The operator's trigger: one request that makes the target call somebody else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from udckit.conformance.errors import InvocationError

__all__ = ["Trigger", "read_trigger"]

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_MEMBERS: Final = frozenset({"method", "path", "body", "expects", "peer"})
_PEER: Final = "udckit-peer"
_STATUS: Final = range(100, 600)


@dataclass(frozen=True, slots=True)
class Trigger:
    """A request, the status that it is answered with where all is well, and whom it makes call.

    `{peer}` in path and body stands for the peer's name; `expects` None takes any 2xx.
    """

    method: str
    path: str
    body: Any = None
    expects: int | None = None
    peer: str = _PEER

    def to(self, peer: str) -> Trigger:
        """Name another peer, where the trigger leaves that open."""
        return replace(self, peer=peer)

    @property
    def is_open(self) -> bool:
        """Whether the peer's name stands in the request."""
        return "{peer}" in self.path or "{peer}" in json.dumps(self.body)

    @property
    def target(self) -> str:
        """The path as it is sent."""
        return self.path.replace("{peer}", quote(self.peer, safe=""))

    @property
    def content(self) -> Any:
        """The body as it is sent."""
        return _filled(self.body, self.peer)

    def is_met_by(self, status: int | None) -> bool:
        """Whether an answer is the one that is expected."""
        if status is None or self.expects is not None:
            return status == self.expects and status is not None
        return 200 <= status < 300  # noqa: PLR2004 - the 2xx


def read_trigger(given: Any) -> Trigger:
    """Read one: `GET /peers/{peer}`, `POST /jobs {"x": 1}`, or a table of its members.

    Raises:
        InvocationError: it cannot be understood; the message says what would be right.
    """
    if isinstance(given, str):
        method, _, rest = given.strip().partition(" ")
        path, _, body = rest.strip().partition(" ")
        given = {"method": method, "path": path, **({"body": _json(body)} if body else {})}
    if not isinstance(given, Mapping) or not {"method", "path"} <= set(given) <= _MEMBERS:
        raise InvocationError(
            f"A trigger is `GET /peers/{{peer}}`, or a table with {', '.join(sorted(_MEMBERS))}; "
            f"got {given!r:.80}."
        )
    method, path = str(given["method"]).upper(), str(given["path"])
    expects = given.get("expects")
    if method not in _METHODS or not path.startswith("/"):
        raise InvocationError(f"A trigger has a method and a path, not {method} {path}.")
    if expects is not None and (not isinstance(expects, int) or expects not in _STATUS):
        raise InvocationError(f"A trigger expects a status such as 200, not {expects!r}.")
    return Trigger(method, path, given.get("body"), expects, str(given.get("peer", _PEER)))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as wrong:
        raise InvocationError(
            f"The body of the trigger is no JSON ({wrong}): {text:.80}"
        ) from wrong


def _filled(value: Any, peer: str) -> Any:
    if isinstance(value, str):
        return value.replace("{peer}", peer)
    if isinstance(value, list):
        return [_filled(each, peer) for each in value]
    if isinstance(value, Mapping):
        return {name: _filled(each, peer) for name, each in value.items()}
    return value
