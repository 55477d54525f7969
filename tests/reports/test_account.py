from __future__ import annotations

from collections.abc import Callable
from typing import Any

from udckit.conformance import RunRecord
from udckit.reports import account_of

MakeRecord = Callable[..., RunRecord]


def broken(**more: Any) -> dict[str, Any]:
    return {"verdict": "fail", "expected": "x", "observed": "y", **more}


def waiting(root: str, message: str = "nothing to judge") -> dict[str, Any]:
    return {"verdict": "not_observed", "blocked_by": root, "message": message}


def test_rows_are_folded_under_the_root_of_their_chain(make_record: MakeRecord) -> None:
    record = make_record(
        {
            "UDC-HEALTH-001": broken(),
            "UDC-HEALTH-002": waiting("UDC-HEALTH-001"),
            "UDC-HEALTH-012": waiting("UDC-HEALTH-002"),
        }
    )

    (failure,) = account_of(record).failures

    assert failure.verdict.id == "UDC-HEALTH-001"
    assert failure.blocks == ("UDC-HEALTH-002", "UDC-HEALTH-012")
    assert failure.holds_open == 1


def test_what_holds_much_up_is_mended_first(make_record: MakeRecord) -> None:
    record = make_record(
        {
            "UDC-ALL-005": broken(),
            "UDC-HEALTH-001": broken(),
            **{f"UDC-HEALTH-00{n}": waiting("UDC-HEALTH-001") for n in (2, 3, 4, 5)},
        }
    )

    first, second = account_of(record).failures

    assert (first.verdict.id, second.verdict.id) == ("UDC-HEALTH-001", "UDC-ALL-005")


def test_what_was_seen_twice_is_named_by_the_row_that_was_judged_first(
    make_lines: Callable[..., list[dict[str, Any]]],
) -> None:
    lines = make_lines({"UDC-ALL-006": broken(), "UDC-HEALTH-002": broken()})
    late = [line for line in lines if line.get("id") == "UDC-ALL-006"]
    ordered = [line for line in lines if line not in late]
    record = RunRecord.of([*ordered, *late])

    first, second = account_of(record).failures

    assert (first.verdict.id, second.verdict.id) == ("UDC-HEALTH-002", "UDC-ALL-006")


def test_chain_that_bites_its_tail_ends(make_record: MakeRecord) -> None:
    record = make_record(
        {
            "UDC-HEALTH-002": waiting("UDC-HEALTH-003"),
            "UDC-HEALTH-003": waiting("UDC-HEALTH-002"),
        }
    )

    assert sum(len(cause.rows) for cause in account_of(record).causes) == 2


def test_capability_that_could_not_be_looked_for_is_not_called_absent(
    make_record: MakeRecord,
) -> None:
    account = account_of(make_record(capabilities={"metrics": None, "openapi": False}))

    assert "metrics" in account.unknown
    assert "openapi" in account.absent


def test_footer_that_was_interrupted_certifies_nothing(make_lines: Callable[..., Any]) -> None:
    lines = make_lines(stages={"shape": "certified"})
    lines[-1]["interrupted"] = True

    assert account_of(RunRecord.of(lines)).words["shape"] == "incomplete"


def test_row_tells_its_own_reason_where_what_it_waits_for_was_not_asked_for(
    make_record: MakeRecord,
) -> None:
    record = make_record({"UDC-STATE-002": waiting("AUTH-001", "no token")})

    assert [cause.reason for cause in account_of(record).causes] == ["no token"]
