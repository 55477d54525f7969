"""The proof's own reckoning, and the part of it that each commit can afford: it rotates.

`make proof` runs all of it, and writes docs/detection.md.
"""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from faults.stand import DROPLETS
from fleet_support import REFERENCE, fleet, require
from proof import Judged, Sighting, alarms_of, fault_results, flakes_of, row_results
from proof.alarms_run import whole
from proof.evidence import Evidence
from proof.faults_run import put_in_front
from proof.lanes import LANES
from proof.page import page, summary

from udckit.specs import catalogue

ALL = (*fleet(), REFERENCE)
ROOT = Path(__file__).parents[1]
PATIENCE = 600.0
"""Seconds after which no further fault is begun: none is left out where the machine is slow."""
FAULTS_A_COMMIT = 6
DROPLETS_A_COMMIT = 1


def turn() -> int:
    """Give a number that is another one with each commit."""
    told = subprocess.run(
        ["git", "rev-list", "--count", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return int(told.stdout or 0)


def rotated(names: list[str], count: int) -> list[str]:
    """Give `count` names, others with each commit, so that soon each has had its turn."""
    first = turn() * count % len(names)
    return [names[(first + step) % len(names)] for step in range(min(count, len(names)))]


# The rotating part


@pytest.mark.parametrize("name", rotated([each.name for each in ALL], DROPLETS_A_COMMIT))
def test_right_droplet_is_certified_in_shape_and_security(name: str) -> None:
    require(name)
    (run,) = whole(name, ends=time.time() + PATIENCE)

    assert run.blamed == {}
    assert run.errors == {}
    assert {word for word in run.stages.values() if word != "not_asked"} == {"certified"}


def test_every_must_that_can_be_judged_has_a_fault_in_a_lane() -> None:
    planted = {
        row
        for lane in LANES
        for fault in lane.faults()
        if any(lane.strikes(target, fault) for target in lane.targets)
        for row in fault.kills
    }
    musts = [row for row in catalogue().values() if row.excluded is None and row.level == "MUST"]

    assert [row.id for row in musts if row.id not in planted] == []


def test_faults_are_seen_in_front_of_a_droplet_that_no_other_test_breaks() -> None:
    lane = next(each for each in LANES if each.name == "shape")
    far = [name for name in lane.targets if name not in DROPLETS]
    ids = rotated([fault.id for fault in lane.faults_for(far[0])], FAULTS_A_COMMIT)
    seen = put_in_front("shape", far[0], ends=time.time() + PATIENCE, seed=0, only=frozenset(ids))

    assert len(seen) == len(ids)
    assert [(each.fault, each.missed, each.errors) for each in seen if not each.is_kill] == []


# The reckoning


def a_sighting(target: str = "one", failed: tuple[str, ...] = ("A-1",), **more: Any) -> Sighting:
    facts = {"lane": "shape", "fault": "f", "target": target, "kills": ("A-1",), "failed": failed}
    return Sighting.from_json({**facts, **more})


def test_kill_counts_only_where_every_target_saw_it() -> None:
    both = fault_results([a_sighting("one"), a_sighting("two")])
    one = fault_results([a_sighting("one"), a_sighting("two", failed=())])

    assert [each.is_killed for each in both] == [True]
    assert one[0].survived == ("two: not seen by A-1",)
    assert row_results([a_sighting("one"), a_sighting("two", failed=())])["A-1"].killed == ()


@pytest.mark.parametrize(
    ("more", "said"),
    [({"struck": 0}, "it struck nothing"), ({"errors": ("A-2 error",)}, "the kit failed")],
)
def test_what_struck_nothing_or_broke_the_kit_kills_nothing(
    more: dict[str, Any], said: str
) -> None:
    result = fault_results([a_sighting(**more)])[0]

    assert not result.is_killed
    assert said in result.survived[0]
    assert row_results([a_sighting(**more)])["A-1"].killed == ()


def test_attribution_needs_a_whole_stage_and_no_stranger() -> None:
    rows_alone = fault_results([a_sighting()])[0]
    exact = fault_results([a_sighting(strange=())])[0]
    loose = fault_results([a_sighting(strange=("B-2",))])[0]

    assert (rows_alone.is_attributed, exact.is_attributed, loose.is_attributed) == (
        False,
        True,
        False,
    )


def a_run(word: str = "pass", blamed: dict[str, str] | None = None) -> Judged:
    return Judged("m", "quick", False, {"A-1": word}, blamed or {}, {}, {}, 0, 1, 0.1)


def test_false_alarm_is_counted_by_droplet_and_row() -> None:
    alarms = alarms_of([a_run(), a_run(blamed={"A-1": "said"}), a_run(blamed={"A-1": "said"})])

    assert [(each.row, each.times, each.said) for each in alarms] == [("A-1", 2, "said")]


def test_flake_is_a_verdict_that_differs_from_the_usual_one() -> None:
    flakes = flakes_of([a_run(), a_run(), a_run("not_observed")])

    assert [(each.row, each.times, each.said) for each in flakes] == [
        ("A-1", 1, "quick: not_observed instead of pass")
    ]


def test_evidence_is_read_as_it_was_written(tmp_path: Path) -> None:
    about = {"date": "today", "seconds": 60, "minutes_given": 1, "kit": "1", "commit": "c"}
    about |= {"edition": "1.0", "python": "3", "system": "s", "cores": 2, "seed": 1}
    about |= {"load_at_the_end": 0.1}
    seen = (a_sighting(strange=()), a_sighting("two", errors=("A-1 error",), struck=3))
    evidence = Evidence(about, seen, (a_run(), a_run("not_applicable")))

    evidence.write(tmp_path / "x.json")

    assert Evidence.read(tmp_path / "x.json") == evidence
    assert "faults killed | **0 of 1 (0.0 %)**" in page(evidence)


def test_published_figures_are_those_of_the_published_evidence() -> None:
    published = (ROOT / "docs/detection.md").read_text(encoding="utf-8")

    for line in summary(Evidence.read(ROOT / "docs/detection.json")):
        assert line in published


def test_readme_says_what_was_measured() -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    evidence = Evidence.read(ROOT / "docs/detection.json")
    results = fault_results(each for each in evidence.sightings if each.lane != "legal")
    killed = sum(each.is_killed for each in results)
    blamed = sum(bool(each.blamed or each.errors) for each in evidence.runs)
    droplets = {each.member for each in evidence.runs}

    assert (
        f"{killed} of {len(results)} faults killed, {blamed} false alarms and "
        f"{len(flakes_of(evidence.runs))} flakes in {len(evidence.runs):,} runs over "
        f"{len(droplets)} right droplets"
    ) in readme


def test_readme_says_of_the_peers_what_their_page_says() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    page = (ROOT / "docs/comparison.md").read_text(encoding="utf-8")
    said = readme.partition("Of faults drawn by lot")[2].partition("docs/comparison.md")[0]
    detected = re.findall(r"^\| \*\*.*?\*\* \| (\d+ of \d+) ", page, re.MULTILINE)

    assert re.findall(r"\d+ of \d+", said) == detected
    assert detected
