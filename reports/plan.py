"""What is said before a run: what can be certified this way, what is judged, how long it takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from udckit.conformance import STAGES, Settings, certifiable
from udckit.conformance.generated.effort import budget_of
from udckit.reports._printable import one_line

__all__ = ["REACHED", "a_role", "plan"]

REACHED: Final = {
    "url": "reached by its URL alone",
    "fakes": "started against the kit's fakes",
    "authority": "reached by its URL, with an authority for tokens",
    "launch": "launched by the kit",
    "app": "served in this process",
}

_REQUESTS: Final = {"shape": 300, "security": 420}
"""What the hand-written checks of a stage send, measured; a need of another stage counts twice."""
_EACH: Final = 0.006
"""Seconds for a request on loopback, with all that is reckoned beside it, measured."""
_WAITED: Final = {"security": 2.5}
"""Seconds in which a stage waits for what must not come, and for other instances to start."""
_SENT: Final = 0.45
"""The part of what may be generated that is sent, measured."""
_KNOWN_CASE: Final = 0.005
_DRAWN_CASE: Final = 0.02
"""Seconds for a case that is read from a list, and for one that is thought of, measured."""
_SILENCE: Final = 200.0
"""Seconds for which an Orchestrator is watched while a droplet of its is silent (ORCH-HB-007)."""
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
    told += _about(_estimate(settings, float(header.get("scenarios_take", 0.0))))
    beyond = [stage for stage in settings.stages if stage not in able]
    return f"{told}; {_listed(beyond)} will stay incomplete" if beyond else told


def a_role(role: str) -> str:
    """Give a role with its article."""
    return f"an {role}" if role[:1] in "aeiou" else f"a {role}"


def _estimate(settings: Settings, scenarios: float) -> float:
    """Reckon the seconds: what is asked beside scenarios, or after one that is only watched."""
    pace = _EACH if settings.rate is None else max(_EACH, 1 / settings.rate)
    asked = sum(_REQUESTS.get(stage, 0) for stage in settings.stages) * pace
    asked += sum(_WAITED.get(stage, 0.0) for stage in settings.stages)
    asked = min(settings.max_time, asked + _generated(settings))
    if settings.role == "orchestrator" and "resilience" in settings.stages:
        asked += _SILENCE
    return asked + scenarios if settings.reached != "launch" else max(asked, scenarios)


def _generated(settings: Settings) -> float:
    """Reckon the seconds that the effort takes, within its own bound."""
    if not set(settings.stages) & set(_REQUESTS):
        return 0.0
    budget = budget_of(settings.effort, settings.rate)
    known = budget.values + budget.raw
    seconds = known * _KNOWN_CASE + (budget.requests - known) * _DRAWN_CASE
    if settings.rate is not None:
        seconds = max(seconds, budget.requests / settings.rate)
    return min(budget.seconds, _SENT * seconds)


def _about(seconds: float) -> str:
    if seconds < _A_MINUTE:
        return f"about {math.ceil(seconds)} s"
    return f"about {math.ceil(seconds / _A_MINUTE)} min"


def _listed(stages: Any) -> str:
    return ", ".join(stage for stage in STAGES if stage in stages) or "nothing"
