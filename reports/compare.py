"""Two records beside each other: what broke since, what was mended, regressions first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from udckit.conformance import RunRecord, Settings, Verdict
from udckit.reports._account import Account, account_of
from udckit.reports._cases import why
from udckit.reports._page import Page
from udckit.reports._printable import cut, one_line
from udckit.reports._seen import ended, utc
from udckit.specs import catalogue

__all__ = ["Change", "Comparison", "compare", "comparison_text"]

_SAYS: Final = {
    "broke": ("✗", "bold red", "broken since"),
    "lost": ("?", "yellow", "held, and is no longer shown to"),
    "found": ("✗", "bold red", "broken, and not judged before"),
    "mended": ("✓", "green", "mended since"),
    "gained": ("✓", "green", "holds, and was not judged before"),
    "other": ("·", "dim", "otherwise changed"),
}
_KINDS: Final = tuple(_SAYS)
_LEVELS: Final = ("MUST", "SHOULD", "MAY")


@dataclass(frozen=True, slots=True)
class Change:
    """One row whose verdict is another than before; `kind` is a word of `_SAYS`."""

    id: str
    level: str
    kind: str
    before: str
    now: str
    because: str

    @property
    def is_regression(self) -> bool:
        """True where something that held no longer does, or is no longer shown to."""
        return self.kind in {"broke", "lost"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one run to a later one. `notes` say where they cannot be compared."""

    changes: tuple[Change, ...]
    stages: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]

    @property
    def regressions(self) -> tuple[Change, ...]:
        """The changes that a reviewer must see."""
        return tuple(each for each in self.changes if each.is_regression)

    @property
    def broken(self) -> bool:
        """True where a MUST is broken now that was not seen to be broken before."""
        worse = {"broke", "found"}
        return any(each.kind in worse and each.level == "MUST" for each in self.changes)


def compare(now: RunRecord, before: RunRecord) -> Comparison:
    """Compare a record with an earlier one; a record with itself has no changes."""
    rows = list(dict.fromkeys((*before.verdicts, *now.verdicts)))
    changes = [
        change
        for each in rows
        if (change := _change(each, before.verdicts.get(each), now.verdicts.get(each)))
    ]
    place = {each: at for at, each in enumerate(catalogue())}
    changes.sort(
        key=lambda one: (
            _KINDS.index(one.kind),
            _LEVELS.index(one.level),
            place.get(one.id, len(place)),
        )
    )
    words, words_before = account_of(now).words, account_of(before).words
    stages = tuple(
        (stage, words_before[stage], words[stage])
        for stage in words
        if words[stage] != words_before[stage]
    )
    return Comparison(tuple(changes), stages, tuple(_notes(now, before)))


def _change(each: str, before: Verdict | None, now: Verdict | None) -> Change | None:
    was = "absent" if before is None else before.verdict
    word = "absent" if now is None else now.verdict
    one = now or before
    if was == word or one is None:
        return None
    kind = "other"
    if was == "pass":
        kind = {"fail": "broke", "not_applicable": "other"}.get(word, "lost")
    elif word == "fail":
        kind = "found"
    elif word == "pass":
        kind = "mended" if was == "fail" else "gained"
    return Change(each, one.level, kind, was, word, "" if now is None else why(now))


def _notes(now: RunRecord, before: RunRecord) -> list[str]:
    """Say what differs beside the verdicts, for it may be the reason."""
    told = [
        f"another {name}: {before.header.get(name)}, now {now.header.get(name)}"
        for name in ("edition", "kit")
        if now.header.get(name) != before.header.get(name)
    ]
    if now.header.get("specs") != before.header.get("specs"):
        told.append("the requirements' own texts changed between the two runs")
    a, b = (Settings.from_json(each.header["settings"]) for each in (before, now))
    told += [
        f"another {name.replace('_', ' ')}: {_said(getattr(a, name))}, "
        f"now {_said(getattr(b, name))}"
        for name in ("role", "reached", "stages", "only", "safety", "has", "base_path")
        if getattr(a, name) != getattr(b, name)
    ]
    for when, each in (("earlier", before), ("later", now)):
        if not each.complete:
            told.append(f"the {when} run did not reach its end")
    return told


def _said(value: Any) -> str:
    if isinstance(value, tuple | frozenset):
        return ", ".join(sorted(value)) or "none"
    return one_line(str(value)) or "none"


def comparison_text(
    now: RunRecord,
    before: RunRecord,
    *,
    width: int = 80,
    colour: bool = False,
    encoding: str | None = "utf-8",
) -> str:
    """Say the comparison as a screen of text."""
    found = compare(now, before)
    page = Page(width)
    page.line((_headline(found), "bold"))
    page.line((f"before {_run(account_of(before))}", "dim"), hang=7)
    page.line((f"now    {_run(account_of(now))}", "dim"), hang=7)
    for note in found.notes:
        page.line(("! ", "yellow"), note, hang=2)
    for stage, was, word in found.stages:
        page.line(f"{stage}: {was.replace('_', ' ')}, now {word.replace('_', ' ')}", indent=2)
    for kind, (mark, style, says) in _SAYS.items():
        members = [each for each in found.changes if each.kind == kind]
        if not members:
            continue
        page.blank()
        page.line((f"{says} ({len(members)})", "bold"))
        for each in members:
            _write_change(page, each, mark, style)
    return page.render(colour=colour, encoding=encoding)


def _headline(found: Comparison) -> str:
    if not found.changes:
        return "nothing changed: every verdict is what it was"
    worse = len(found.regressions)
    told = [f"{worse} {'regression' if worse == 1 else 'regressions'}"]
    for says, kinds in (("found broken", ("found",)), ("better", ("mended", "gained"))):
        count = sum(each.kind in kinds for each in found.changes)
        if count:
            told.append(f"{count} {says}")
    rest = sum(each.kind == "other" for each in found.changes)
    return ", ".join([*told, f"{rest} otherwise changed"] if rest else told)


def _run(account: Account) -> str:
    return f"{one_line(account.settings.target)} at {utc(ended(account.record))}"


def _write_change(page: Page, change: Change, mark: str, style: str) -> None:
    row = catalogue().get(change.id)
    text = f"  {row.text}" if row is not None else ""
    page.line(
        (f"{mark} ", style), cut(f"{change.id} {change.level}{text}", page.width - 4), indent=2
    )
    moved = f"{change.before.replace('_', ' ')}, now {change.now.replace('_', ' ')}"
    page.line((f"{moved}{': ' if change.because else ''}{change.because}", "dim"), indent=4, hang=2)
