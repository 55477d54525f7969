"""GET /metrics: the page, its two families, and that strangers do not make it grow."""

import re
from typing import Final

from udckit.conformance import Ask, NotObserved, Observation, Probe, expect, quote, verifies
from udckit.conformance._capabilities import metrics_page
from udckit.conformance.suites.udc._pages import FAMILIES, LABELS, pages
from udckit.conformance.suites.udc._prometheus import Page, read_page

_PROMETHEUS: Final = frozenset({"text/plain", "application/openmetrics-text"})
_STATUS: Final = re.compile("[1-5][0-9]{2}")
_READINGS: Final = 3
_STRANGE: Final = "udckit-stranger"
_STRANGERS: Final = 50
_GROWTH: Final = 5


@verifies("OPS-METRICS-001")
def metrics_are_prometheus_text(service: Probe) -> None:
    """/metrics answers 200 with text that Prometheus reads, anonymously or with a token."""
    seen = metrics_page(service)

    if seen.status in {401, 403} and not service.has_token:
        raise NotObserved(service.tokens.why_none, blocked_by="AUTH-001")
    expect(seen).status(200).holds(
        seen.media_type in _PROMETHEUS,
        expected="Content-Type: text/plain",
        observed=f"Content-Type: {seen.header('content-type') or 'none'}",
    )


@verifies("OPS-METRICS-002")
def metrics_has_the_two_families(service: Probe) -> None:
    """/metrics parses, and has both families with their exact names, types and labels."""
    service.require("metrics")
    service.get("/capabilities")

    sampled: set[str] = set()
    for _ in range(_READINGS):
        seen = metrics_page(service)
        expect(seen).status(200)
        page = _parsed(seen)
        _has_families(seen, page)
        sampled |= {name for name in LABELS if _has_labels(seen, page, name)}
        if sampled == set(LABELS):
            return
    missing = ", ".join(sorted(set(LABELS) - sampled))
    raise NotObserved(f"no request was counted in {missing}, so no label was seen")


def _parsed(seen: Observation) -> Page:
    try:
        return read_page(seen)
    except ValueError as trouble:
        expect(seen).holds(
            False, expected="text that a Prometheus parser reads", observed=str(trouble)[:200]
        )
        raise


def _has_families(seen: Observation, page: Page) -> None:
    for name, kind in FAMILIES.items():
        observed = page.types.get(name, "no such family")
        expect(seen).holds(
            observed == kind, expected=f"a {kind} `{name}`", observed=f"`{name}`: {observed}"
        )


def _has_labels(seen: Observation, page: Page, name: str) -> bool:
    """Judge the labels of every sample of a name; False where there is none."""
    for sample in page.of(name):
        expect(seen).holds(
            set(sample.labels) == LABELS[name],
            expected=f"`{name}` with the labels {', '.join(sorted(LABELS[name]))}",
            observed=f"the labels {', '.join(sorted(sample.labels)) or 'none'}",
        ).holds(
            _STATUS.fullmatch(sample.labels.get("status", "200")) is not None,
            expected=f"`{name}` with a label `status` such as 200",
            observed=f"status={quote(sample.labels.get('status'))}",
        )
    return any(page.of(name))


@verifies("OPS-METRICS-005", order=20)
def strangers_make_no_series(service: Probe) -> None:
    """Unknown paths do not add one series each to /metrics."""
    service.require("metrics")
    service.together([Ask("GET", f"/{_STRANGE}-{number:02}") for number in range(_STRANGERS)])

    shown: set[str] = set()
    for seen, page in pages(service, _READINGS):
        labels = (value for sample in page.samples for value in sample.labels.values())
        shown |= {value for value in labels if _STRANGE in value}
        expect(seen).holds(
            len(shown) <= _GROWTH,
            expected=f"at most {_GROWTH} series more after {_STRANGERS} unknown paths",
            observed=f"labels with {len(shown)} of those paths",
        )
