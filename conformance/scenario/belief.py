"""Which recording is believed: an accelerated pass counts, an accelerated failure does not.

A scenario that was played by a faster clock, and in which a row does not pass, was played again
in real time; that row is then judged from the second recording. Both are in the record, and
which one a row is judged from follows from them alone.
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

_ACCELERATED: Final = "x"


@dataclass(frozen=True, slots=True)
class Takes:
    """Each scenario's recording by name, and that of its repetition in real time."""

    first: Mapping[str, Recording]
    again: Mapping[str, Recording]

    def recording(self, row: str) -> Recording | None:
        """Give the recording that a row is judged from."""
        if (attached := self.first.get(ATTACHED)) is not None:
            seen = as_seen_by(row, attached)
            return None if seen is None else replace(seen, tally=Tally())
        name = serving(row)
        first, again = self.first.get(name), self.again.get(name)
        if again is not None and (first is None or _doubts(row, first)):
            return replace(again, tally=Tally())
        return None if first is None else replace(first, tally=Tally())

    def recordings(self, row: str) -> Recordings:
        """Give those that serve a row to one that more than one of them shows."""
        if ATTACHED in self.first:
            return Recordings({}, absent=NOT_STARTED)
        names = all_serving(row)
        first = {name: each for name, each in self.first.items() if name in names}
        again = {name: each for name, each in self.again.items() if name in names}
        if again and _doubts(row, Recordings(first)):
            return Recordings({**first, **again})
        return Recordings(first)


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


def doubted_in_all(row: str, seen: Mapping[str, Recording]) -> bool:
    """Say whether a row that needs several recordings does not pass by them."""
    names = all_serving(row)
    return _doubts(row, Recordings({name: seen[name] for name in names if name in seen}))


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
    return _subjects(takes) if takes.first else {}


def subjects_in(recordings: Recordings) -> Mapping[str, Callable[[str], Any]]:
    """Give the same from recordings at hand."""
    return _subjects(Takes(recordings.by_name, {}))


def _subjects(takes: Takes) -> Mapping[str, Callable[[str], Any]]:
    return {"recording": takes.recording, "recordings": takes.recordings}


def _takes(lines: Iterable[Mapping[str, Any]]) -> Takes:
    sorted_out: dict[bool, list[Mapping[str, Any]]] = {True: [], False: []}
    for line in lines:
        sorted_out[line["clock"].startswith(_ACCELERATED)].append(line)
    fast = Recordings.of(sorted_out[True]).by_name
    slow = Recordings.of(sorted_out[False]).by_name
    alone = {name: each for name, each in slow.items() if name not in fast}
    again = {name: each for name, each in slow.items() if name in fast}
    return Takes({**fast, **alone}, again)
