"""What the kit hears beside answers: calls that come to its peers, lines of the target's log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from udckit.conformance.redaction import PLACEHOLDER

__all__ = ["Heard", "Line", "Sender", "object_in"]

_BEARER: Final = "bearer"


class Line(NamedTuple):
    """A line that the target wrote, without its secrets, and the kit's clock when it came."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Sender:
    """A further service as which the kit can call; `token` stands for the token of its own."""

    name: str
    token: str
    service_id: int


@dataclass(frozen=True, slots=True)
class Heard:
    """One call that came to a peer of the kit's; what is no HTTP has no method."""

    number: int
    peer: str
    at: float
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: str

    @property
    def authorization(self) -> str | None:
        """The Authorization header, with a placeholder for the token."""
        return next((v for k, v in self.headers if k.lower() == "authorization"), None)

    @property
    def token(self) -> str | None:
        """The placeholder of the bearer token; None where there is none."""
        scheme, _, token = (self.authorization or "").partition(" ")
        found = PLACEHOLDER.fullmatch(token.strip())
        return found.group() if found is not None and scheme.lower() == _BEARER else None

    @property
    def json(self) -> dict[str, Any] | None:
        """The JSON object that is its body; None where it is none."""
        return object_in(self.body)

    def as_json(self) -> dict[str, Any]:
        """Give the line of the run record."""
        return {
            "kind": "journal",
            "fake": self.peer,
            "n": self.number,
            "at": self.at,
            "method": self.method,
            "target": self.target,
            "headers": [list(pair) for pair in self.headers],
            "body": self.body,
        }

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> Heard:
        """Read the line back."""
        return cls(
            number=line["n"],
            peer=line["fake"],
            at=line["at"],
            method=line["method"],
            target=line["target"],
            headers=tuple((name, value) for name, value in line["headers"]),
            body=line["body"],
        )


def object_in(text: str) -> dict[str, Any] | None:
    """Read a JSON object; None where a text is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
