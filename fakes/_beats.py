"""What an Orchestrator remembers of beats: who lives, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Beats", "DropletSeen"]


@dataclass(frozen=True, slots=True)
class DropletSeen:
    """A droplet that beat at least once, as its last beat left it."""

    service_id: int
    service_name: str
    status: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    first_beat: float = 0.0
    last_beat: float = 0.0
    beats: int = 1


class Beats:
    """The last beat of each service; silent for `dead_after` seconds, it is dead (UDC §6)."""

    def __init__(self, dead_after: float) -> None:
        self.dead_after = dead_after
        self._seen: dict[int, DropletSeen] = {}

    def __iter__(self) -> Any:
        return iter(tuple(self._seen.values()))

    def take(self, claims: Mapping[str, Any], beat: Mapping[str, Any], now: float) -> DropletSeen:
        """Note a beat of whom the token names."""
        before = self._seen.get(claims["service_id"])
        seen = DropletSeen(
            service_id=claims["service_id"],
            service_name=claims["service_name"],
            status=beat["status"],
            metrics=beat.get("metrics") or {},
            capabilities=_words(claims.get("capabilities")),
            first_beat=now if before is None else before.first_beat,
            last_beat=now,
            beats=1 if before is None else before.beats + 1,
        )
        self._seen[seen.service_id] = seen
        return seen

    def get(self, service_id: int) -> DropletSeen | None:
        return self._seen.get(service_id)

    def is_dead(self, service_id: int, now: float) -> bool:
        """Whether it beat once and has been silent too long since."""
        seen = self._seen.get(service_id)
        return seen is not None and now - seen.last_beat >= self.dead_after

    def status(self, service_id: int, now: float) -> str:
        """The word of the last beat, `dead` after too long a silence, `unknown` without a beat."""
        seen = self._seen.get(service_id)
        if seen is None:
            return "unknown"
        return "dead" if self.is_dead(service_id, now) else seen.status

    def clear(self) -> None:
        self._seen.clear()


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(word for word in value if isinstance(word, str))
