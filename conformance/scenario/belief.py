"""Which recording is believed: an accelerated pass counts, an accelerated failure does not.

A scenario that was played by a faster clock, and in which a row does not pass, was played again: by
a clock that is not so fast, which a busy machine can keep up with, and at last in real time. The
row is judged from the first recording by which it passes, else from the last. All of them are in
the record, and which one a row is judged from follows from them alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from udckit.conformance.check import Check, all_checks
from udckit.conformance.errors import NotApplicable, NotObserved
from udckit.conformance.observation import Tally
from udckit.conformance.record import RunRecord
from udckit.conformance.scenario.acts import Scenario
from udckit.conformance.scenario.attached import ATTACHED, NOT_STARTED, as_seen_by
from udckit.conformance.scenario.outage_scenario import DEPENDENCIES, OUTAGE_ROWS
from udckit.conformance.scenario.recording import Recording, Recordings
from udckit.conformance.scenario.scenarios import SCENARIOS
from udckit.specs import requirement

__all__ = [
    "Takes",
    "all_serving",
    "doubted",
    "doubted_in_all",
    "serving",
    "subjects_in",
    "subjects_of",
]


@dataclass(frozen=True, slots=True)
class Takes:
    """Each scenario's recordings by its name, in the order in which they were made."""

    by_name: Mapping[str, tuple[Recording, ...]]

    def recording(self, row: str) -> Recording | None:
        """Give the recording that a row is judged from."""
        if (attached := self.by_name.get(ATTACHED)) is not None:
            seen = as_seen_by(row, attached[0])
            return None if seen is None else replace(seen, tally=Tally())
        takes = self.by_name.get(serving(row), ())
        if not takes:
            return None
        *earlier, last = takes
        believed = next((each for each in earlier if not _doubts(row, each)), last)
        return replace(believed, tally=Tally())

    def recordings(self, row: str) -> Recordings:
        """Give those that serve a row to one that more than one of them shows."""
        if ATTACHED in self.by_name:
            return Recordings({}, absent=NOT_STARTED)
        *earlier, last = self._layers(all_serving(row))
        believed = next((each for each in earlier if not _doubts(row, each)), last)
        return Recordings(believed.by_name)

    def _layers(self, names: Collection[str]) -> list[Recordings]:
        """Give the first takes of these scenarios, then the second, or what there is instead."""
        own = {name: takes for name, takes in self.by_name.items() if name in names and takes}
        depth = max(map(len, own.values()), default=1)
        return [
            Recordings({name: takes[min(layer, len(takes) - 1)] for name, takes in own.items()})
            for layer in range(depth)
        ]


def serving(row: str) -> str:
    """Name the scenario that serves a row; the first, where there are several."""
    return next(iter(all_serving(row)), "")


def all_serving(row: str) -> tuple[str, ...]:
    """Name every scenario that serves a row."""
    names = tuple(each.name for each in SCENARIOS.values() if row in each.serves)
    return (*names, DEPENDENCIES) if row in OUTAGE_ROWS else names


def doubted(scenario: Scenario, seen: Recording, wanted: Collection[str]) -> list[str]:
    """Name the rows that were asked for and do not pass by this recording."""
    rows = (each for each in wanted if serving(each) == scenario.name)
    return [each for each in rows if _doubts(each, seen)]


def doubted_in_all(row: str, takes: Takes) -> bool:
    """Say whether a row that needs several recordings does not pass by any of theirs."""
    return _doubts(row, takes.recordings(row))


def _doubts(row: str, seen: Recording | Recordings) -> bool:
    check = all_checks().get(row)
    return check is not None and check.wants in _WANTED[type(seen)] and not _passes(check, seen)


_WANTED: Final = {Recording: ("recording",), Recordings: ("recordings",)}


def _passes(check: Check, seen: Recording | Recordings) -> bool:
    """Try a check; what it counts is thrown away. An advice need not be observable at all."""
    fresh: Any = replace(seen, tally=Tally())
    may_be_unseen = requirement(check.id).level != "MUST"
    try:
        check.function(fresh)
    except NotApplicable:
        return True
    except NotObserved:
        return may_be_unseen
    except Exception:  # noqa: BLE001 - a violation, or the kit's own fault
        return False
    return bool(fresh.tally.judged) or may_be_unseen


def subjects_of(record: RunRecord) -> Mapping[str, Callable[[str], Any]]:
    """Give what the engine hands to checks, from a record."""
    takes = _takes(record.lines("scene"))
    return _subjects(takes) if takes.by_name else {}


def subjects_in(recordings: Recordings) -> Mapping[str, Callable[[str], Any]]:
    """Give the same from recordings at hand."""
    return _subjects(Takes({name: (each,) for name, each in recordings.by_name.items()}))


def _subjects(takes: Takes) -> Mapping[str, Callable[[str], Any]]:
    return {"recording": takes.recording, "recordings": takes.recordings}


def _takes(lines: Iterable[Mapping[str, Any]]) -> Takes:
    """Sort lines by scenario and clock; each clock is one take, in the order of the record."""
    sorted_out: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for line in lines:
        by_clock = sorted_out.setdefault(line["scenario"], {})
        by_clock.setdefault(line["clock"], []).append(line)
    return Takes(
        {
            name: tuple(Recording.of(each) for each in by_clock.values())
            for name, by_clock in sorted_out.items()
        }
    )
