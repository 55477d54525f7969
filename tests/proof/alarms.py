"""Right droplets judged again and again: who was blamed, and who was judged differently."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

__all__ = ["Alarm", "Judged", "alarms_of", "flakes_of"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One run over one right droplet: its verdicts by row, and the MUSTs among them that failed.

    `kind` is `whole` (every stage that is built, freshly launched) or `quick` (stage 1, kept up),
    `loaded` whether other programs kept all cores busy meanwhile.
    """

    member: str
    kind: str
    loaded: bool
    words: Mapping[str, str]
    blamed: Mapping[str, str]
    errors: Mapping[str, str]
    stages: Mapping[str, str]
    exit_code: int
    requests: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Give what JSON can keep."""
        return asdict(self)

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Self:
        """Read it back."""
        return cls(**facts)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A right droplet was blamed: which, for which row, what was said, how often."""

    member: str
    row: str
    said: str
    times: int


def alarms_of(runs: Iterable[Judged]) -> list[Alarm]:
    """Count each MUST that failed, and each error of the kit's, on a right droplet."""
    times: Counter[tuple[str, str]] = Counter()
    said: dict[tuple[str, str], str] = {}
    for run in runs:
        for row, words in {**run.blamed, **run.errors}.items():
            times[run.member, row] += 1
            said.setdefault((run.member, row), words)
    return [Alarm(*key, said[key], count) for key, count in sorted(times.items())]


def flakes_of(runs: Iterable[Judged]) -> list[Alarm]:
    """Name each row whose verdict differed from what it mostly is on that droplet."""
    words: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for run in runs:
        for row, word in run.words.items():
            words[run.member, run.kind, row][word] += 1
    flakes = []
    for (member, kind, row), counts in sorted(words.items()):
        (usual, _), *others = counts.most_common()
        for word, times in others:
            flakes.append(Alarm(member, row, f"{kind}: {word} instead of {usual}", times))
    return flakes
