"""Plays outages upon what stands behind a target, and sees whether it notices."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from udckit.conformance.scenario.behind import Behind
from udckit.conformance.scenario.outage_acts import Notice, Outage, OutageAct, Recovery, Slowly
from udckit.conformance.scenario.recording import Look

__all__ = ["Outages", "is_up", "listed"]

_UDC: Final = ("/health", "/dependencies", "/state", "/capabilities")
_UP: Final = frozenset({"connected", "healthy", "up", "ok", "available", "degraded"})
"""CONF-19: whatever else an item says, it says that it is down."""

_SOUNDS: Final[Mapping[str, tuple[str, ...]]] = {
    "database": ("database", "db", "sql", "postgres", "maria", "mongo", "oracle"),
    "redis": ("redis", "valkey"),
}


class Notes(Protocol):
    """Writes a moment down."""

    def __call__(self, what: str, **detail: Any) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outages:
    """Plays these acts upon what stands behind one target; whoever plays the scenario lends hands.

    `rest` and `now` are in seconds of the target, `slowly` lets it live at the machine's speed.
    """

    behind: Behind
    look: Callable[[str], Look]
    note: Notes
    rest: Callable[[float], None]
    now: Callable[[], float]
    say: Callable[[str, float], None]
    slowly: Callable[[], contextlib.AbstractContextManager[None]]

    def do(self, act: OutageAct) -> None:
        """Play one act."""
        match act:
            case Outage():
                self._strike(act)
            case Recovery():
                for reach in self.behind.reaches.values():
                    reach.restore()
                self.note(act.what)
            case Notice():
                self._notice(act)
            case Slowly():
                with self.slowly():
                    self._watch(act.seconds, act.watching, act.every)

    def _strike(self, act: Outage) -> None:
        reach = self.behind.reaches[act.kind]
        is_file = act.kind in self.behind.files
        self.note(f"{act.kind} {act.how}", file=is_file, peak=reach.peak, taken=reach.taken)
        if act.how == "cut":
            reach.cut()
        else:
            reach.hang()

    def _notice(self, act: Notice) -> None:
        ends = self.now() + act.within
        while self.now() < ends:
            looks = {path: self.look(path) for path in _UDC}
            if _noticed(act, looks):
                self.note(act.what)
                return
            self.say(act.what, ends)
            self.rest(act.every)
        self.note(f"no {act.what}")

    def _watch(self, seconds: float, watching: Sequence[str], every: float) -> None:
        ends = self.now() + seconds
        while self.now() < ends:
            for path in watching:
                self.look(path)
            self.rest(every)


def _noticed(act: Notice, looks: Mapping[str, Look]) -> bool:
    told = looks["/dependencies"]
    return (
        looks["/health"].member("status") in act.health
        and not any(is_up(item) for kind in act.down for item in listed(told, kind))
        and all(is_up(item) for kind in act.up for item in listed(told, kind))
    )


def listed(
    look: Look, kind: str, where: Sequence[str] = ("required_services", "optional_services")
) -> list[Mapping[str, Any]]:
    """Give the items of /dependencies that a kind of dependency is listed as."""
    if kind not in _SOUNDS:
        where = ("external_apis",)
    lists = (look.member(name) for name in where)
    items = [item for each in lists if isinstance(each, list) for item in each]
    return [item for item in items if isinstance(item, dict) and _sounds_like(item, kind)]


def _sounds_like(item: Mapping[str, Any], kind: str) -> bool:
    told = f"{item.get('name')} {item.get('type')}".lower()
    return kind not in _SOUNDS or any(word in told for word in _SOUNDS[kind])


def is_up(item: Mapping[str, Any]) -> bool:
    """Say whether an item of /dependencies claims to be there."""
    return str(item.get("status")).lower() in _UP
