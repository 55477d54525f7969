"""What `udckit explain` tells: rows of the catalogue, chosen, counted and spelled out."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import click

from udckit.cli._screen import encoding_of, has_colours, width_of
from udckit.conformance import ROLES, STAGES, InvocationError, all_checks
from udckit.reports import Page
from udckit.reports._remedy import write_code
from udckit.specs import (
    Explanation,
    Requirement,
    catalogue,
    checklist,
    explanation,
    guide_words,
    readings,
)

__all__ = ["Wish", "counts", "facts_of", "list_rows", "rows_for", "tell_row"]

_LABELS: Final = 10

_WHY: Final = {
    "C": "a tick-box of the checklist",
    "M": "the text says must",
    "S": "the text says should",
    "X": "an example shows it",
    "R": "a reading",
}


_OBSERVED: Final = {
    "probe": "a request is sent to it, and the answer judged",
    "journal": "what it sends to the kit's Registry, Orchestrator and peers is read",
    "fault": "something that it needs is made to fail, and what it does then is judged",
    "trigger": "a request of yours makes it call a peer: `trigger` in udckit.toml",
    "log": "what it writes to its standard output and error is read",
    "none": "not from outside: only the repository shows it",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """Which rows somebody wants to see."""

    ids: tuple[str, ...]
    stages: tuple[str, ...]
    role: str | None
    unchecked: bool


def rows_for(wish: Wish) -> list[Requirement]:
    """Choose rows; raise InvocationError with near misses for a name that nothing has."""
    stages = {word.strip() for text in wish.stages for word in text.split(",")} - {""}
    for stage in stages:
        _known("stage", stage, (*STAGES, "none"))
    if wish.role is not None:
        _known("role", wish.role, ROLES)
    chosen = list(catalogue().values())
    if wish.ids:
        chosen = [row for each in wish.ids for row in _named(each.upper())]
    return [
        row
        for row in chosen
        if (not stages or row.stage in stages)
        and (wish.role is None or wish.role in row.roles)
        and (not wish.unchecked or _state(row) == "unchecked")
    ]


def _named(name: str) -> list[Requirement]:
    if name in catalogue():
        return [catalogue()[name]]
    family = [row for row in catalogue().values() if row.id.startswith(name.rstrip("-") + "-")]
    if not family:
        near = difflib.get_close_matches(name, catalogue(), n=3)
        hint = f" Did you mean {', '.join(near)}?" if near else " `udckit explain` lists them all."
        raise InvocationError(f"There is no requirement {name!r}.{hint}")
    return family


def _known(kind: str, word: str, words: Sequence[str]) -> None:
    if word not in words:
        near = difflib.get_close_matches(word, words, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(words)}."
        raise InvocationError(f"{word!r} is no {kind}. {hint}")


def _state(row: Requirement) -> str:
    if row.excluded is not None:
        return "excluded"
    return "checked" if row.id in all_checks() else "unchecked"


def counts(rows: Sequence[Requirement]) -> dict[str, int]:
    """Count rows by what the kit does with them."""
    states = [_state(row) for row in rows]
    words = ("checked", "excluded", "unchecked")
    return {"total": len(rows), **{word: states.count(word) for word in words}}


def facts_of(row: Requirement) -> dict[str, Any]:
    """Give all that is known of a row, for programs."""
    check = all_checks().get(row.id)
    known = readings()
    return {
        "id": row.id,
        "text": row.text,
        "level": row.level,
        "reason": list(row.reason),
        "roles": sorted(row.roles),
        "stage": row.stage,
        "gate": row.gate,
        "source": list(row.source),
        "readings": [{"id": each, "reading": known[each].reading} for each in row.readings],
        "observe": list(row.observe),
        "needs": list(row.needs),
        "checklist": row.checklist,
        "excluded": row.excluded,
        "fix": row.fix,
        "guide": guide_words(row),
        "explanation": None if (told := explanation(row.id)) is None else asdict(told),
        "state": _state(row),
        "check": None
        if check is None
        else {"claim": check.claim, "module": check.function.__module__},
    }


def tell_row(row: Requirement) -> None:
    """Print one row in full."""
    page = Page(width_of())
    page.line((f"{row.id} {row.level}  ", "bold"), row.text, hang=2)
    page.blank()
    for label, text in _told(row):
        page.labelled((label, "dim"), text, indent=2, width=_LABELS)
    write_code(page, row.id, indent=2, width=_LABELS)
    page.blank()
    told = explanation(row.id)
    if told is not None:
        _write_example(page, told, also=_also_kept(row, told))
    _print(page)


def _also_kept(row: Requirement, told: Explanation) -> list[str]:
    """Name the other rows that the same piece of code keeps."""
    rows = (each for each in catalogue() if each != row.id)
    return [each for each in rows if (other := explanation(each)) and other.example == told.example]


def _write_example(page: Page, told: Explanation, also: list[str]) -> None:
    for heading, text in (("in FastAPI", told.example.fastapi), ("on the wire", told.example.http)):
        page.line((heading, "bold"))
        page.blank()
        for line in text.splitlines():
            page.unbroken(("", ""), line, indent=2 if line else 0, width=0)
        page.blank()
    if also:
        page.line((f"The same code keeps {', '.join(also)}.", "dim"))
        page.blank()


def _told(row: Requirement) -> list[tuple[str, str]]:
    facts = facts_of(row)
    told = [
        ("level", f"{row.level}: {', '.join(_WHY.get(each, each) for each in row.reason)}"),
        ("stage", f"{row.stage}; gate {row.gate}; binds {', '.join(facts['roles'])}"),
        ("source", "; ".join(row.source)),
    ]
    words = facts["guide"]
    lines = words.splitlines() if words else []
    told += [("guide" if n == 0 else "", line) for n, line in enumerate(lines)]
    told += [("reading", f"{each['id']}: {each['reading']}") for each in facts["readings"]]
    told += [
        ("observed" if n == 0 else "", f"{each}: {_OBSERVED[each]}")
        for n, each in enumerate(row.observe)
    ]
    if row.needs:
        told.append(("needs", ", ".join(row.needs)))
    box = next((box for box in checklist() if box.slug == row.checklist), None)
    if box is not None:
        told.append(("box", f"{box.block}: {box.text}"))
    check = facts["check"]
    if row.excluded is not None:
        told.append(("excluded", row.excluded))
    elif check is None:
        told.append(("check", "none yet: it is not observed"))
    else:
        told.append(("check", f"{check['claim']} ({check['module']})"))
    explained = explanation(row.id)
    if explained is not None:
        told += [("passes", explained.passes), ("fails", explained.fails)]
    told.append(("fix", row.fix))
    return told


def list_rows(rows: Sequence[Requirement]) -> None:
    """Print rows one a line, and how many there are."""
    page = Page(width_of())
    marks = {"checked": ("✓", "green"), "excluded": ("-", "dim"), "unchecked": ("?", "yellow")}
    for stage in (*STAGES, "none"):
        members = [row for row in rows if row.stage == stage]
        if not members:
            continue
        page.line((stage, "bold"))
        for row in members:
            mark, style = marks[_state(row)]
            text = f"{row.id} {row.level}  {row.text}"
            room = page.width - 4
            page.line(
                (f"{mark} ", style),
                text if len(text) <= room else text[: room - 1] + "…",
                indent=2,
            )
        page.blank()
    numbers = counts(rows)
    page.line(
        f"{numbers['total']} requirements: {numbers['checked']} checked ✓, "
        f"{numbers['excluded']} excluded -, {numbers['unchecked']} not yet checked ?"
    )
    _print(page)


def _print(page: Page) -> None:
    text = page.render(colour=has_colours(sys.stdout), encoding=encoding_of(sys.stdout))
    click.echo(text, nl=False, color=True)
