"""What a record shows of the target itself: good readings, who it says it is, when the run was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from udckit.conformance import Exchange, Observation, RunRecord
from udckit.conformance.observation import Tally
from udckit.reports._printable import one_line

__all__ = ["Identity", "bodies", "ended", "identity", "reading", "route", "utc"]

_GOOD: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the target says it is, printable; None where it did not say it in the contract's way."""

    name: str | None = None
    version: str | None = None
    droplet_id: int | None = None

    @property
    def title(self) -> str | None:
        """Name and version, as far as they are known."""
        return " ".join(filter(None, (self.name, self.version))) or None


def route(record: RunRecord, exchange: Exchange) -> str:
    """Give the path of a request without its query and without the base path of the run."""
    base = str(record.header["settings"].get("base_path", ""))
    path = exchange.request.target.split("?", 1)[0]
    return path.removeprefix(base) if base and path.startswith(base + "/") else path


def bodies(record: RunRecord, path: str, method: str = "GET") -> Iterator[tuple[Exchange, Any]]:
    """Give the JSON bodies of successful answers at a path, in the order of asking."""
    for exchange in record.exchanges.values():
        answer = exchange.answer
        if answer is None or answer.status not in _GOOD or exchange.request.method != method:
            continue
        if route(record, exchange) != path:
            continue
        seen = Observation(exchange, Tally())
        if seen.json_trouble is None:
            yield exchange, seen.json


def reading(record: RunRecord, path: str) -> dict[str, Any] | None:
    """Give the first good reading of a route that is a JSON object."""
    return next((body for _, body in bodies(record, path) if isinstance(body, dict)), None)


def identity(record: RunRecord) -> Identity:
    """Read who the target says it is, from /capabilities and /health."""
    capabilities = reading(record, "/capabilities") or {}
    health = reading(record, "/health") or {}
    name, droplet_id = capabilities.get("service_name"), capabilities.get("droplet_id")
    version = health.get("version", capabilities.get("version"))
    return Identity(
        name=one_line(name) if isinstance(name, str) and name else None,
        version=one_line(version) if isinstance(version, str) and version else None,
        droplet_id=droplet_id if type(droplet_id) is int else None,
    )


def ended(record: RunRecord) -> float:
    """Give the moment of the last thing that was written down, in seconds since the epoch."""
    if record.footer is not None:
        return float(record.footer["finished"])
    last = max((each.at + each.seconds for each in record.exchanges.values()), default=0.0)
    return max(last, float(record.header["started"]))


def utc(seconds: float) -> str:
    """Spell a moment as RFC 3339 does, in whole seconds: `2027-01-15T09:30:00Z`."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
