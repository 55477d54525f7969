"""The readings of gaps, the guide's own checklist, and the dialects seen in the field."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from udckit.specs._compiled import load


@dataclass(frozen=True, slots=True)
class Reading:
    """How a conflict or a gap in the sources is read: this reading is the contract."""

    id: str
    matter: str
    sources: str
    reading: str
    why: str


@dataclass(frozen=True, slots=True)
class Box:
    """One of the 21 tick-boxes of the guide's section 12."""

    slug: str
    block: str
    """Short: Registry, Orchestrator, UDC, Authentication, Discovery or Errors."""
    text: str
    see_also: tuple[str, ...]
    """Requirements that belong to another box and bear on this one."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One of the texts that call themselves UDC 1.0, as what it says on each aspect."""

    key: str
    name: str
    normative: bool
    says: Mapping[str, str]
    """In words, by aspect; empty where it says nothing."""
    tells: Mapping[str, tuple[str, ...]]
    """Words, members and paths by which it shows itself, by where they stand."""


@cache
def readings() -> Mapping[str, Reading]:
    """Give every reading by id, CONF-01 to CONF-55."""
    rows = (Reading(**row) for row in load("readings"))
    return MappingProxyType({row.id: row for row in rows})


@cache
def checklist() -> tuple[Box, ...]:
    """Give the 21 boxes in the guide's order."""
    return tuple(
        Box(row["slug"], row["block"], row["text"], tuple(row["see_also"]))
        for row in load("checklist")
    )


@cache
def dialects() -> Mapping[str, Dialect]:
    """Give every dialect by its key: F is the contract, the others are what droplets speak."""
    rows = (
        Dialect(
            key=row["key"],
            name=row["name"],
            normative=row["normative"],
            says=MappingProxyType(row["says"]),
            tells=MappingProxyType({at: tuple(words) for at, words in row["tells"].items()}),
        )
        for row in load("dialects")
    )
    return MappingProxyType({row.key: row for row in rows})
