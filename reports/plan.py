"""What is said before a run: what can be certified this way, what is judged, how long it takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from udckit.conformance import STAGES, Settings, certifiable
from udckit.reports._printable import one_line

__all__ = ["REACHED", "a_role", "plan"]

REACHED: Final = {
    "url": "reached by its URL alone",
    "fakes": "started against the kit's fakes",
    "authority": "reached by its URL, with an authority for tokens",
    "launch": "launched by the kit",
    "app": "served in this process",
}

_SECONDS: Final = {"shape": 5, "security": 10, "integration": 150, "resilience": 240}
"""What a stage takes on a quick droplet on this machine; stages overlap where they can."""

_REQUESTS: Final = {"shape": 220, "security": 250}
_POLITE: Final = 5
_A_MINUTE: Final = 60


def plan(header: Mapping[str, Any]) -> str:
    """Say it from the header of a run record, on one line."""
    settings = Settings.from_json(header["settings"])
    reached = settings.reached if settings.reached in REACHED else "url"
    able = certifiable(reached)  # type: ignore[arg-type]  # the line before sees to it
    target = f"{one_line(settings.target)}{one_line(settings.base_path)}"
    told = f"{target} is {a_role(settings.role)} {REACHED[reached]}: "
    if settings.only:
        return f"{told}judging {', '.join(settings.only)} and what they need; no stage is asked for"
    told += f"{_listed(able)} can be certified this way; judging {_listed(settings.stages)}, "
    told += _about(_estimate(settings))
    beyond = [stage for stage in settings.stages if stage not in able]
    return f"{told}; {_listed(beyond)} will stay incomplete" if beyond else told


def a_role(role: str) -> str:
    """Give a role with its article."""
    return f"an {role}" if role[:1] in "aeiou" else f"a {role}"


def _estimate(settings: Settings) -> float:
    seconds = max((_SECONDS[stage] for stage in settings.stages), default=0)
    if settings.is_local or settings.reached in {"launch", "app"}:
        return seconds
    return seconds + sum(_REQUESTS.get(stage, 0) for stage in settings.stages) / _POLITE


def _about(seconds: float) -> str:
    if seconds < _A_MINUTE:
        return f"about {math.ceil(seconds)} s"
    return f"about {math.ceil(seconds / _A_MINUTE)} min"


def _listed(stages: Any) -> str:
    return ", ".join(stage for stage in STAGES if stage in stages) or "nothing"
