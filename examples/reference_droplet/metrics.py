"""Guide section 10: requests counted and timed, for Prometheus."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest
from starlette.types import Scope

# What the guide's sample does otherwise: it labels by request.url.path, so that every id, and every
# path that somebody makes up, is a time series of its own until memory is full; and its media type
# lacks the version that Prometheus asks for.


class Metrics:
    """The metrics of one application; a registry of its own, so that tests may have several."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._count = Counter(
            "http_requests_total",
            "Requests that were answered.",
            ["method", "endpoint", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Seconds from the request to the first byte of its answer.",
            ["method", "endpoint"],
            registry=self._registry,
        )

    def note(self, scope: Scope, seconds: float, status: int) -> None:
        """An answer was given."""
        endpoint = getattr(scope.get("route"), "path", "unmatched")
        known = scope["method"] in {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"}
        method = scope["method"] if known else "other"
        self._count.labels(method, endpoint, status).inc()
        self._seconds.labels(method, endpoint).observe(seconds)

    def page(self) -> bytes:
        """What Prometheus reads."""
        return generate_latest(self._registry)
