"""Which dialect a target speaks, told by what was seen; what differs from the contract, in order.

Three incompatible texts call themselves UDC 1.0, and droplets speak five dialects. One word proves
nothing, for they share most of them: in each area (the health word, the members of /state, the
paths it sends to …) every known word votes for the dialects that have it, the rarer the stronger,
each area has one vote in all, and the sum decides. Two that come close are *ambiguous*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from udckit.conformance import STAGES, RunRecord
from udckit.reports._account import Account, account_of
from udckit.reports._dialect_gaps import Gap, gaps, notes, said_gaps
from udckit.reports._dialect_signs import Sign, signs
from udckit.reports._format import Format, Run, of_one
from udckit.reports._markdown import inert
from udckit.reports._printable import one_line
from udckit.reports._seen import identity
from udckit.specs import dialects

__all__ = ["FORMAT", "Gap", "Recognition", "Sign", "gap_report", "in_one_line", "recognise"]

_HALF: Final = {"error": 0.5, "paths": 1.5}
"""Frameworks word errors, so they tell less; where a droplet sends, it means what it says."""

_CLOSE: Final = 0.15
_FEWEST_SIGNS: Final = 2
_SHOWN: Final = 8

Word = Literal["recognised", "ambiguous", "unrecognised"]


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a target speaks, and how that is known.

    `keys` are the dialects that it may be, the likeliest first: one where it is recognised, none
    where too little was said. `support` gives each dialect's share of the evidence. `gaps` is
    what was seen against what is wanted; `said` what the dialect's own text says otherwise, which
    this run did not see.
    """

    word: Word
    keys: tuple[str, ...]
    support: Mapping[str, float]
    signs: tuple[Sign, ...]
    notes: tuple[str, ...]
    gaps: tuple[Gap, ...]
    said: tuple[Gap, ...]
    order: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def is_contract(self) -> bool:
        """True where it speaks the dialect that the contract is."""
        return self.keys[:1] == ("F",) and self.word == "recognised"

    @property
    def telling(self) -> tuple[Sign, ...]:
        """The signs that speak for the likeliest dialect, the rarest first."""
        mine = [each for each in self.signs if self.keys and self.keys[0] in each.whose]
        return tuple(sorted(mine, key=lambda sign: len(sign.whose)))


def recognise(record: RunRecord, account: Account | None = None) -> Recognition:
    """Tell the dialect of a record's target."""
    found = signs(record)
    support = _support(found)
    ranked = sorted(support, key=lambda key: -support[key])
    near = tuple(key for key in ranked if support[key] >= (1 - _CLOSE) * support[ranked[0]])
    telling = sum(near[0] in each.whose for each in found) if near else 0
    word: Word = "ambiguous" if len(near) > 1 else "recognised"
    if not near or telling < _FEWEST_SIGNS:
        word, near = "unrecognised", ()
    failures = (account or account_of(record)).failures
    broken = [each for failure in failures for each in failure.verdicts if each.level == "MUST"]
    order = tuple(
        (stage, ids)
        for stage in STAGES
        if (ids := tuple(each.id for each in broken if each.stage == stage))
    )
    foreign = near[0] if word == "recognised" and near[0] != "F" else None
    return Recognition(
        word=word,
        keys=near,
        support=support,
        signs=found,
        notes=notes(record),
        gaps=gaps(record),
        said=said_gaps(foreign) if foreign is not None else (),
        order=order,
    )


def _support(found: Sequence[Sign]) -> dict[str, float]:
    """Give each dialect its share of the votes, between 0 and 1; none without a sign."""
    areas: dict[str, list[Sign]] = {}
    for sign in found:
        areas.setdefault(sign.area, []).append(sign)
    total = dict.fromkeys(dialects(), 0.0)
    votes = 0.0
    for area, members in areas.items():
        weight = _HALF.get(area, 1.0)
        whole = sum(1 / len(sign.whose) for sign in members)
        votes += weight
        for sign in members:
            for key in sign.whose:
                total[key] += weight / len(sign.whose) / whole
    return {key: round(each / votes, 4) for key, each in total.items() if each} if votes else {}


def in_one_line(found: Recognition) -> str:
    """Say what was recognised and by which words, as a line of the summary."""
    known = dialects()
    if found.word == "unrecognised":
        return "dialect: none of the five that are known; too little was said that tells one"
    if found.word == "ambiguous":
        names = " or ".join(f"{known[key].name} ({key})" for key in found.keys)
        return f"dialect: ambiguous, {names}; told by {_told(found)}"
    name = f"{known[found.keys[0]].name} ({found.keys[0]})"
    if found.is_contract:
        rest = f", {len(found.gaps)} fields to mend" if found.gaps else ""
        return f"dialect: {name}, the contract's own{rest}"
    return f"dialect: {name}, not the contract's; told by {_told(found)}"


def _told(found: Recognition) -> str:
    words = [f"{sign.area} {one_line(sign.word)}" for sign in found.telling[:_SHOWN]]
    return ", ".join(words)


def gap_report(run: Run) -> str:
    """Write the dialect of a run, its evidence, its gaps and the order of mending, as Markdown."""
    found = recognise(run.record)
    who = identity(run.record).title or str(run.record.header["settings"]["target"])
    lines = [f"# What {inert(who)} speaks", "", inert(in_one_line(found)), ""]
    if found.notes:
        lines += [*(f"- {inert(each)}" for each in found.notes), ""]
    if found.telling:
        lines += ["## Told by", ""]
        lines += [
            f"- {inert(sign.word)} in {sign.area} ({inert(sign.where)}): {', '.join(sign.whose)}"
            for sign in found.telling
        ]
        lines.append("")
    for title, rows in (
        ("Seen, and what the contract wants", found.gaps),
        ("Not seen here; what the dialect's own text says", found.said),
    ):
        if rows:
            lines += [f"## {title}", "", "| where | found | wanted | change |", "|---|---|---|---|"]
            lines += [
                f"| {inert(one.where)} | {inert(one.found)} | {inert(one.wanted)} "
                f"| {inert(one.change)} |"
                for one in rows
            ]
            lines.append("")
    if found.order:
        lines += ["## Mend in this order", ""]
        lines += [f"1. {stage}: {', '.join(ids)}" for stage, ids in found.order]
        lines.append("")
    return "\n".join(lines)


FORMAT: Final = Format(
    "dialect",
    "which dialect it speaks, and what to change",
    "dialect.md",
    of_one("dialect.md", gap_report),
)
