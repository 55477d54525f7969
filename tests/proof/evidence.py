"""What a run of the proof leaves: sightings, runs over right droplets, and how they came about."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Self

from proof.alarms import Judged
from proof.sighting import Sighting
from udckit.specs import edition

__all__ = ["Evidence", "circumstances"]

_ROOT: Final = Path(__file__).parents[2]
_WORDS: Final = ("pass", "fail", "not_observed", "not_applicable", "error")


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it, as `docs/detection.json` keeps it. `about` says when, where and of what."""

    about: Mapping[str, Any]
    sightings: tuple[Sighting, ...]
    runs: tuple[Judged, ...]

    def write(self, path: Path) -> None:
        """Keep it: a line for each sighting and each run, so that two files can be compared.

        The words of runs are kept as one letter a row, in the order of `rows`: p, f, o (not
        observed), a (not applicable), e.
        """
        rows = sorted({row for run in self.runs for row in run.words})
        lines = [
            '{"about": ' + _dump(dict(self.about)) + ",",
            '"rows": ' + _dump(rows) + ",",
            '"sightings": [',
            ",\n".join(_dump(each.as_json()) for each in self.sightings),
            '],\n"runs": [',
            ",\n".join(_dump(each.as_json() | {"words": _short(each, rows)}) for each in self.runs),
            "]}",
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read it back."""
        facts = json.loads(path.read_text(encoding="utf-8"))
        letters = {_letter(word): word for word in _WORDS}
        runs = [
            Judged.from_json(
                run
                | {
                    "words": {
                        row: letters[letter]
                        for row, letter in zip(facts["rows"], run["words"], strict=True)
                        if letter != "."
                    }
                }
            )
            for run in facts["runs"]
        ]
        return cls(facts["about"], tuple(map(Sighting.from_json, facts["sightings"])), tuple(runs))


_CHANGED = ("status", "-s", "--", ".", ":!docs/detection.*", ":!docs/real-time.*")
"""What was changed since the commit, but for what a measurement writes itself."""


def circumstances(*, began: float, minutes: float, seed: int) -> dict[str, Any]:
    """Say when it was measured, how long it took, of which version, and on what kind of machine."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(began)),
        "seconds": round(time.time() - began),
        "minutes_given": minutes,
        "seed": seed,
        "kit": version("udckit"),
        "commit": _git("rev-parse", "--short", "HEAD") + ("+" if _git(*_CHANGED) else ""),
        "edition": edition().name,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count() or 1,
        "load_at_the_end": round(os.getloadavg()[0], 1),
    }


def _git(*words: str) -> str:
    told = subprocess.run(["git", *words], cwd=_ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip()


def _short(run: Judged, rows: Iterable[str]) -> str:
    return "".join(_letter(run.words[row]) if row in run.words else "." for row in rows)


def _letter(word: str) -> str:
    return {"not_observed": "o", "not_applicable": "a"}.get(word, word[0])


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(", ", ": "))
