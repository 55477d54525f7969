"""Readings of /metrics: a way that is found once, and figures compared over several readings."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from udckit.conformance import ANONYMOUS, VALID, NotObserved, Observation, Probe, expect
from udckit.conformance._capabilities import metrics_page
from udckit.conformance.suites.udc._ground import reading
from udckit.conformance.suites.udc._prometheus import Page, Sample, read_page

__all__ = ["COUNTER", "HISTOGRAM", "LABELS", "moves", "pages"]

COUNTER: Final = "http_requests_total"
HISTOGRAM: Final = "http_request_duration_seconds"
LABELS: Final = {
    COUNTER: {"method", "endpoint", "status"},
    f"{HISTOGRAM}_bucket": {"method", "endpoint", "le"},
    f"{HISTOGRAM}_sum": {"method", "endpoint"},
    f"{HISTOGRAM}_count": {"method", "endpoint"},
}
"""The samples of the two families, and the exact set of labels that each carries (IG §10.1)."""

_COUNTED: Final = "/state"


def pages(service: Probe, number: int = 1) -> list[tuple[Observation, Page]]:
    """Read /metrics several times, in the way that the first reading found.

    Raises:
        NotApplicable: it shows no metrics.
        NotObserved: a page does not come, or does not parse: that is another row's to judge.
    """
    service.require("metrics")
    first = metrics_page(service)
    headers = {name.lower() for name, _ in first.exchange.request.headers}
    token = VALID if "authorization" in headers else ANONYMOUS
    path = first.exchange.request.target
    seen = [first, *(service.get(path, token=token) for _ in range(number - 1))]
    return [(each, _parsed(each)) for each in seen]


def _parsed(seen: Observation) -> Page:
    if seen.status != HTTPStatus.OK:
        raise NotObserved(f"{seen.call} answered {seen.status}", blocked_by="OPS-METRICS-001")
    try:
        return read_page(seen)
    except ValueError as trouble:
        reason = f"{seen.call} does not parse: {trouble}"
        raise NotObserved(reason, blocked_by="OPS-METRICS-002") from trouble


def moves(service: Probe, name: str, *, requests: int, readings: int) -> None:
    """Hold that requests to /state raise a figure by their number, or 1 with several workers.

    Workers may show figures of their own, so the largest of several readings counts. Where fewer
    were counted and the readings are all alike, one more request tells one worker that counts
    wrongly from several that took the same share each.
    """
    if reading(service, _COUNTED).status != HTTPStatus.OK:
        raise NotObserved(f"GET {_COUNTED} is not answered 200, so nothing can be counted")
    before = max(_figures(pages(service, readings), name))
    answers = [service.get(_COUNTED) for _ in range(requests)]
    wanted = sum(each.status == HTTPStatus.OK for each in answers)

    seen = pages(service, readings)
    after = _figures(seen, name)
    gained = max(after) - before
    if gained < wanted and len(set(after)) == 1 and gained > 0:
        wanted += service.get(_COUNTED).status == HTTPStatus.OK
        seen = pages(service, readings)
        after = _figures(seen, name)
        gained = max(after) - before
    workers = len(set(after)) > 1
    expect(seen[-1][0]).holds(
        gained >= (1 if workers else wanted) and wanted > 0,
        expected=f"`{name}` for GET {_COUNTED} raised by {wanted} after as many requests",
        observed=f"raised by {gained:g}",
    )


def _figures(seen: list[tuple[Observation, Page]], name: str) -> list[float]:
    """Give what each page counts for GET /state; a family that is not there is another row's."""
    if not any(set(sample.labels) == LABELS[name] for _, page in seen for sample in page.of(name)):
        raise NotObserved(f"`{name}` has no sample as it should be", blocked_by="OPS-METRICS-002")
    return [sum(each.value for each in page.of(name) if _is_counted(each)) for _, page in seen]


def _is_counted(sample: Sample) -> bool:
    """True where a sample is of GET /state, answered 200 where it says how."""
    labels = sample.labels
    return (
        labels.get("method", "").upper() == "GET"
        and labels.get("endpoint", "").rstrip("/").endswith(_COUNTED)
        and labels.get("status", "200") == "200"
    )
