"""The two metric families of IG §10.1, in Prometheus text."""

from bisect import bisect_left
from itertools import accumulate

__all__ = ["Metrics"]

_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts by method, path template and status; unknown paths share one series (CONF-21)."""

    def __init__(self) -> None:
        self._totals: dict[tuple[str, str, int], int] = {}
        self._durations: dict[tuple[str, str], list[int]] = {}
        self._sums: dict[tuple[str, str], float] = {}

    def count(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """One exchange."""
        of_status, key = (method, endpoint, status), (method, endpoint)
        self._totals[of_status] = self._totals.get(of_status, 0) + 1
        row = self._durations.get(key)
        if row is None:
            row = self._durations[key] = [0] * (len(_BOUNDS) + 1)
        row[bisect_left(_BOUNDS, seconds)] += 1
        self._sums[key] = self._sums.get(key, 0.0) + seconds

    def exposition(self) -> str:
        """Everything counted so far."""
        lines = [
            "# HELP http_requests_total Total HTTP requests",
            "# TYPE http_requests_total counter",
        ]
        for (method, endpoint, status), total in sorted(self._totals.items()):
            labels = f'method="{method}",endpoint="{endpoint}",status="{status}"'
            lines.append(f"http_requests_total{{{labels}}} {float(total)}")
        name = "http_request_duration_seconds"
        lines += [f"# HELP {name} HTTP request duration", f"# TYPE {name} histogram"]
        for key, row in sorted(self._durations.items()):
            labels = f'method="{key[0]}",endpoint="{key[1]}"'
            for bound, below in zip((*_BOUNDS, "+Inf"), accumulate(row), strict=True):
                lines.append(f'{name}_bucket{{le="{bound}",{labels}}} {float(below)}')
            lines.append(f"{name}_count{{{labels}}} {float(sum(row))}")
            lines.append(f"{name}_sum{{{labels}}} {self._sums[key]}")
        return "\n".join(lines) + "\n"
