"""Answering times as a plot, reckoned into coordinates, and what plots are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from udckit.conformance import RunRecord
from udckit.reports._seen import route

__all__ = ["WIDTH", "Dot", "Tick", "Times", "times"]

WIDTH: Final = 720
"""The plots' own units across; the page scales them."""

_LEFT: Final = 120
_RIGHT: Final = 36
_TOP: Final = 16
_BOTTOM: Final = 34
_ROW: Final = 30
_QUICKEST: Final = 0.0002
_ROUTES: Final = ("/health", "/capabilities", "/state", "/dependencies", "/message", "/metrics")
_DECADES: Final = (0.001, 0.01, 0.1, 1.0, 10.0)


@dataclass(frozen=True, slots=True)
class Dot:
    """One reading, where it stands in the plot, and what it says."""

    x: float
    y: float
    is_right: bool
    says: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One route with its answering times."""

    name: str
    y: float
    dots: tuple[Dot, ...]
    middle: str


@dataclass(frozen=True, slots=True)
class Times:
    """Answering times by route, on a scale of powers of ten; `budget` is where /health ends."""

    width: int
    height: int
    left: int
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    budget: Tick


def times(record: RunRecord, budget: float) -> Times | None:
    """Plot how long each route took to answer; None where nothing answered."""
    taken: dict[str, list[tuple[float, int]]] = {}
    for exchange in record.exchanges.values():
        path = route(record, exchange)
        if exchange.answer is not None and path in _ROUTES:
            taken.setdefault(path, []).append((exchange.seconds, exchange.number))
    if not taken:
        return None
    longest = max(seconds for each in taken.values() for seconds, _ in each)
    most = next((each for each in _DECADES if each >= max(longest, budget)), longest)
    scale = (WIDTH - _LEFT - _RIGHT) / math.log10(most / _QUICKEST)

    def across(seconds: float) -> float:
        return round(_LEFT + math.log10(max(seconds, _QUICKEST) / _QUICKEST) * scale, 1)

    rows = []
    for place, path in enumerate(each for each in _ROUTES if each in taken):
        y = float(_TOP + place * _ROW + _ROW / 2)
        values = sorted(taken[path])
        rows.append(
            Row(
                path,
                y,
                tuple(
                    Dot(
                        across(seconds),
                        round(y + (number % 7 - 3) * 1.6, 1),
                        path != "/health" or seconds <= budget,
                        f"exchange {number}: {seconds * 1000:.1f} ms",
                    )
                    for seconds, number in values
                ),
                f"median {values[len(values) // 2][0] * 1000:.1f} ms",
            )
        )
    return Times(
        width=WIDTH,
        height=_TOP + len(rows) * _ROW + _BOTTOM,
        left=_LEFT,
        rows=tuple(rows),
        ticks=tuple(Tick(across(each), _spelled(each)) for each in _DECADES if each <= most),
        budget=Tick(across(budget), f"{budget * 1000:.0f} ms"),
    )


def _spelled(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.0f} s"
