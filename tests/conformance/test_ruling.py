"""Known failures: they change the exit code and nothing else, and the list cannot rot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from udckit.conformance import (
    KnownFailure,
    Ruling,
    Settings,
    Verdict,
    rule,
    stage_results,
    wanted_rows,
)
from udckit.specs import catalogue

TODAY = date(2027, 1, 15)
SETTINGS = Settings("http://127.0.0.1:8010")


def known(each: str, expires: date = TODAY) -> KnownFailure:
    return KnownFailure(each, "the team of billing mends it in March", expires)


def verdicts(**said: Mapping[str, Any]) -> dict[str, Verdict]:
    """Give a run in which every row that was asked for passes but for what is said of it."""
    by_id = {name.replace("_", "-"): facts for name, facts in said.items()}
    rows = [catalogue()[each] for each in wanted_rows(SETTINGS)]
    return {
        row.id: Verdict(
            row.id,
            row.level,
            row.stage,
            **{"verdict": "pass", "subjects": 1, **by_id.get(row.id, {})},
        )
        for row in rows
    }


def ruling(run: dict[str, Verdict], *listed: KnownFailure, interrupted: bool = False) -> Ruling:
    stages = stage_results(run, role="droplet", asked=SETTINGS.stages, applies=lambda _: False)
    settings = replace(SETTINGS, known_failures=listed)
    return rule(run, stages, settings, TODAY, interrupted=interrupted)


def test_a_listed_failure_is_excused_on_its_last_day() -> None:
    run = verdicts(UDC_HEALTH_002={"verdict": "fail"})

    told = ruling(run, known("UDC-HEALTH-002"))

    assert told == Ruling(0, excused=("UDC-HEALTH-002",))


def test_the_stage_stays_failed_and_the_verdict_stays_fail() -> None:
    run = verdicts(UDC_HEALTH_002={"verdict": "fail"})

    ruling(run, known("UDC-HEALTH-002"))

    (shape, *_) = stage_results(run, role="droplet", asked=("shape",), applies=lambda _: False)
    assert shape.word == "failed"
    assert run["UDC-HEALTH-002"].verdict == "fail"


def test_rows_that_wait_for_a_listed_failure_are_excused_with_it() -> None:
    waiting = {"verdict": "not_observed", "blocked_by": "UDC-HEALTH-001"}
    run = verdicts(
        UDC_HEALTH_001={"verdict": "fail"}, UDC_HEALTH_002=waiting, UDC_HEALTH_003=waiting
    )

    assert ruling(run, known("UDC-HEALTH-001")).exit_code == 0


def test_an_expired_entry_is_exit_code_one_whatever_the_row_says() -> None:
    late = known("UDC-HEALTH-002", date(2027, 1, 14))

    failing = ruling(verdicts(UDC_HEALTH_002={"verdict": "fail"}), late)

    assert failing == Ruling(1, expired=("UDC-HEALTH-002",))
    assert ruling(verdicts(), late).exit_code == 1


def test_a_listed_row_that_passes_is_exit_code_one() -> None:
    assert ruling(verdicts(), known("UDC-HEALTH-002")) == Ruling(1, stale=("UDC-HEALTH-002",))


def test_a_failure_that_is_not_listed_stays_exit_code_one() -> None:
    run = verdicts(UDC_HEALTH_002={"verdict": "fail"}, UDC_HEALTH_004={"verdict": "fail"})

    told = ruling(run, known("UDC-HEALTH-002"))

    assert (told.exit_code, told.excused) == (1, ("UDC-HEALTH-002",))


def test_a_listed_row_that_could_not_be_judged_stays_incomplete() -> None:
    run = verdicts(UDC_HEALTH_002={"verdict": "not_observed", "subjects": 0})

    told = ruling(run, known("UDC-HEALTH-002"))

    assert told == Ruling(5, unseen=("UDC-HEALTH-002",))


def test_the_kits_own_fault_comes_before_what_is_missing() -> None:
    run = verdicts(
        UDC_HEALTH_002={"verdict": "fail"},
        UDC_HEALTH_004={"verdict": "error"},
        UDC_HEALTH_005={"verdict": "not_observed"},
    )

    assert ruling(run, known("UDC-HEALTH-002")).exit_code == 3


def test_an_interrupted_run_is_never_excused_into_a_zero() -> None:
    run = verdicts(UDC_HEALTH_002={"verdict": "fail"})

    assert ruling(run, known("UDC-HEALTH-002"), interrupted=True).exit_code == 5


def test_a_listed_row_that_was_not_asked_for_says_nothing() -> None:
    assert ruling(verdicts(), known("AUTH-002")) == Ruling(0)


def test_with_only_some_rows_the_exit_code_is_theirs() -> None:
    settings = replace(
        SETTINGS,
        only=("UDC-HEALTH-002", "UDC-HEALTH-004"),
        known_failures=(known("UDC-HEALTH-002"),),
    )
    run = verdicts(UDC_HEALTH_002={"verdict": "fail"}, UDC_HEALTH_004={"verdict": "not_observed"})

    told = rule(run, (), settings, TODAY)

    assert told == Ruling(5, excused=("UDC-HEALTH-002",))


def test_without_a_list_the_exit_code_is_what_it_always_is() -> None:
    assert ruling(verdicts(UDC_HEALTH_002={"verdict": "fail"})) == Ruling(1)
    assert ruling(verdicts(UDC_HEALTH_002={"verdict": "not_observed"})) == Ruling(5)
    assert ruling(verdicts()) == Ruling(0)
