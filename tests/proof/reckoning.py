"""From sightings to results: which fault is killed, which requirement is shown to fail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from proof.sighting import Sighting

__all__ = ["FaultResult", "RowResult", "fault_results", "row_results"]


@dataclass(frozen=True, slots=True)
class FaultResult:
    """A fault over all the targets in front of which it was put."""

    lane: str
    fault: str
    kills: tuple[str, ...]
    targets: tuple[str, ...]
    survived: tuple[str, ...]
    """Targets in front of which it was not seen, each with what was missed."""
    strange: tuple[str, ...]
    is_attributed: bool
    """True where at least one whole stage was judged, and blamed exactly the expected rows."""

    @property
    def is_killed(self) -> bool:
        return not self.survived


@dataclass(frozen=True, slots=True)
class RowResult:
    """A requirement, the faults that make it say fail, and those that should and do not."""

    row: str
    killed: tuple[str, ...]
    survived: tuple[str, ...]


def fault_results(sightings: Iterable[Sighting]) -> list[FaultResult]:
    """Reckon each fault over its targets; a kill is one only where all saw it."""
    grouped: dict[tuple[str, str], list[Sighting]] = defaultdict(list)
    for each in sightings:
        grouped[each.lane, each.fault].append(each)
    return [_result(lane, fault, group) for (lane, fault), group in sorted(grouped.items())]


def _result(lane: str, fault: str, group: list[Sighting]) -> FaultResult:
    survived = tuple(_survival(each) for each in group if not each.is_kill)
    strange = sorted({row for each in group for row in each.strange or ()})
    whole = any(each.strange is not None for each in group)
    return FaultResult(
        lane=lane,
        fault=fault,
        kills=group[0].kills,
        targets=tuple(sorted(each.target for each in group)),
        survived=survived,
        strange=tuple(strange),
        is_attributed=whole and not strange and not survived,
    )


def _survival(sighting: Sighting) -> str:
    if not sighting.struck:
        why = "it struck nothing"
    elif sighting.errors:
        why = f"the kit failed: {sighting.errors[0]}"
    else:
        why = f"not seen by {', '.join(sighting.missed)}"
    return f"{sighting.target}: {why}"


def row_results(sightings: Iterable[Sighting]) -> dict[str, RowResult]:
    """Reckon each requirement: a fault kills it only where it said fail on every target."""
    said: dict[str, dict[str, bool]] = defaultdict(dict)
    for each in sightings:
        for row in each.kills:
            seen = row in each.failed and not each.errors and each.struck > 0
            said[row][each.fault] = said[row].get(each.fault, True) and seen
    return {
        row: RowResult(
            row,
            killed=tuple(sorted(fault for fault, seen in faults.items() if seen)),
            survived=tuple(sorted(fault for fault, seen in faults.items() if not seen)),
        )
        for row, faults in sorted(said.items())
    }
