"""A circuit breaker (IG §9.2): five failures in a row open it, a minute later one call may try."""

from collections.abc import Callable

__all__ = ["Breaker"]

_THRESHOLD = 5


class Breaker:
    """One peer's circuit. `now` gives seconds that never fall."""

    def __init__(self, now: Callable[[], float], *, rests: float, never_closes: bool) -> None:
        self._now = now
        self._rests = rests
        self._never_closes = never_closes
        self._failures = 0
        self._opened: float | None = None

    def lets_through(self) -> bool:
        """Whether a call may be made now; an open circuit lets one through after its rest."""
        return self._opened is None or self._now() - self._opened >= self._rests

    def succeeded(self) -> None:
        if self._never_closes and self._opened is not None:
            self._opened = self._now()
            return
        self._failures, self._opened = 0, None

    def failed(self) -> None:
        self._failures += 1
        if self._opened is not None or self._failures >= _THRESHOLD:
            self._opened = self._now()
