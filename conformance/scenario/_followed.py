"""One droplet among all that came to running fakes: which calls are its own, and of this life."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from udckit.conformance.scenario._remote import RemoteJournal
from udckit.fakes import JournalEntry

__all__ = ["Followed", "Life"]

BEFORE: Final = 200.0
"""Seconds before the kit came in which its beats are judged: three of them, and not a night."""
_FIRST: Final = 70.0
_SOONER: Final = 1.5
"""Seconds by which a start that is reckoned from whole seconds of uptime may be too late."""
_FLOORED: Final = 1.0
"""Seconds that an uptime of whole seconds leaves out."""
_BEFORE_START: Final = 10.0
_KIT: Final = "udckit"
_KITS: Final = ("udckit-probe", "udckit-peer")
"""Beginnings of the names under which this kit, or another one on this machine, registers."""
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Life:
    """From the droplet's start, or from its last registration where that is all that is known.

    `others` are droplets that registered beside it, `stray` calls that may be anybody's, `local`
    says that it runs where the kit's own addresses are reached.
    """

    name: str | None
    since: float
    is_known: bool
    others: frozenset[str] = frozenset()
    stray: int = 0
    local: bool = True
    faulty: bool = False


@dataclass(slots=True)
class Followed:
    """The droplet at a port. `any_port` takes the only one that registered, whatever it says."""

    registry: RemoteJournal
    orchestrator: RemoteJournal
    port: int | None
    came: float
    any_port: bool = False
    started: float | None = None
    """When it started, an epoch; None where its uptime does not tell."""
    _life: Life | None = field(default=None, init=False)

    def refresh(self) -> None:
        """Read the journals on. Raises ControlError."""
        self.registry.refresh()
        self.orchestrator.refresh()
        self._life = None

    @property
    def life(self) -> Life:
        """What is known of it now."""
        self._life = self._life or self._looked_at()
        return self._life

    def calls(self, fake: str) -> list[JournalEntry]:
        """Give its calls of this life to `registry` or `orchestrator`: the first, and the last."""
        name, since = self.life.name, self.life.since
        found = [each for each in self._own(fake, name) if self._counts(each, since)]
        own = self._own("registry", name)
        taken = [e.time for e in own if _registers(e) and _taken(e) and self._counts(e, since)]
        first = min(taken, default=since)
        key = next((each.number for each in found if each.operation == "getPublicKey"), None)
        earlier = {(str, each.token) for each in found if each.time < first and each.token}
        former = earlier & set(self._marks(name))  # tokens of a life before this one
        return [
            each
            for each in found
            if (each.time >= first or (str, each.token) not in former)
            and self._is_kept(each, first, key)
        ]

    def _is_kept(self, entry: JournalEntry, first: float, key: int | None) -> bool:
        """Say whether it is of the first minute or the last ones, or tells who it is."""
        return (
            entry.time <= first + _FIRST
            or entry.time >= self.came - BEFORE
            or _registers(entry)
            or entry.number == key
        )

    def _counts(self, entry: JournalEntry, since: float) -> bool:
        """Say whether it is of this life; a key may be fetched before anything else."""
        if entry.operation == "getPublicKey":
            return entry.time >= since - _BEFORE_START
        return entry.time >= (since - _SOONER if _registers(entry) else since)

    def _looked_at(self) -> Life:
        name = self._name()
        own = [e for e in self._own("registry", name) if _registers(e) and _taken(e)]
        since, known = self.came, False
        if self.started is not None:
            later = [each.time for each in own if each.time >= self.started - _SOONER]
            known = bool(later) or not own
            since = min([self.started - _FLOORED, *later])
        if not known and own:
            since = own[-1].time
        others = self._others(name)
        mine = [e for fake in ("registry", "orchestrator") for e in self._own(fake, name)]
        recent = [each for each in mine if each.time >= since]
        return Life(
            name=name,
            since=since,
            is_known=known,
            others=others,
            stray=self._strays(name) if others else 0,
            local=all(map(_is_local, recent)),
            faulty=any(each.fault is not None for each in recent),
        )

    def _name(self) -> str | None:
        taken = [each for each in self._registrations() if _taken(each)]
        at_port = [_member(each, "name") for each in taken if _member(each, "port") == self.port]
        if at_port:
            return str(at_port[-1])
        names = self._others(None)
        return next(iter(names)) if self.any_port and len(names) == 1 else None

    def _names(self) -> set[str]:
        return {str(_member(each, "name")) for each in self._registrations() if _taken(each)}

    def _others(self, name: str | None) -> frozenset[str]:
        """Name the other droplets, as the kit's own services are not."""
        return frozenset(
            each for each in self._names() if each != name and not each.startswith(_KITS)
        )

    def _registrations(self) -> list[JournalEntry]:
        return [each for each in self.registry if _registers(each) and not _is_kit(each)]

    def _own(self, fake: str, name: str | None) -> list[JournalEntry]:
        journal = self.registry if fake == "registry" else self.orchestrator
        whose = self._marks(name)
        alone = not self._others(name)
        return [e for e in journal if not _is_kit(e) and whose.get(_mark(e, whose), alone)]

    def _strays(self, name: str | None) -> int:
        whose = self._marks(name)
        late = self.came - BEFORE
        calls = [e for journal in (self.registry, self.orchestrator) for e in journal]
        return sum(
            e.time >= late
            and not _is_kit(e)
            and e.operation != "getPublicKey"
            and _mark(e, whose) not in whose
            for e in calls
        )

    def _marks(self, name: str | None) -> dict[Any, bool]:
        """Tell by which tokens, numbers and names a call is its own, or another droplet's."""
        marks: dict[Any, bool] = {}
        for each in self._registrations():
            own = str(_member(each, "name")) == name
            given = each.answer if isinstance(each.answer, Mapping) else {}
            for mark in _names_in(_member(each, "name"), _member(each, "droplet_id"), given):
                marks[mark] = marks.get(mark, False) or own
        return marks


def _names_in(name: Any, droplet_id: Any, given: Mapping[str, Any]) -> Iterable[Any]:
    told = (name, droplet_id, given.get("service_id"), given.get("token"))
    return [(type(each), each) for each in told if isinstance(each, str | int)]


def _mark(entry: JournalEntry, whose: Mapping[Any, bool]) -> Any:
    """Give what in a call says whose it is; the token first, and None where nothing does."""
    told = (
        entry.token,
        _member(entry, "name"),
        _member(entry, "service_name"),
        _member(entry, "from_service"),
        _member(entry, "service_id"),
    )
    marks = ((type(each), each) for each in told if isinstance(each, str | int))
    return next((each for each in marks if each in whose), None)


def _member(entry: JournalEntry, name: str) -> Any:
    body = entry.json
    return body.get(name) if isinstance(body, dict) else None


def _registers(entry: JournalEntry) -> bool:
    return entry.operation == "registerService"


def _taken(entry: JournalEntry) -> bool:
    return entry.answered is not None and 200 <= entry.answered < 300  # noqa: PLR2004 - the 2xx


def _is_kit(entry: JournalEntry) -> bool:
    return entry.headers.get("user-agent") == _KIT


def _is_local(entry: JournalEntry) -> bool:
    """Say whether it was sent from this machine to this machine, and not out of a container."""
    host = entry.headers.get("host", "").lower()
    host = host.rpartition(":")[0] or host
    try:
        near = entry.client is None or ipaddress.ip_address(entry.client).is_loopback
    except ValueError:
        near = False
    return near and host in _LOOPBACK
