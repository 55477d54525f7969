"""Faults as data: what the catalogue's YAML says, read into values that cannot be half right."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from faults.actions import VERBS, Verb
from faults.conditions import When
from faults.verifying import Verifier

__all__ = ["CATALOGUE", "Action", "Fault", "FaultDataError", "Strike", "all_faults", "read_faults"]

CATALOGUE: Final = Path(__file__).parent / "catalogue"

_SETS: Final = ("registry", "orchestrator", "security")
"""Beginnings of the names of files that hold something else than a droplet's faults of shape."""

_MEMBERS: Final = frozenset(
    {
        "id",
        "story",
        "where",
        "when",
        "do",
        "strikes",
        "kills",
        "also",
        "beside",
        "needs",
        "settings",
        "survives",
    }
)
_STRIKE: Final = frozenset({"where", "when", "do"})
_SETTINGS: Final[Mapping[str, tuple[type, ...]]] = {
    "health_budget": (float, int),
    "floor": (float, int),
    "boot": (float, int),
    "has": (list,),
    "instance": (str,),
    "quiet": (bool,),
}


class FaultDataError(Exception):
    """A row of the fault catalogue is wrong: which, where, and what would be right."""


@dataclass(frozen=True, slots=True)
class Action:
    """A verb with what it is told."""

    name: str
    verb: Verb
    told: Any


@dataclass(frozen=True, slots=True)
class Strike:
    """Where a fault strikes, when, and what it does there, in order."""

    operations: tuple[tuple[str, str], ...]
    when: When
    actions: tuple[Action, ...]

    def concerns(self, method: str, path: str) -> bool:
        """True where method and path are among those that are struck."""
        return any(
            verb in {"*", method} and fnmatch.fnmatchcase(path, pattern)
            for verb, pattern in self.operations
        )

    @property
    def answers_alone(self) -> bool:
        """True where the droplet need not be asked: the strike makes up an answer."""
        return not self.when.status and self.actions[-1].name == "answer"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way of breaking the contract, told as a story, and the rows that must see it.

    `kills` must say `fail`; `also` may. `needs` are capabilities of the droplet without which
    nothing can be struck. `settings` are those of the run: `health_budget`, `floor` and `boot`,
    in seconds; `has`, what the operator declares; `instance`, the only one that is struck;
    `quiet`, a log that says nothing of refusals. `survives` says why the checks do not see it
    yet; when they do, the word is stale and a test says so. `beside` names rows whose requests
    let the fault show itself, where only its own rows are judged.
    """

    id: str
    story: str
    strikes: tuple[Strike, ...]
    kills: tuple[str, ...]
    also: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    survives: str | None = None
    source: str = ""

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows to judge where not the whole stage is."""
        return (*self.kills, *self.beside)


@cache
def all_faults(role: str = "droplet") -> tuple[Fault, ...]:
    """Read the faults of a role, in the order of files and rows.

    Files named `registry-…` and `orchestrator-…` hold what only these can do wrong, those named
    `security-…` what a droplet can, in stage 2.
    """
    return tuple(
        fault
        for path in sorted(CATALOGUE.glob("*.yaml"))
        if role == next((one for one in _SETS if path.name.startswith(f"{one}-")), "droplet")
        for fault in read_faults(path)
    )


def read_faults(path: Path) -> list[Fault]:
    """Read one file of the catalogue; raise FaultDataError where a row is wrong."""
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(rows, list):
        raise FaultDataError(f"{path.name}: a list of faults was expected")
    return [_fault(row, path.name) for row in rows]


