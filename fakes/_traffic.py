"""What a fake knows of its own traffic, for /state and for beats."""

__all__ = ["Traffic"]

_WINDOW = 60


class Traffic:
    """Counts of the last 60 seconds and of the whole life, at a fixed cost."""

    def __init__(self) -> None:
        self.total = 0
        self.errors = 0
        self.last: float | None = None
        self._spent = 0.0
        self._seconds = [0] * _WINDOW
        self._counts = [0] * _WINDOW

    def count(self, now: float, spent: float, status: int | None) -> None:
        """One request that came at `now` and took `spent` seconds."""
        self.total += 1
        self.last = now
        self._spent += spent
        if status is None or status >= 500:  # noqa: PLR2004 - the 5xx
            self.errors += 1
        second = int(now)
        slot = second % _WINDOW
        if self._seconds[slot] == second:
            self._counts[slot] += 1
        else:
            self._seconds[slot] = second
            self._counts[slot] = 1

    def metrics(self, now: float) -> dict[str, float]:
        """The three key metrics of UDC §2.3."""
        oldest = int(now) - _WINDOW
        slots = zip(self._seconds, self._counts, strict=True)
        total = self.total or 1
        return {
            "requests_per_minute": float(sum(count for second, count in slots if second > oldest)),
            "average_response_time_ms": round(1000 * self._spent / total, 3),
            "error_rate_percent": round(100 * self.errors / total, 3),
        }
