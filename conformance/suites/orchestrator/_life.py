"""Where an Orchestrator tells who lives: in a listing of its own, else by whom it gives work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from udckit.conformance import MISSING, UDC_PATHS, NotObserved, Observation, Probe
from udckit.conformance.heard import Sender
from udckit.conformance.suites.orchestrator._worker import assignments, give_work

STILL_ALIVE: Final = 174.0
SURELY_DEAD: Final = 240.0
"""Seconds of silence: a second before 180 less the tolerance of a beat, and a minute after."""

_ROUTED_WITHIN: Final = 5.0

Life = tuple[str, ...]
"""The words that are told of a droplet, without times and figures."""


@dataclass(slots=True)
class Oracle:
    """Tells whether a worker lives, each time in the same way."""

    service: Probe
    worker: Sender
    ability: str
    path: str | None = None
    _tasks: int = field(default=0)

    def tell(self) -> tuple[Observation, Life]:
        """Ask once more; the words are to be compared with those of another time."""
        if self.path is not None:
            seen = self.service.get(self.path)
            return seen, words_of(_item(seen.json, self.worker))
        self._tasks += 1
        mark = f"udckit-still-there-{self._tasks}"
        made = give_work(self.service, mark, self.ability)
        came = assignments(self.service, mark, to=self.worker.name, within=_ROUTED_WITHIN)
        return made, ("is given work",) if came else ("is given no work",)


def oracle(service: Probe, worker: Sender, ability: str) -> Oracle:
    """Find out how a worker's life is told; where it is not, nothing is observed."""
    for path in _listings(service):
        if _item(service.get(path).json, worker) is not MISSING:
            return Oracle(service, worker, ability, path)
    by_routing = Oracle(service, worker, ability)
    if by_routing.tell()[1] != ("is given work",):
        raise NotObserved(
            "neither a listing of its own nor its routing shows which droplets live: list a GET "
            "route that does among integration_endpoints"
        )
    return by_routing


def words_of(item: Any) -> Life:
    """Give the words in an object: truths, nothings, and texts that begin as no time does."""
    if not isinstance(item, Mapping):
        return (f"{item}",)
    return tuple(
        f"{name}: {value}"
        for name, value in sorted(item.items())
        if value is None
        or isinstance(value, bool)
        or (isinstance(value, str) and not value[:1].isdigit())
    )


def _listings(service: Probe) -> Iterator[str]:
    """Name the GET routes without placeholders that the target itself lists."""
    listed = service.read("/capabilities").member("integration_endpoints")
    for item in listed if isinstance(listed, list) else ():
        path = item.get("path") if isinstance(item, dict) and item.get("method") == "GET" else None
        if not isinstance(path, str) or not path.startswith("/") or "{" in path:
            continue
        if path not in UDC_PATHS:
            yield path


def _item(value: Any, worker: Sender) -> Any:
    """Find a worker in a listing of any shape; MISSING where it is not there."""
    if isinstance(value, Mapping):
        if worker.name in value:
            return value[worker.name]
        own = list(value.values())
        if worker.name in [each for each in own if isinstance(each, str)]:
            return value
        value = own
    if isinstance(value, list):
        for each in value:
            if isinstance(each, Mapping | list) and (found := _item(each, worker)) is not MISSING:
                return found
    return MISSING