def _fault(row: Any, source: str) -> Fault:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise FaultDataError(f"{source}: each fault is a mapping with an `id`; got {row!r:.80}")
    where = f"{source}: fault `{row['id']}`"
    _known(row, _MEMBERS, where)
    if not isinstance(row.get("story"), str):
        raise FaultDataError(f"{where}: it has no `story`, one sentence of what goes wrong")
    if ("strikes" in row) == ("where" in row):
        raise FaultDataError(f"{where}: write either `where`, `when` and `do`, or `strikes`")
    strikes = row.get("strikes", [{key: row[key] for key in _STRIKE if key in row}])
    if not isinstance(strikes, list) or not strikes:
        raise FaultDataError(f"{where}: `strikes` is a list of at least one")
    return Fault(
        id=row["id"],
        story=row["story"],
        strikes=tuple(_strike(each, where) for each in strikes),
        kills=_words(row, "kills", where),
        also=_words(row, "also", where),
        beside=_words(row, "beside", where),
        needs=_words(row, "needs", where),
        settings=_settings(row.get("settings", {}), where),
        survives=_reason(row.get("survives"), where),
        source=source,
    )


def _strike(row: Any, where: str) -> Strike:
    if not isinstance(row, dict) or "where" not in row or "do" not in row:
        raise FaultDataError(
            f"{where}: a strike says `where` what and what to `do`; got {row!r:.80}"
        )
    _known(row, _STRIKE, where)
    operations = tuple(
        _operation(each, where)
        for each in ([row["where"]] if isinstance(row["where"], str) else row["where"])
    )
    actions = tuple(_action(each, where) for each in row["do"])
    if not actions or not operations:
        raise FaultDataError(f"{where}: `where` and `do` are lists of at least one")
    return Strike(operations, _when(row.get("when", {}), where), actions)


def _operation(text: Any, where: str) -> tuple[str, str]:
    words = str(text).split(" ")
    if len(words) != 2 or not (words[1].startswith("/") or words[1] == "*"):
        raise FaultDataError(
            f"{where}: `where` is a method and a path, as `GET /health`; not {text}"
        )
    return words[0], words[1]


def _when(row: Any, where: str) -> When:
    if not isinstance(row, dict):
        raise FaultDataError(f"{where}: `when` is a mapping; got {row!r:.80}")
    _known(row, {each.name for each in fields(When)}, f"{where}: `when`")
    status = row.get("status", ())
    listed = status if isinstance(status, list | tuple) else [status]
    try:
        verifier = Verifier.of(row["verifier"]) if "verifier" in row else None
        told = {"status": tuple(str(each) for each in listed), "verifier": verifier}
        return When(**{**row, **told})
    except (TypeError, ValueError) as wrong:
        raise FaultDataError(f"{where}: `when`: {wrong}") from wrong


def _action(row: Any, where: str) -> Action:
    if not isinstance(row, dict) or len(row) != 1:
        raise FaultDataError(f"{where}: an action is one verb with what it is told: {row!r:.80}")
    ((name, told),) = row.items()
    _known(row, VERBS, f"{where}: `do`")
    verb = VERBS[name]
    fits = isinstance(told, verb.takes)
    if not fits:
        raise FaultDataError(f"{where}: `{name}` cannot be told {told!r:.80}")
    if verb.keys:
        _known(told, verb.keys, f"{where}: `{name}`")
    return Action(name, verb, told)


def _settings(row: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise FaultDataError(f"{where}: `settings` is a mapping; got {row!r:.80}")
    _known(row, _SETTINGS, f"{where}: `settings`")
    for name, value in row.items():
        if not isinstance(value, _SETTINGS[name]):
            raise FaultDataError(f"{where}: the setting {name} cannot be {value!r:.80}")
    return dict(row)


def _reason(text: Any, where: str) -> str | None:
    if text is not None and not (isinstance(text, str) and text.strip()):
        raise FaultDataError(f"{where}: `survives` is the reason, in a sentence; got {text!r:.80}")
    return text


def _words(row: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    words = row.get(name, [])
    if not isinstance(words, list) or not all(isinstance(each, str) for each in words):
        raise FaultDataError(f"{where}: `{name}` is a list of words; got {words!r:.80}")
    return tuple(words)


def _known(row: Mapping[Any, Any], allowed: Iterable[str], where: str) -> None:
    for name in row:
        if name not in set(allowed):
            raise FaultDataError(f"{where} does not know `{name}`; it knows {_listed(allowed)}")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
