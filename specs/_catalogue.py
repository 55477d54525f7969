"""The requirements: one row, one id, one level, one meaning."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from udckit.specs._compiled import load
from udckit.specs._errors import UnknownRequirementError

Level = Literal["MUST", "SHOULD", "MAY"]
Stage = Literal["shape", "security", "integration", "resilience", "none"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One promise of the contract, as `requirements/*.yaml` writes it.

    `reason` says why the level is what it is: C a tick-box of the guide, M the text says must,
    S it says should, X an example shows it, R a reading. `gate` is `always`, `never` or
    `if-<capability>`. `excluded` says why a row is not judged, and is None where it is.
    """

    id: str
    text: str
    level: Level
    reason: tuple[str, ...]
    roles: frozenset[str]
    stage: Stage
    gate: str
    source: tuple[str, ...]
    readings: tuple[str, ...]
    observe: tuple[str, ...]
    needs: tuple[str, ...]
    checklist: str | None
    excluded: str | None
    fix: str

    def __str__(self) -> str:
        return f"{self.id} {self.level}  {self.text}"


@cache
def catalogue() -> Mapping[str, Requirement]:
    """Give every requirement by id, in the catalogue's own order."""
    rows = (
        Requirement(
            id=row["id"],
            text=row["text"],
            level=row["level"],
            reason=tuple(row["reason"]),
            roles=frozenset(row["roles"]),
            stage=row["stage"],
            gate=row["gate"],
            source=tuple(row["source"]),
            readings=tuple(row["readings"]),
            observe=tuple(row["observe"]),
            needs=tuple(row["needs"]),
            checklist=row["checklist"],
            excluded=row["excluded"],
            fix=row["fix"],
        )
        for row in load("requirements")
    )
    return MappingProxyType({row.id: row for row in rows})


def requirement(id: str) -> Requirement:  # noqa: A002 - the id is what everybody calls it
    """Give one requirement; raises UnknownRequirementError with near misses."""
    try:
        return catalogue()[id]
    except KeyError:
        raise UnknownRequirementError(id, catalogue()) from None
