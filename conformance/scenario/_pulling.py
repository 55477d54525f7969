"""What a scenario does with the operator's triggers, which make the target call others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from udckit.conformance.scenario._asking import Asker
from udckit.conformance.scenario._taken import Notebook
from udckit.conformance.scenario.acts import Pull, PullOthers
from udckit.conformance.scenario.stand import PEER, Surround
from udckit.conformance.trigger import Trigger

__all__ = ["Puller"]

_LONGEST: Final = 50.0
"""Seconds that a trigger's sender waits, longer than any call to a peer may take (DISC-008)."""
_A_MOMENT: Final = 1.0
_NAMESAKE: Final = 990_003

Rest = Callable[[float], None]
Progress = Callable[[str, float], None]


class Puller:
    """Sends triggers, and moves the peer that they make the target call."""

    def __init__(
        self, triggers: Sequence[Trigger], around: Surround, asker: Asker, book: Notebook
    ) -> None:
        self.triggers = tuple(triggers)
        self._around = around
        self._asker = asker
        self._book = book
        for name in {each.peer for each in triggers} - {PEER}:
            self._admit(name)

    def pull(self, act: Pull, rest: Rest, progress: Progress) -> None:
        """Send the first trigger as often as the act says."""
        if act.which >= len(self.triggers):
            return
        trigger = self.triggers[act.which]
        if act.to is not None and not trigger.is_open:
            return
        if act.to is not None:
            trigger = trigger.to(act.to)
            if act.known:
                self._admit(act.to)
        for _ in range(act.times):
            ends = self._now() + act.within
            while not self._send(act.name, trigger) and self._now() < ends:
                progress(f"the trigger to be answered well ({act.name})", ends)
                rest(min(act.every, max(0.0, ends - self._now())))

    def pull_others(self, act: PullOthers, own: str, rest: Rest) -> None:
        """Send the others once each; `own` is where the target listens, and may be called back."""
        for each in self.triggers[1:]:
            self._send(act.name, each)
            rest(_A_MOMENT)
        outcome = {"message_id": "udckit-unknown", "status": "completed", "result": {}}
        for entry in self._around.peer.journal:
            asked: Any = entry.json if entry.operation == "postMessage" else None
            place = urlsplit(str(asked.get("reply_to")) if isinstance(asked, Mapping) else "")
            if f"{place.scheme}://{place.netloc}" == own:
                path = f"{place.path}?{place.query}" if place.query else place.path
                self._asker.ask("own callback", "POST", path, "valid", body=outcome)
                self._asker.ask("own callback, no token", "POST", path, "none", body=outcome)

    def move(self) -> None:
        """Let the peer listen on another port, as the Registry then says."""
        self._around.peer.stop()
        self._around.peer.start()
        self._admit(PEER)
        for name in {each.peer for each in self.triggers} - {PEER}:
            self._admit(name)

    def _admit(self, name: str) -> None:
        peer = self._around.peer
        number = peer.droplet_id if name == PEER else _NAMESAKE + sum(name.encode())
        self._around.registry.register(name, number, host="127.0.0.1", port=peer.port)

    def _send(self, name: str, trigger: Trigger) -> bool:
        """Send it; whether it was answered as it should be is noted, and given."""
        status = self._asker.ask(
            name,
            trigger.method,
            trigger.target,
            "valid",
            body=trigger.content,
            deadline=_LONGEST,
        )
        right = trigger.is_met_by(status)
        self._book.note(f"{name} answered", right=right, status=status, peer=trigger.peer)
        return right

    def _now(self) -> float:
        return self._around.clock.now()
