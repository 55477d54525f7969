"""What a droplet must answer: messages, their ids, and reads with odd queries and headers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from udckit.conformance.generated.claims import Asked, Claim, refusal, value_of
from udckit.conformance.settings import Settings

__all__ = ["DropletModel"]

_OK: Final = 200
_MESSAGE: Final = "postMessage"
_READS: Final = frozenset({"getHealth", "getCapabilities", "getState", "getDependencies"})


class DropletModel:
    """Remembers the message_ids that were given."""

    def __init__(self, settings: Settings) -> None:
        self._name = settings.identity.service_name
        self._ids: dict[str, int] = {}

    def door(self, asked: Asked) -> str | None:
        """Name the operation whose twin speaks for this one."""
        return _MESSAGE if asked.operation.id == _MESSAGE or asked.operation.id in _READS else None

    def is_twin(self, asked: Asked) -> bool:
        """Say whether it is the message that must always be accepted: a query, and empty."""
        wanted = {"from_service": self._name, "message_type": "query", "payload": {}}
        is_it = asked.operation.id == _MESSAGE and asked.body.value == wanted
        return is_it and asked.kind == "right"

    def rows(self, asked: Asked) -> tuple[str, ...]:
        """Name the rows that a server error breaks."""
        if asked.operation.id in _READS:
            return ("UDC-ALL-007",)
        if asked.body.members.get("reply_to") is not None:
            return ("UDC-MSG-013", "ERR-004")
        return ("ERR-004",) if asked.operation.id == _MESSAGE else ()

    def claims(self, asked: Asked) -> Iterator[Claim]:
        """Say what should be so of an answer to a message."""
        if asked.operation.id != _MESSAGE:
            return
        refused = refusal(asked, "UDC-MSG-006")
        if refused is not None:
            yield refused
        if asked.status != _OK or asked.kind == "wrong":
            return
        problems = asked.operation.response_problems(_OK, asked.seen.json)
        first = problems[0] if problems else None
        yield Claim(
            ("UDC-MSG-002",),
            first is None,
            f"`{first.at}` {first.expected}" if first else "",
            f"`{first.at}` {first.observed} [{asked.seen.call}]" if first else "",
        )
        given = value_of(asked, "message_id")
        if isinstance(given, str):
            earlier = self._ids.setdefault(given, asked.number)
            yield Claim(
                ("UDC-MSG-008",),
                earlier == asked.number,
                "a message_id that no other message has",
                f"message_id {given!r} a second time [{asked.seen.call}]",
                steps=(earlier,) if earlier != asked.number else (),
            )
