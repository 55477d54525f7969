"""The two plots of the report, reckoned into coordinates: beats over time, and answering times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from udckit.conformance import RunRecord
from udckit.reports._seen import route

__all__ = ["Beats", "Dot", "Tick", "Times", "beats", "times"]

WIDTH: Final = 720
"""The plots' own units across; the page scales them."""

_LEFT: Final = 120
_RIGHT: Final = 36
_HEIGHT: Final = 220
_TOP: Final = 16
_BOTTOM: Final = 34
_BEAT: Final = 60.0
_TOLERANCE: Final = 5.0
_DEAD: Final = 180.0
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
class Beats:
    """The gaps between heartbeats over time, with the band in which they should lie."""

    width: int
    height: int
    left: int
    right: int
    bottom: float
    band_top: float
    band_height: float
    dots: tuple[Dot, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    told: str


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


def beats(record: RunRecord) -> Beats | None:
    """Plot the gaps between beats; None where fewer than two were heard."""
    moments = sorted(
        float(line.get("at") or line.get("time") or 0)
        for line in record.lines("journal")
        if _is_beat(line)
    )
    gaps = [(b, b - a) for a, b in pairwise(moments)]
    if not gaps:
        return None
    first, span = moments[0], max(moments[-1] - moments[0], 1.0)
    highest = max(_BEAT + 2 * _TOLERANCE, *(gap for _, gap in gaps)) * 1.08
    bottom = float(_HEIGHT - _BOTTOM)

    def across(moment: float) -> float:
        return round(_LEFT / 2 + (moment - first) / span * (WIDTH - _LEFT / 2 - _RIGHT), 1)

    def up(gap: float) -> float:
        return round(bottom - gap / highest * (bottom - _TOP), 1)

    inside = sum(abs(gap - _BEAT) <= _TOLERANCE for _, gap in gaps)
    shown = [0.0, _BEAT, *([_DEAD] if highest > _DEAD else [])]
    return Beats(
        width=WIDTH,
        height=_HEIGHT,
        left=_LEFT // 2,
        right=WIDTH - _RIGHT,
        bottom=bottom,
        band_top=up(_BEAT + _TOLERANCE),
        band_height=round(up(_BEAT - _TOLERANCE) - up(_BEAT + _TOLERANCE), 1),
        dots=tuple(
            Dot(
                across(moment),
                up(gap),
                abs(gap - _BEAT) <= _TOLERANCE,
                f"{gap:.1f} s after the one before, {moment - first:.0f} s into the run",
            )
            for moment, gap in gaps
        ),
        x_ticks=tuple(
            Tick(across(first + part * span), f"{part * span:.0f} s") for part in (0, 0.5, 1)
        ),
        y_ticks=tuple(Tick(up(gap), f"{gap:.0f} s") for gap in shown),
        told=_beats_told([gap for _, gap in gaps], inside),
    )


def _is_beat(line: dict[str, Any]) -> bool:
    path = str(line.get("target") or line.get("path") or "").split("?", 1)[0]
    return line.get("method") == "POST" and path == "/heartbeat"


def _beats_told(gaps: Sequence[float], inside: int) -> str:
    ordered = sorted(gaps)
    middle = ordered[len(ordered) // 2]
    return (
        f"{len(gaps) + 1} beats; gaps from {ordered[0]:.1f} s to {ordered[-1]:.1f} s, median "
        f"{middle:.1f} s; {inside} of {len(gaps)} between {_BEAT - _TOLERANCE:.0f} s and "
        f"{_BEAT + _TOLERANCE:.0f} s"
    )


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
