"""Editions: frozen sets of requirements, which a certificate names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from udckit.specs._compiled import load
from udckit.specs._errors import UnknownEditionError


@dataclass(frozen=True, slots=True)
class Edition:
    """What a certificate speaks for: `ids` are the rows that are judged, the excluded left out."""

    name: str
    ids: frozenset[str]
    digest: str
    """sha256 over the frozen meaning of every row, the excluded ones too."""


@cache
def edition(name: str = "1.0") -> Edition:
    """Give a frozen edition; raises UnknownEditionError with near misses."""
    editions = load("editions")
    if name not in editions:
        raise UnknownEditionError(name, editions)
    frozen = editions[name]
    return Edition(name=name, ids=frozenset(frozen["ids"]), digest=frozen["digest"])


@cache
def digests() -> Mapping[str, str]:
    """Give the sha256 of every source file of the specs by its path in the room."""
    return MappingProxyType(load("digests"))
