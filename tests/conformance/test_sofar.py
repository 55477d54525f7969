"""The verdicts so far: a row that sums up others passes with them, fails with them, or waits."""

from collections.abc import Mapping

import pytest

from udckit.conformance import NotObserved, Verdict, VerdictsSoFar, Violation
from udckit.conformance.verdict import Word
from udckit.specs import catalogue

ROWS = ("UDC-HEALTH-002", "UDC-CAP-004", "UDC-ALL-001")


def so_far(words: Mapping[str, Word], *, applies: bool = False) -> VerdictsSoFar:
    verdicts = {
        name: Verdict(name, "MUST", "shape", word, expected="this", observed="that")
        for name, word in words.items()
    }
    return VerdictsSoFar(verdicts, "registry", lambda _: applies)


def judged(words: Mapping[str, Word], *, applies: bool = False) -> int:
    verdicts = so_far(words, applies=applies)
    verdicts.all_pass([catalogue()[name] for name in ROWS])
    return len(verdicts.tally.judged)


def test_rows_that_pass_are_the_subjects() -> None:
    assert judged(dict.fromkeys(ROWS, "pass")) == len(ROWS)


def test_row_that_is_not_applicable_is_none() -> None:
    assert judged({**dict.fromkeys(ROWS, "pass"), "UDC-CAP-004": "not_applicable"}) == 2


def test_row_that_failed_is_named_with_what_was_seen() -> None:
    with pytest.raises(Violation, match="UDC-HEALTH-002 expected this; observed that; and 1 more"):
        judged({**dict.fromkeys(ROWS, "fail"), "UDC-CAP-004": "pass"})


def test_row_that_gates_and_was_not_observed_is_waited_for() -> None:
    with pytest.raises(NotObserved) as waits:
        judged({**dict.fromkeys(ROWS, "pass"), "UDC-HEALTH-002": "not_observed"})

    assert waits.value.blocked_by == "UDC-HEALTH-002"


@pytest.mark.parametrize("applies", [True, False])
def test_row_of_a_capability_is_waited_for_where_the_target_has_it(applies: bool) -> None:
    words: dict[str, Word] = {**dict.fromkeys(ROWS, "pass"), "UDC-CAP-004": "not_observed"}

    if applies:
        with pytest.raises(NotObserved):
            judged(words, applies=True)
    else:
        assert judged(words) == 2


def test_row_that_was_not_asked_for_is_waited_for() -> None:
    with pytest.raises(NotObserved, match="UDC-CAP-004 was not asked for"):
        judged({"UDC-HEALTH-002": "pass", "UDC-ALL-001": "pass"})


def test_musts_are_those_of_the_family_the_stage_and_the_role() -> None:
    rows = so_far({}).musts("UDC-", "shape")

    assert {row.level for row in rows} == {"MUST"}
    assert {row.stage for row in rows} == {"shape"}
    assert all(row.id.startswith("UDC-") and "registry" in row.roles for row in rows)
    assert "UDC-ALL-001" in {row.id for row in rows}
