"""The two metric families of IG §10.1, in Prometheus text."""

from collections import defaultdict

__all__ = ["Metrics"]

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts by method, path template and status; unknown paths share one series (CONF-21)."""

    def __init__(self) -> None:
        self._totals: dict[tuple[str, str, str], int] = defaultdict(int)
        self._durations: dict[tuple[str, str], list[float]] = {}

    def count(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """One exchange."""
        self._totals[method, endpoint, str(status)] += 1
        row = self._durations.setdefault((method, endpoint), [0.0] * (len(_BUCKETS) + 2))
        for index, bound in enumerate(_BUCKETS):
            if seconds <= bound:
                row[index] += 1
        row[-2] += 1
        row[-1] += seconds

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
        for (method, endpoint), row in sorted(self._durations.items()):
            labels = f'method="{method}",endpoint="{endpoint}"'
            for bound, below in zip((*_BUCKETS, "+Inf"), row, strict=False):
                lines.append(f'{name}_bucket{{le="{bound}",{labels}}} {below}')
            lines.append(f"{name}_count{{{labels}}} {row[-2]}")
            lines.append(f"{name}_sum{{{labels}}} {row[-1]}")
        return "\n".join(lines) + "\n"
