"""The walk that all state machines of a run share: what is sent, heard and waited for."""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection
from typing import Final

from udckit.conformance.errors import NotObserved
from udckit.conformance.generated.evidence import Breach
from udckit.conformance.generated.sending import Sending, SpentError
from udckit.conformance.heard import Heard
from udckit.conformance.observation import Observation
from udckit.conformance.probe import Ask, Probe

__all__ = ["BrokenError", "Walks"]

_LOOK: Final = 0.02
_LONGEST_LOOK: Final = 1.0


class BrokenError(AssertionError):
    """A walk came upon a breach; hypothesis looks for a shorter one."""


class Walks:
    """The sending that all walks of a run share, and what they have seen come back."""

    def __init__(self, sending: Sending) -> None:
        self.steps = 0
        self.broke = False
        """True once a walk came upon a breach: a target that breaks once may hold the next time."""
        self.trouble: NotObserved | None = None
        self.numbers = itertools.count(1)
        """For names that are this run's own."""
        self.tokens: dict[str, str] = {}
        """The first token that a service got in this run."""
        self.beats: dict[str, float] = {}
        """When a worker's last beat was taken, by the kit's clock."""
        self._sending = sending
        self._breaches: list[Breach] = []
        self._over = False
        self._known: set[int] = set()
        told = sending.on_breach

        def heard(breach: Breach) -> None:
            self._breaches.append(breach)
            if told is not None:
                told(breach)

        sending.on_breach = heard

    @property
    def service(self) -> Probe:
        """The probe."""
        return self._sending.service

    def goes_on(self) -> None:
        """Begin again with a new budget."""
        self._over = self.trouble is not None

    def step(self, ask: Ask) -> Observation | None:
        """Send; None where nothing is sent any more."""
        if self._over:
            return None
        self._breaches.clear()
        try:
            seen = self._sending.send(ask)
        except SpentError:
            self._over = True
            return None
        except NotObserved as outcome:
            self._over, self.trouble = True, outcome
            return None
        self.steps += 1
        self._stop_at_a_breach()
        return seen

    def let_pass(self, seconds: float) -> None:
        """Let time pass for the target, where there is patience for it."""
        if not self._over and seconds <= self._sending.patience:
            self._sending.patience -= seconds
            self.service.wait(seconds)

    def arrivals(self, peers: Collection[str], mark: str, within: float) -> list[Heard]:
        """Give what came to any of the peers with a mark; wait for it up to so many seconds."""
        ends = min(time.monotonic() + within, self._sending.ends)
        look = _LOOK
        self._breaches.clear()
        while True:
            came = [call for peer in peers for call in self.service.heard(peer, mark, within=look)]
            for call in came:
                if call.number not in self._known:
                    self._known.add(call.number)
                    self._sending.hear(call)
            self._stop_at_a_breach()
            if came or time.monotonic() >= ends:
                return came
            look = min(look * 2, _LONGEST_LOOK)

    def waited(self, seen: Observation) -> None:
        """Say that enough was waited for what should follow an exchange."""
        if time.monotonic() < self._sending.ends:
            self._breaches.clear()
            self._sending.waited(seen.exchange.number)
            self._stop_at_a_breach()

    def _stop_at_a_breach(self) -> None:
        if self._breaches:
            self.broke = True
            raise BrokenError(self._breaches[0].expected)
