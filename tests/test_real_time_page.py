"""The page of faults in real time counts what it says, and the last one that was kept is whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from faults.behaving import misbehaviours
from proof.real_time_page import BothClocks, page

DOCS = Path(__file__).parents[1] / "docs"
LEAST = 40
SEEN = BothClocks(
    fault="never-beats",
    story="It beats | never.",
    kills=("ORCH-CLIENT-001",),
    by_hand={"ORCH-CLIENT-001": "fail"},
    real={"ORCH-CLIENT-001": "fail"},
    observed={"ORCH-CLIENT-001": "none came"},
    seconds=71.4,
)
ABOUT = {
    "date": "2026-11-28 20:22 UTC",
    "jobs": 12,
    "seconds": 600,
    "kit": "0.1.0",
    "commit": "abc",
    "edition": "1.0",
    "python": "3.11",
    "system": "Linux",
    "cores": 2,
    "load_at_the_end": 1.0,
}


def test_a_fault_counts_as_seen_only_where_each_of_its_rows_fails_in_real_time() -> None:
    missed = replace(SEEN, real={"ORCH-CLIENT-001": "not_observed"})

    assert (SEEN.is_kill, SEEN.is_alike) == (True, True)
    assert (missed.is_kill, missed.is_alike) == (False, False)
    told = page(ABOUT, [SEEN, missed])
    assert "| faults seen, each under its own ids, in real time | **1 of 2** |" in told
    assert "| `never-beats`: It beats \\| never. | ORCH-CLIENT-001 | fail | fail | 71 |" in told


def test_page_that_is_kept_says_what_its_data_say() -> None:
    kept = json.loads((DOCS / "real-time.json").read_text(encoding="utf-8"))
    seen = [BothClocks.from_json(each) for each in kept["faults"]]
    known = {each.id: each.kills for each in misbehaviours()}

    assert page(kept["about"], seen) == (DOCS / "real-time.md").read_text(encoding="utf-8")
    assert sum(each.is_kill and each.is_alike for each in seen) >= LEAST
    assert {each.fault for each in seen} <= set(known)


def test_page_says_what_was_played_anew() -> None:
    again = {"date": "2026-11-29 01:00 UTC", "faults": ["never-beats"]}

    assert "Played anew by itself, 2026-11-29 01:00 UTC: `never-beats`." in page(
        {**ABOUT, "again": again}, [SEEN]
    )
