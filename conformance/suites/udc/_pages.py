"""Readings of /metrics: a way that is found once, and figures compared over several readings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from udckit.conformance import ANONYMOUS, VALID, NotObserved, Observation, Probe, expect
from udckit.conformance._capabilities import metrics_page
from udckit.conformance.suites.udc._ground import reading
from udckit.conformance.suites.udc._prometheus import Page, Sample, read_page

__all__ = ["COUNTER", "FAMILIES", "HISTOGRAM", "LABELS", "moves", "pages"]

COUNTER: Final = "http_requests_total"
HISTOGRAM: Final = "http_request_duration_seconds"
FAMILIES: Final = {COUNTER: "counter", HISTOGRAM: "histogram"}
LABELS: Final = {
    COUNTER: {"method", "endpoint", "status"},
    f"{HISTOGRAM}_bucket": {"method", "endpoint", "le"},
    f"{HISTOGRAM}_sum": {"method", "endpoint"},
    f"{HISTOGRAM}_count": {"method", "endpoint"},
}
"""The samples of the two families, and the exact set of labels that each carries (IG §10.1)."""

_COUNTED: Final = "/state"


def pages(service: Probe, number: int = 1) -> Iterator[tuple[Observation, Page]]:
    """Read /metrics up to a number of times, in the way that the first reading found.

    Raises:
        NotApplicable: it shows no metrics.
        NotObserved: a page does not come, or does not parse: that is another row's to judge.
    """
    service.require("metrics")
    seen = metrics_page(service)
    headers = {name.lower() for name, _ in seen.exchange.request.headers}
    token = VALID if "authorization" in headers else ANONYMOUS
    yield seen, _parsed(seen)
    for _ in range(number - 1):
        seen = service.get(seen.exchange.request.target, token=token)
        yield seen, _parsed(seen)


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
    _, before = _figures(service, name, readings)
    asked = _asked(service, requests)

    seen, after = _figures(service, name, readings, enough=max(before) + asked)
    if max(before) < max(after) < max(before) + asked and len(set(after)) == 1:
        asked += _asked(service, 1)
        seen, after = _figures(service, name, readings, enough=max(before) + asked)
    workers = len(set(after)) > 1
    expect(seen).holds(
        max(after) - max(before) >= (1 if workers else asked),
        expected=f"`{name}` for GET {_COUNTED} raised by {asked} after as many requests",
        observed=f"raised by {max(after) - max(before):g}",
    )


def _asked(service: Probe, requests: int) -> int:
    """Ask /state; give how many answers should be counted."""
    answers = [service.get(_COUNTED) for _ in range(requests)]
    asked = sum(each.status == HTTPStatus.OK for each in answers)
    if asked == 0:
        raise NotObserved(f"GET {_COUNTED} is not answered 200 any more")
    return asked


def _figures(
    service: Probe, name: str, readings: int, *, enough: float = math.inf
) -> tuple[Observation, list[float]]:
    """Read what is counted for GET /state until it is enough.

    Samples with other labels, and a family that is not there, are another row's; a family that is
    declared and has no sample counts nothing.
    """
    figures: list[float] = []
    proper, empty, last = False, True, None
    for seen, page in pages(service, readings):
        last = seen
        proper = proper or any(set(each.labels) == LABELS[name] for each in page.of(name))
        empty = empty and _is_empty(page, name)
        figures.append(sum(each.value for each in page.of(name) if _is_counted(each)))
        if figures[-1] >= enough:
            break
    if not (proper or empty) or last is None:
        raise NotObserved(f"`{name}` has no sample as it should be", blocked_by="OPS-METRICS-002")
    return last, figures


def _is_empty(page: Page, name: str) -> bool:
    """Whether a family is declared and nothing was counted in it."""
    family = next(each for each in FAMILIES if name.startswith(each))
    return page.types.get(family) == FAMILIES[family] and not any(page.of(name))


def _is_counted(sample: Sample) -> bool:
    """True where a sample is of GET /state, answered 200 where it says how."""
    labels = sample.labels
    return (
        labels.get("method", "").upper() == "GET"
        and labels.get("endpoint", "").rstrip("/").endswith(_COUNTED)
        and labels.get("status", "200") == "200"
    )
