"""Sends what generators think of: through the probe, within the budget, with twins beside it."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from udckit.conformance.errors import NotObserved
from udckit.conformance.generated.evidence import Breach
from udckit.conformance.generated.reading import BRACKET, Reading
from udckit.conformance.heard import Heard
from udckit.conformance.observation import MISSING, Observation
from udckit.conformance.probe import ANONYMOUS, VALID, Ask, Probe

__all__ = ["Cases", "Sending", "SpentError", "a_beat", "a_registration", "a_task", "changed"]

Cases = Generator[Ask, Observation, None]
"""A generator of requests, told of each answer; it may ask next what an answer led it to."""

_DOORS: Final[Mapping[str, str]] = {
    "/message": "/message",
    "/register": "/register",
    "/heartbeat": "/heartbeat",
    "/tasks": "/tasks",
}
_NOT_LET_IN: Final = frozenset({401, 403})
_NUMBERS: Final = 1_000_000


class SpentError(Exception):
    """The budget is spent: what was asked so far is what there is."""


def a_registration(name: str, **members: Any) -> Ask:
    """Ask for a registration under a name; the same name has the same droplet_id in each run."""
    body = {
        "name": name,
        "droplet_id": 2_000_000 + zlib.crc32(name.encode("utf-8", "surrogatepass")) % _NUMBERS,
        "port": 8010,
        "health_endpoint": "/health",
        "capabilities": ["udckit-generated"],
        "version": "1.0.0",
        **members,
    }
    return Ask("POST", "/register", ANONYMOUS, body)


def a_beat(service: Probe, **members: Any) -> Ask:
    """Make a beat that nobody may refuse; members given replace those of it."""
    us = service.identity
    body = {
        "service_id": us.service_id,
        "service_name": us.service_name,
        "status": "active",
        "metrics": {"requests_per_minute": 4.5},
        **members,
    }
    return Ask("POST", "/heartbeat", VALID, body)


def a_task(**members: Any) -> Ask:
    """Make a task that nobody may refuse; members given replace those of it."""
    body = {
        "task_type": "udckit-generated",
        "data": {"text": "udckit"},
        "priority": "normal",
        **members,
    }
    return Ask("POST", "/tasks", VALID, body)


def changed(ask: Ask, members: Mapping[str, Any]) -> Ask:
    """Put members into the body of a request; those that are MISSING are left out."""
    body = {**ask.json, **members}
    return replace(ask, json={key: value for key, value in body.items() if value is not MISSING})


_TWINS: Final[Mapping[str, Callable[[Probe], Ask]]] = {
    "/message": lambda service: service.a_message(),
    "/register": lambda _: a_registration("udckit-generated"),
    "/heartbeat": a_beat,
    "/tasks": lambda _: a_task(),
}


@dataclass(slots=True)
class Sending:
    """Sends requests and reads their answers. `most` is how many, twins included; None: any.

    `ends` is the moment of the monotonic clock after which nothing more is sent. `patience` is how
    many seconds of the target's clock may pass for the sake of what they change; `peers` says
    whether further services of the kit's may be registered, and listen.
    """

    service: Probe
    reading: Reading
    most: int | None
    ends: float = float("inf")
    on_breach: Callable[[Breach], None] | None = None
    sent: int = 0
    patience: float = 0.0
    peers: bool = False
    followed: list[tuple[str, int]] = field(default_factory=list)
    """What was read beside the exchanges: calls that came (`heard`), and exchanges after which
    enough was waited (`waited`), by their numbers."""
    _since: dict[str, int] = field(default_factory=dict)
    _shut: set[str] = field(default_factory=set)
    _admits: Any = ANONYMOUS
    """What a registration needs: nothing, or the token where nobody is let in without (CONF-05)."""

    def run(self, cases: Cases) -> None:
        """Send all that a generator thinks of, until it or the budget is at its end."""
        try:
            ask = next(cases)
            while True:
                ask = cases.send(self.send(ask))
        except (StopIteration, SpentError):
            pass
        finally:
            cases.close()
        self.settle()

    def send(self, ask: Ask) -> Observation:
        """Send one request, beside a twin of its kind; raise SpentError where nothing is left."""
        door = self._door(ask)
        if door in self._shut:
            raise SpentError
        if door is not None and self._since.get(door, BRACKET) >= BRACKET - 1:
            self._twin(door)
        seen = self._send(ask)
        if door is not None and ask.method == "POST":
            self._since[door] += 1
        return seen

    def settle(self) -> None:
        """Send the last twins, so that what waits for them is judged."""
        for door, since in list(self._since.items()):
            if since and door not in self._shut:
                self._since[door] = 0
                self._ask(_TWINS[door](self.service))

    def hear(self, call: Heard) -> None:
        """Read a call that came to a peer of the kit's."""
        self.followed.append(("heard", call.number))
        self._tell(self.reading.hear(call))

    def waited(self, number: int) -> None:
        """Read that enough was waited after an exchange."""
        self.followed.append(("waited", number))
        self._tell(self.reading.waited(number))

    def _door(self, ask: Ask) -> str | None:
        return _DOORS.get(ask.path.split("?")[0])

    def _twin(self, door: str) -> None:
        seen = self._send(_TWINS[door](self.service))
        first = door not in self._since
        if first and door == "/register" and seen.status in _NOT_LET_IN and self.service.has_token:
            self._admits = VALID
            seen = self._send(_TWINS[door](self.service))
        self._since[door] = 0
        if first and (seen.status is None or seen.status // 100 != 2):  # noqa: PLR2004 - the 2xx
            self._shut.add(door)
            raise NotObserved(f"{seen.call} is not accepted as it should be")

    def _send(self, ask: Ask) -> Observation:
        if (self.most is not None and self.sent >= self.most) or time.monotonic() > self.ends:
            raise SpentError
        return self._ask(ask)

    def _ask(self, ask: Ask) -> Observation:
        if ask.path == "/register":
            ask = replace(ask, token=self._admits)
        return self._read(self.service.send(ask))

    def _read(self, seen: Observation) -> Observation:
        self.sent += 1
        self._tell(self.reading.read(seen.exchange))
        return seen

    def _tell(self, breaches: list[Breach]) -> None:
        for breach in breaches:
            if self.on_breach is not None:
                self.on_breach(breach)
