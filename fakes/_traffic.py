"""What a fake knows of its own traffic, for /state, for beats and for /metrics."""

from udckit.fakes._metrics import Metrics

__all__ = ["Traffic"]

_WINDOW = 60
_BATCH = 512  # exchanges that are noted before they are counted: counting many at once is cheap


class Traffic:
    """Counts of the last 60 seconds and of the whole life, at a fixed cost."""

    def __init__(self) -> None:
        self._noted: list[tuple[float, float, int | None, str, str]] = []
        self._metrics = Metrics()
        self._total = 0
        self._errors = 0
        self._last: float | None = None
        self._spent = 0.0
        self._seconds = [0] * _WINDOW
        self._counts = [0] * _WINDOW

    def note(
        self, now: float, spent: float, status: int | None, method: str, endpoint: str
    ) -> None:
        """One exchange that came at `now` and took `spent` seconds."""
        self._noted.append((now, spent, status, method, endpoint))
        if len(self._noted) >= _BATCH:
            self._count()

    def last(self) -> float | None:
        """When the last request came."""
        self._count()
        return self._last

    def metrics(self, now: float) -> dict[str, float]:
        """The three key metrics of UDC §2.3."""
        self._count()
        oldest = int(now) - _WINDOW
        slots = zip(self._seconds, self._counts, strict=True)
        total = self._total or 1
        return {
            "requests_per_minute": float(sum(count for second, count in slots if second > oldest)),
            "average_response_time_ms": round(1000 * self._spent / total, 3),
            "error_rate_percent": round(100 * self._errors / total, 3),
        }

    def exposition(self) -> str:
        """The families of IG §10.1, in Prometheus text."""
        self._count()
        return self._metrics.exposition()

    def _count(self) -> None:
        noted, self._noted = self._noted, []
        for now, spent, status, method, endpoint in noted:
            self._total += 1
            self._last = now
            self._spent += spent
            if status is None or status >= 500:  # noqa: PLR2004 - the 5xx
                self._errors += 1
            second = int(now)
            slot = second % _WINDOW
            if self._seconds[slot] != second:
                self._seconds[slot], self._counts[slot] = second, 0
            self._counts[slot] += 1
            if status is not None:
                self._metrics.count(method, endpoint, status, spent)
