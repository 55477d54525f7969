"""The one door to prometheus_client: a metrics page, read into plain samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from udckit.conformance import Observation

__all__ = ["Page", "Sample", "read_page"]

_OPENMETRICS: Final = "application/openmetrics-text"
_TOTAL: Final = "_total"
_UNTYPED: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of a metrics page; `name` as it is written there."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Page:
    """A metrics page: the type of each family, and every sample."""

    types: Mapping[str, str]
    samples: tuple[Sample, ...]

    def of(self, name: str) -> Iterator[Sample]:
        """Give the samples of one name."""
        return (sample for sample in self.samples if sample.name == name)


def read_page(seen: Observation) -> Page:
    """Parse a page in the format that it says it has; raise ValueError where it is none.

    Both parsers call a counter's family by its name without `_total`; here it has its own.
    """
    if seen.media_type == _OPENMETRICS:
        from prometheus_client.openmetrics import parser  # noqa: PLC0415 - only where it is spoken
    else:
        from prometheus_client import parser  # type: ignore[no-redef]  # noqa: PLC0415 - likewise
    types: dict[str, str] = {}
    samples: list[Sample] = []
    try:
        families = parser.text_string_to_metric_families(seen.text)  # type: ignore[no-untyped-call]  # the library's
        for family in families:
            name = family.name
            if family.type == "counter" and not name.endswith(_TOTAL):
                name += _TOTAL
            if family.type != _UNTYPED or name not in types:
                types[name] = family.type
            samples += (Sample(each.name, each.labels, each.value) for each in family.samples)
    except (KeyError, IndexError, TypeError, AttributeError) as broken:
        raise ValueError(f"{type(broken).__name__}: {broken}") from broken
    return Page(types, tuple(samples))
