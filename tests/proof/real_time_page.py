"""Writes docs/real-time.md from what was measured: each fault, and what was said of it twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

__all__ = ["BothClocks", "page"]

_LONGEST: Final = 110


@dataclass(frozen=True, slots=True)
class BothClocks:
    """The verdicts of one fault's rows: by a clock moved by hand, and in real time.

    `observed` is what was quoted in real time, `seconds` the wall time of that run.
    """

    fault: str
    story: str
    kills: tuple[str, ...]
    by_hand: Mapping[str, str]
    real: Mapping[str, str]
    observed: Mapping[str, str]
    seconds: float

    @property
    def is_kill(self) -> bool:
        """True where every row that must see it said fail in real time."""
        return bool(self.kills) and all(self.real.get(row) == "fail" for row in self.kills)

    @property
    def is_alike(self) -> bool:
        """True where both clocks led to the same verdicts."""
        return self.real == self.by_hand

    def as_json(self) -> dict[str, Any]:
        """Give what JSON can keep."""
        return asdict(self)

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """Read it back."""
        return cls(**{**facts, "kills": tuple(facts["kills"])})


def page(about: Mapping[str, Any], seen: Sequence[BothClocks]) -> str:
    """Render the page."""
    return "\n".join([*_head(about, seen), *_table(seen)]) + "\n"


def _head(about: Mapping[str, Any], seen: Sequence[BothClocks]) -> Iterator[str]:
    killed = sum(each.is_kill for each in seen)
    alike = sum(each.is_alike for each in seen)
    spent = sum(each.seconds for each in seen)
    yield from (
        "# Faults of behaviour on real processes, in real time",
        "",
        "On each commit what a droplet sends is judged on a clock that is moved by hand, so that",
        "nobody waits for beats. Here the same faults are played once on real processes: the kit",
        "launches `udckit fakes droplet` with one wrong habit, plays the scenarios that its rows",
        "need by the machine's own clock, and must come to the same verdict. `make real-time`",
        "measures it anew and writes this page; [real-time.json](real-time.json) holds the same",
        "as data.",
        "",
        f"Measured {about['date']}, {about['jobs']} side by side, in {about['seconds'] / 60:.0f} "
        f"min (one after the other {spent / 60:.0f} min): udckit {about['kit']} at "
        f"{about['commit']}, edition {about['edition']}, Python {about['python']}, "
        f"{about['system']}, {about['cores']} cores, load {about['load_at_the_end']} at its end.",
        *_again(about.get("again")),
        "",
        "| | |",
        "|---|---|",
        f"| faults seen, each under its own ids, in real time | **{killed} of {len(seen)}** |",
        f"| the same verdicts by both clocks | **{alike} of {len(seen)}** |",
        "",
    )


def _again(anew: Mapping[str, Any] | None) -> Iterator[str]:
    if anew is not None:
        named = ", ".join(f"`{each}`" for each in anew["faults"])
        yield f"Played anew by itself, {anew['date']}: {named}."


def _table(seen: Sequence[BothClocks]) -> Iterator[str]:
    yield from (
        "| fault | expected to fail | by hand | real time | seconds | observed in real time |",
        "|---|---|---|---|---|---|",
    )
    for each in seen:
        yield (
            f"| `{each.fault}`: {_cell(each.story)} | {', '.join(each.kills)} "
            f"| {_words(each.by_hand, each.kills)} | {_words(each.real, each.kills)} "
            f"| {each.seconds:.0f} | {_cell(each.observed.get(each.kills[0], ''))} |"
        )


def _words(verdicts: Mapping[str, str], rows: Sequence[str]) -> str:
    """Give one word where all rows say the same, else one for each."""
    words = [verdicts.get(row, "-") for row in rows]
    return words[0] if len(set(words)) == 1 else ", ".join(words)


def _cell(text: str) -> str:
    """Make a text fit a cell of a table."""
    flat = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"
