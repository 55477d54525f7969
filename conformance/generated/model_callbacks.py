"""What a droplet owes for what it answers `processing`: to each address the outcome of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from udckit.conformance.generated.claims import Asked, Claim, value_of
from udckit.conformance.heard import Heard

__all__ = ["PATH", "CallbackModel"]

PATH: Final = "/udckit/walk/"
"""Before the number that makes each address its own."""

_OWN: Final = re.compile(rf"{PATH}\d+/(\?.*)?")
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class _Owed:
    asked: Asked
    target: str
    message_id: Any


class CallbackModel:
    """Remembers which outcome is owed where."""

    def __init__(self) -> None:
        self._owed: dict[str, _Owed] = {}
        self._by_id: dict[Any, _Owed] = {}

    def claims(self, asked: Asked) -> Iterator[Claim]:
        """Remember what was acknowledged."""
        reply_to = asked.body.members.get("reply_to")
        if asked.operation.id != "postMessage" or asked.status != _OK:
            return
        if not isinstance(reply_to, str) or value_of(asked, "status") != "processing":
            return
        found = _OWN.search(reply_to)
        given = value_of(asked, "message_id")
        if found is not None and isinstance(given, str):
            owed = _Owed(asked, found.group(), given)
            self._owed[_path(owed.target)] = owed
            self._by_id.setdefault(given, owed)
        yield from ()

    def hear(self, call: Heard) -> Iterator[tuple[Asked, Claim]]:
        """Say what should be so of a call that came."""
        owed = self._owed.get(_path(call.target))
        if owed is None or not call.method:
            return
        named = (call.json or {}).get("message_id")
        other = self._by_id.get(named) if isinstance(named, str) else None
        steps = () if other is None or other is owed else (other.asked.number,)
        yield (
            owed.asked,
            Claim(
                ("UDC-MSG-010",),
                (call.method, call.target) == ("POST", owed.target) and not steps,
                f"POST {owed.target} with the outcome of the message that named it",
                f"{call.method} {call.target} with message_id {named!r}, of another message"
                if steps
                else f"{call.method} {call.target}",
                steps=steps,
            ),
        )
        yield (
            owed.asked,
            Claim(
                ("UDC-MSG-012",),
                named == owed.message_id or bool(steps),
                f"message_id {owed.message_id!r}",
                f"message_id {named!r}",
            ),
        )

    def waited(self, number: int) -> Iterator[tuple[Asked, Claim]]:
        """Nothing follows from waiting: work may take long."""
        del number
        yield from ()


def _path(target: str) -> str:
    return target.partition("?")[0]
