"""What this droplet is doing: the numbers of /state and of every beat."""

import time
from collections import deque
from datetime import UTC, datetime

# The guide's beats send get_current_rpm() and get_error_rate() and leave both to the reader. Here
# is one honest way: remember the requests of the last minute, and count from them.

WINDOW = 60.0
MOST_REMEMBERED = 100_000


def now() -> str:
    """This moment as the contract writes it: UTC, with a Z (CONF-43)."""
    return timestamp(datetime.now(UTC))


def timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Activity:
    """Counts what was answered, how fast, and how much of it failed."""

    def __init__(self) -> None:
        self._born = time.monotonic()
        self._recent: deque[tuple[float, float, bool]] = deque(maxlen=MOST_REMEMBERED)
        self._total = 0
        self._last: datetime | None = None

    @property
    def uptime_seconds(self) -> int:
        """Whole seconds since the start, on a clock that nobody sets back."""
        return int(time.monotonic() - self._born)

    @property
    def last_activity(self) -> datetime | None:
        return self._last

    def note(self, seconds: float, status: int) -> None:
        """An answer was given."""
        self._recent.append((time.monotonic(), seconds, status >= 500))  # noqa: PLR2004 - the 5xx
        self._total += 1
        self._last = datetime.now(UTC)

    def metrics(self) -> dict[str, float]:
        """The three key metrics of UDC §2.3, and the number of answers since the start."""
        edge = time.monotonic() - WINDOW
        while self._recent and self._recent[0][0] < edge:
            self._recent.popleft()
        count = len(self._recent)
        seconds = sum(entry[1] for entry in self._recent)
        failed = sum(entry[2] for entry in self._recent)
        return {
            "requests_per_minute": float(count),
            "average_response_time_ms": round(1000 * seconds / count, 3) if count else 0.0,
            "error_rate_percent": round(100 * failed / count, 3) if count else 0.0,
            "requests_total": self._total,
        }
