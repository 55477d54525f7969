"""The beats of a droplet as a plot over time, reckoned into coordinates.

It shows the recording that ORCH-CLIENT-001 was judged from, and judges as that check does: gaps
between beats that were taken, token by token, on the target's own clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from udckit.conformance import RunRecord
from udckit.conformance.scenario import Call, Recording, by_token, gaps, subjects_of
from udckit.conformance.scenario import beats as beats_of
from udckit.reports.html._plots import WIDTH, Dot, Tick

__all__ = ["Beats", "beats"]

_ROW: Final = "ORCH-CLIENT-001"
_LEFT: Final = 60
_RIGHT: Final = 36
_HEIGHT: Final = 220
_TOP: Final = 16
_BOTTOM: Final = 34
_BEAT: Final = 60.0
_TOLERANCE: Final = 5.0
_DEAD: Final = 180.0


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
    refused: tuple[Dot, ...]
    """Beats that were not answered 2xx: on the axis, for no gap is reckoned with them."""
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    told: str
    clock: str


def beats(record: RunRecord) -> Beats | None:
    """Plot the gaps between beats; None where fewer than two of one token were taken."""
    recording = _recording(record)
    if recording is None:
        return None
    calls = beats_of(recording)
    taken = [call for call in calls if call.taken]
    measured = [
        (after.at, seconds)
        for group in by_token(taken).values()
        for _, after, seconds in gaps(group)
    ]
    if not measured:
        return None
    return _plotted(recording, calls, sorted(measured))


def _recording(record: RunRecord) -> Recording | None:
    subjects = subjects_of(record)
    found = subjects["recording"](_ROW) if "recording" in subjects else None
    return found if isinstance(found, Recording) else None


def _plotted(
    recording: Recording, calls: Sequence[Call], measured: Sequence[tuple[float, float]]
) -> Beats:
    end = max(recording.end, measured[-1][0])
    highest = max(_BEAT + 2 * _TOLERANCE, *(gap for _, gap in measured)) * 1.08
    bottom = float(_HEIGHT - _BOTTOM)

    def across(moment: float) -> float:
        return round(_LEFT + moment / end * (WIDTH - _LEFT - _RIGHT), 1)

    def up(gap: float) -> float:
        return round(bottom - gap / highest * (bottom - _TOP), 1)

    shown = [0.0, _BEAT, *([_DEAD] if highest > _DEAD else [])]
    return Beats(
        width=WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        bottom=bottom,
        band_top=up(_BEAT + _TOLERANCE),
        band_height=round(up(_BEAT - _TOLERANCE) - up(_BEAT + _TOLERANCE), 1),
        dots=tuple(
            Dot(
                across(moment),
                up(gap),
                abs(gap - _BEAT) <= _TOLERANCE,
                f"{gap:.1f} s after the one before, {moment:.0f} s into the scenario",
            )
            for moment, gap in measured
        ),
        refused=tuple(
            Dot(across(each.at), bottom, False, f"{each}: answered {each.answered or 'nothing'}")
            for each in calls
            if not each.taken
        ),
        x_ticks=tuple(Tick(across(part * end), f"{part * end:.0f} s") for part in (0, 0.5, 1)),
        y_ticks=tuple(Tick(up(gap), f"{gap:.0f} s") for gap in shown),
        told=_told(sum(call.taken for call in calls), [gap for _, gap in measured]),
        clock=recording.clock,
    )


def _told(taken: int, measured: Sequence[float]) -> str:
    ordered = sorted(measured)
    inside = sum(abs(gap - _BEAT) <= _TOLERANCE for gap in ordered)
    return (
        f"{taken} beats; gaps from {ordered[0]:.1f} s to {ordered[-1]:.1f} s, median "
        f"{ordered[len(ordered) // 2]:.1f} s; {inside} of {len(ordered)} between "
        f"{_BEAT - _TOLERANCE:.0f} s and {_BEAT + _TOLERANCE:.0f} s"
    )
