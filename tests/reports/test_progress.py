from __future__ import annotations

from typing import Any

import pytest

from udckit.conformance import STAGES, Settings
from udckit.reports import Progress, plan


def header(**settings: object) -> dict[str, object]:
    facts = Settings("http://127.0.0.1:8010", **settings).as_json()  # type: ignore[arg-type]  # the test's own
    return {"kind": "header", "settings": facts}


def test_progress_counts_what_was_judged_and_asked() -> None:
    progress = Progress(None)
    assert progress.told().startswith("waiting for an answer")

    for line in (header(only=("UDC-HEALTH-002",)), {"kind": "exchange"}, {"kind": "verdict"}):
        progress(line)

    assert progress.told().startswith("1 of 1 requirements · 1 requests · ")


def test_progress_that_lasted_no_time_writes_nothing() -> None:
    written: list[str] = []

    with Progress(written.append):
        pass

    assert written == []


def test_plan_says_what_can_be_certified_and_what_is_judged() -> None:
    assert plan(header()) == (
        "http://127.0.0.1:8010 is a droplet reached by its URL alone: "
        "shape can be certified this way; judging shape, about 2 s"
    )


def test_plan_gives_each_role_its_article() -> None:
    assert " is an orchestrator " in plan(header(role="orchestrator"))
    assert " is a registry " in plan(header(role="registry"))


def test_plan_says_which_stage_will_stay_incomplete() -> None:
    told = plan(header(stages=("shape", "resilience")))

    assert told.endswith("; resilience will stay incomplete")


def test_plan_reckons_with_the_pace_that_a_stranger_is_asked_at() -> None:
    facts = Settings("http://droplet.example:8010", rate=5.0).as_json()

    assert plan({"settings": facts}).endswith("about 1 min")  # 300 requests, five a second


@pytest.mark.parametrize(
    ("settings", "scenarios", "measured"),
    [
        ({"stages": ("shape",)}, 0.0, 2.5),
        ({"stages": ("shape",), "effort": "quick"}, 0.0, 2.6),
        ({"stages": ("shape",), "effort": "standard"}, 0.0, 14.6),
        ({"stages": ("shape",), "effort": "deep"}, 0.0, 131.5),
        ({"stages": ("security",)}, 0.0, 5.1),
        ({"stages": ("security",), "effort": "quick"}, 0.0, 7.3),
        ({"stages": ("shape", "security"), "effort": "quick"}, 0.0, 6.1),
        ({"stages": STAGES, "effort": "quick"}, 33.0, 36.1),
        ({"stages": STAGES[2:], "role": "registry"}, 34.0, 49.0),
        ({"stages": STAGES[2:], "role": "orchestrator"}, 34.0, 257.0),
    ],
)
def test_plan_is_within_a_factor_of_two_of_what_was_measured(
    settings: dict[str, Any], scenarios: float, measured: float
) -> None:
    line = header(reached="launch", **settings) | {"scenarios_take": scenarios}
    number, unit = plan(line).rsplit("about ", 1)[1].split()[:2]
    seconds = int(number) * {"s": 1, "min": 60}[unit]

    assert measured / 2 <= seconds <= measured * 2


def test_plan_shows_and_does_not_obey() -> None:
    facts = Settings("http://127.0.0.1/\x1b[2J").as_json()

    assert plan({"settings": facts}).isprintable()
