"""Faults of behaviour as data: switches of FakeDroplet, and the rows that must see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from faults.fault import FaultDataError

__all__ = ["Misbehaviour", "misbehaviours"]

_FOLDER: Final = Path(__file__).parent
_MEMBERS: Final = {"id", "story", "behaviour", "kills"}
_MAY: Final = {"also"}


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """One way of behaving wrongly; `kills` must say `fail`, `also` may, and no other row does."""

    id: str
    story: str
    behaviour: Mapping[str, Any]
    kills: tuple[str, ...]
    also: tuple[str, ...] = ()
    source: str = ""


@cache
def misbehaviours(folder: str = "behaviour") -> tuple[Misbehaviour, ...]:
    """Read them, in the order of files and rows. Raises FaultDataError where a row is wrong.

    Those of the folder `behaviour` are switches of FakeDroplet, those of `outage` habits of the
    leaning droplet, those of `launched/ROLE` what a launched Registry or Orchestrator does wrong.
    """
    return tuple(
        _read(row, path.name)
        for path in sorted((_FOLDER / folder).glob("*.yaml"))
        for row in yaml.safe_load(path.read_text(encoding="utf-8"))
    )


def _read(row: Any, source: str) -> Misbehaviour:
    if not isinstance(row, dict) or set(row) - _MAY != _MEMBERS or not row["kills"]:
        raise FaultDataError(f"{source}: each row has {sorted(_MEMBERS)}; got {row!r:.80}")
    if set(row["kills"]) & set(also := tuple(row.get("also", ()))):
        raise FaultDataError(f"{source}: {row['id']} names a row twice")
    kills = tuple(row["kills"])
    return Misbehaviour(row["id"], row["story"], row["behaviour"], kills, also, source)
