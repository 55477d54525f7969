"""What became of the operator's trigger: each time that it was sent, what the target then did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from udckit.conformance.errors import NotApplicable, NotObserved
from udckit.conformance.scenario.judging import played
from udckit.conformance.scenario.recording import Call, Look, Recording

__all__ = ["Pulled", "look_ups", "pulled", "pulled_once", "pulled_well"]

_SOMEBODY_IS_AWAY: Final = frozenset({502, 503, 504})
_SERVER_ERROR: Final = 500
_PATIENCE: Final = 45.0


@dataclass(frozen=True, slots=True)
class Pulled:
    """One time that the trigger was sent: how it was answered, and the calls until then."""

    look: Look
    right: bool
    peer: str
    calls: tuple[Call, ...]

    @property
    def to_peer(self) -> tuple[Call, ...]:
        """What came to the peer."""
        return tuple(each for each in self.calls if each.fake == "peer")

    @property
    def look_ups(self) -> tuple[Call, ...]:
        """What the Registry was asked about services."""
        return look_ups(self.calls)

    @property
    def is_clean(self) -> bool:
        """Whether it was answered in time, and no failure of the target's own was told."""
        status = self.look.status
        return (
            status is not None
            and (status < _SERVER_ERROR or status in _SOMEBODY_IS_AWAY)
            and self.look.seconds <= _PATIENCE
        )

    def __str__(self) -> str:
        return f"{self.look.outcome} after {self.look.seconds:.1f} s, {self.look}"


def look_ups(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """Give those of the calls by which a service is found."""
    found = {"getServiceByName", "getService", "listServices"}
    return tuple(each for each in calls if each.fake == "registry" and each.operation in found)


def pulled(recording: Recording | None, name: str, *, counts: bool = True) -> list[Pulled]:
    """Give each time that the trigger was sent under a name, in order.

    `counts` False gives it too where the trigger never worked.

    Raises:
        NotApplicable: no trigger was given, and peers are not declared.
        NotObserved: the scenario was not played, or the trigger never worked.
    """
    triggered = _triggered(recording, counts=counts)
    notes = [each for each in triggered.notes if each.what == f"{name} answered"]
    return [
        Pulled(
            look,
            bool(note.detail.get("right")),
            str(note.detail.get("peer")),
            triggered.between(look.at, note.at).calls,
        )
        for look, note in zip(triggered.named(name), notes, strict=False)
    ]


def pulled_once(recording: Recording | None, name: str) -> Pulled:
    """Give the first time. Raises NotObserved where the scenario ended before."""
    found = pulled(recording, name)
    if not found:
        raise NotObserved("the scenario ended before, for the target exited or hung")
    return found[0]


def pulled_well(recording: Recording | None, name: str, why: str) -> list[Pulled]:
    """Give each time, where the last was answered as it should be; else NotObserved is raised."""
    found = pulled(recording, name)
    if not found or not found[-1].right:
        raise NotObserved(why)
    return found


def _triggered(recording: Recording | None, *, counts: bool) -> Recording:
    """Make sure that the trigger counts: once, without a fault, it was answered as expected."""
    seen = played(recording)
    untold = seen.note("no trigger")
    if untold is not None and untold.detail.get("declared"):
        raise NotObserved("peers are declared, and no trigger request was given: see --trigger")
    if untold is not None:
        raise NotApplicable("it calls no peer that is known of: a trigger request would show it")
    if not counts:
        return seen
    firsts = [e for e in seen.notes if e.what in {"first call answered", "circuit closed answered"}]
    if not firsts:
        raise NotObserved("the trigger was not sent", blocked_by="REG-CLIENT-001")
    if not firsts[-1].detail.get("right"):
        status = firsts[-1].detail.get("status")
        raise NotObserved(f"the trigger was answered {status} where nothing is wrong")
    if not any(each.fake == "peer" for each in seen.calls) and not look_ups(seen.calls):
        raise NotObserved("the trigger makes it call nobody")
    return seen
