"""Turns: a few at a time may do what keeps a core busy, in an order that was given before."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Final

__all__ = ["Turns"]

_LAST: Final = float("inf")


class Turns:
    """So many turns at a time. Whoever is expected is waited for by those who come later."""

    def __init__(self, at_a_time: int) -> None:
        self._free = at_a_time
        self._expected: list[float] = []
        self._changed = threading.Condition()

    def expect(self, place: int) -> None:
        """Keep a place: no turn is given to a later one before this one has had its own."""
        with self._changed:
            self._expected.append(place)

    def forget(self, place: int) -> None:
        """Wait for this place no more; nothing, where it has had its turn."""
        with self._changed:
            if place in self._expected:
                self._expected.remove(place)
                self._changed.notify_all()

    @contextlib.contextmanager
    def turn(self, place: int) -> Iterator[Callable[[], None]]:
        """Wait for a turn. What is given ends it; so does the end of the context."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._free > 0 and min(self._expected, default=_LAST) >= place
            )
            self._free -= 1
        self.forget(place)
        held = [True]

        def over() -> None:
            with self._changed:
                if held:
                    held.pop()
                    self._free += 1
                    self._changed.notify_all()

        try:
            yield over
        finally:
            over()
