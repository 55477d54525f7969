"""Known failures: they change the exit code and nothing else, and the list cannot rot."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from udckit.conformance import InvocationError, Settings, Verdict, stage_results, wanted_rows
from udckit.conformance.known_failures import KnownFailure, Ruling, read_known_failures, rule
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
    return rule(listed, run, stages, SETTINGS, TODAY, interrupted=interrupted)


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
    settings = Settings("http://127.0.0.1:8010", only=("UDC-HEALTH-002", "UDC-HEALTH-004"))
    run = verdicts(UDC_HEALTH_002={"verdict": "fail"}, UDC_HEALTH_004={"verdict": "not_observed"})

    told = rule((known("UDC-HEALTH-002"),), run, (), settings, TODAY)

    assert told == Ruling(5, excused=("UDC-HEALTH-002",))


def read(text: str) -> tuple[KnownFailure, ...]:
    return read_known_failures(tomllib.loads(text)["known-failures"], "udckit.toml")


def test_entries_are_read_from_toml() -> None:
    listed = read(
        """
        [[known-failures]]
        id = "udc-health-006"
        reason = "The health check still asks the billing API itself."
        expires = 2027-03-31
        """
    )

    assert listed == (
        KnownFailure(
            "UDC-HEALTH-006",
            "The health check still asks the billing API itself.",
            date(2027, 3, 31),
        ),
    )
    assert listed[0].as_json()["expires"] == "2027-03-31"


ENTRY = '[[known-failures]]\nid = "UDC-HEALTH-006"\nreason = "r"\nexpires = 2027-03-31\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ENTRY + ENTRY, "UDC-HEALTH-006 is listed twice"),
        ('[[known-failures]]\nid = "UDC-HEALTH-006"\nreason = "r"\n', "expires missing"),
        (ENTRY.replace('"r"', '" "'), "say the reason in words"),
        (ENTRY.replace("2027-03-31", '"soon"'), "expires is a day without quotes"),
        (ENTRY.replace("2027-03-31", "2027-03-31T10:00:00"), "expires is a day without quotes"),
        (ENTRY.replace("HEALTH-006", "HEALHT-006"), "UDC-HEALTH-006"),
        (ENTRY + 'owner = "me"\n', "'owner', unknown here"),
        (ENTRY.replace('"UDC-HEALTH-006"', "6"), "the id of a known failure is a text"),
        ("known-failures = 3\n", "is a list of tables"),
        ("known-failures = [3]\n", "is a list of tables"),
    ],
)
def test_what_is_no_honest_entry_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvocationError, match=says):
        read(text)


def test_an_excluded_row_cannot_be_listed() -> None:
    row = next(row for row in catalogue().values() if row.excluded is not None)

    with pytest.raises(InvocationError, match="is excluded and cannot fail"):
        read(ENTRY.replace("UDC-HEALTH-006", row.id))
