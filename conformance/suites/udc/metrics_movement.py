"""GET /metrics over time: the counter counts, the histogram is one."""

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from udckit.conformance import Observation, Probe, expect, verifies
from udckit.conformance.suites.udc._pages import COUNTER, HISTOGRAM, moves, pages
from udckit.conformance.suites.udc._prometheus import Page

_Series = tuple[tuple[str, str], ...]

_REQUESTS: Final = 20
_READINGS: Final = 10
_FEW: Final = 5


@verifies("OPS-METRICS-003", order=20)
def the_counter_counts(service: Probe) -> None:
    """Requests to /state raise the counter's sample by as many."""
    moves(service, COUNTER, requests=_REQUESTS, readings=_READINGS)


@verifies("OPS-METRICS-004", order=20)
def the_histogram_is_one(service: Probe) -> None:
    """The histogram is cumulative, ends in its count, sums up to no less than 0, and moves."""
    judged = [_adds_up(seen, page) for seen, page in pages(service)]
    moves(service, f"{HISTOGRAM}_count", requests=_FEW, readings=_FEW)
    if not any(judged):
        for seen, page in pages(service, _FEW):
            _adds_up(seen, page)


def _adds_up(seen: Observation, page: Page) -> bool:
    """Judge every series of a page; False where nothing is counted yet."""
    buckets: defaultdict[_Series, dict[float, float]] = defaultdict(dict)
    for sample in page.of(f"{HISTOGRAM}_bucket"):
        edge = _number(sample.labels.get("le", ""))
        buckets[_series(sample.labels)][edge] = sample.value
    counts = {_series(each.labels): each.value for each in page.of(f"{HISTOGRAM}_count")}
    sums = {_series(each.labels): each.value for each in page.of(f"{HISTOGRAM}_sum")}
    for series, count in counts.items():
        levels = [level for _, level in sorted(buckets[series].items())]
        where = f"`{HISTOGRAM}` of {' '.join(value for _, value in series)}"
        expect(seen).holds(
            levels == sorted(levels),
            expected=f"{where} with cumulative buckets",
            observed=f"buckets {_listed(levels)}",
        ).holds(
            buckets[series].get(math.inf) == count,
            expected=f"{where} with a bucket +Inf that equals its count {count:g}",
            observed=f"buckets {_listed(levels)}",
        ).holds(
            sums.get(series, -1.0) >= 0,
            expected=f"{where} with a sum of at least 0",
            observed=f"a sum of {sums.get(series, 'nothing')}",
        )
    return bool(counts)


def _series(labels: Mapping[str, str]) -> _Series:
    return tuple(sorted(pair for pair in labels.items() if pair[0] != "le"))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _listed(levels: list[float]) -> str:
    return ", ".join(f"{level:g}" for level in levels) or "none"
