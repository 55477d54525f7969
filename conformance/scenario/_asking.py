"""How the kit itself asks the target in a scenario: as its peer, as nobody, or as a stranger."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from udckit.conformance._wire import Outgoing, Returned, Wire
from udckit.conformance.scenario._pace import Pace
from udckit.conformance.scenario._taken import Notebook
from udckit.conformance.scenario.acts import Token
from udckit.conformance.scenario.clock import speed_of
from udckit.conformance.scenario.stand import PEER, Surround, Target
from udckit.fakes import ManualClock, SigningKey

__all__ = ["Asker"]

_DEADLINE: Final = 10.0
"""Seconds that a caller waits for an answer (IG §5.2)."""
_SLOWER: Final = 3.0
_AN_HOUR: Final = 3600


class Asker:
    """Asks the target, and writes down what came. Times are seconds of the target."""

    def __init__(self, target: Target, around: Surround, pace: Pace, book: Notebook) -> None:
        self._target = target
        self._around = around
        self._pace = pace
        self._book = book
        self._valid = around.token
        self._strangers = 0
        self._wire: Wire | None = None
        self._abandoned: list[Wire] = []
        self._wire_url = ""

    def ask(
        self,
        name: str,
        method: str,
        path: str,
        token: Token,
        *,
        body: Any = None,
        base: str | None = None,
        kept: bool = True,
        deadline: float = _DEADLINE,
    ) -> int | None:
        """Ask, and give the status; what is not `kept` is noted only when it was answered."""
        wire = self._wire_to(base or self._target.url)
        headers = [("Accept", "*/*"), ("User-Agent", "udckit")]
        if (bearer := self._token(token)) is not None:
            headers.append(("Authorization", f"Bearer {bearer}"))
        if body is not None:
            headers.append(("Content-Type", "application/json"))
        raw = None if body is None else json.dumps(body).encode()
        slower = _SLOWER if isinstance(self._around.clock, ManualClock) else 1.0
        limit = max(1.0, slower * deadline / speed_of(self._around.clock))
        outgoing = Outgoing(method, path, tuple(headers), raw, deadline=limit)
        at, started = self._around.clock.now(), self._around.clock.monotonic()
        returned = self._pace.during(lambda: wire.send(outgoing), deadline)
        if returned is None:
            returned = Returned(deadline, trouble="timeout", detail="no answer in time")
            self._abandoned.append(wire)
            self._wire = None
        seconds = self._around.clock.monotonic() - started
        self._pace.tick()
        status = returned.status if returned.trouble is None else None
        if kept or status is not None:
            self._book.look(at, name, method, path, seconds, returned)
        return status

    def rotate(self) -> None:
        """Take another key in the Registry, and a token of it."""
        registry, peer = self._around.registry, self._around.peer
        registry.rotate_key()
        admitted = registry.register(PEER, peer.droplet_id, host="127.0.0.1", port=peer.port)
        self._valid = admitted.token

    def take(self, token: str) -> None:
        """Ask with another token from now on."""
        self._valid = token

    def close(self) -> None:
        """Close every connection."""
        if self._wire is not None:
            self._wire.close()
        while self._abandoned:
            self._abandoned.pop().close()

    def _token(self, word: Token) -> str | None:
        match word:
            case "none":
                return None
            case "valid":
                return self._valid
            case "old":
                return self._around.token
            case "fresh":
                number = self._around.peer_number
                return self._around.registry.mint(service_id=number, service_name=PEER)
            case "stranger":
                now = int(self._around.clock.now())
                self._strangers += 1
                claims = {"service_id": 1, "service_name": PEER, "capabilities": [], "iat": now}
                return _stranger().sign({**claims, "exp": now + _AN_HOUR + self._strangers})

    def _wire_to(self, url: str) -> Wire:
        """Keep no connection over a start or another port: each is a server of its own."""
        if self._wire is None or self._wire_url != url:
            if self._wire is not None:
                self._wire.close()
            self._wire, self._wire_url = Wire(url), url
        return self._wire


@cache
def _stranger() -> SigningKey:
    """A key that no Registry knows."""
    return SigningKey.generate("a stranger's")
