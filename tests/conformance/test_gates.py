"""When a stage is certified, sentence by sentence; and what the guide's boxes come to."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest

from udckit.conformance import BoxResult, StageResult, Verdict, box_results, stage_results
from udckit.specs import catalogue

NEVER = "ERR-006"
"""A MUST of security whose evidence nothing can force: it does not gate."""

SHOULD = "UDC-CAP-007"
WORDS = ("fail", "not_observed", "not_applicable", "error")


def verdict(name: str, word: str) -> Verdict:
    row = catalogue()[name]
    return Verdict.from_json(
        {"id": name, "level": row.level, "stage": row.stage, "verdict": word, "exchanges": []}
    )


def all_pass(**changes: str) -> dict[str, Verdict]:
    """Give a verdict for each row that binds a droplet: pass, or what is said otherwise."""
    return {
        row.id: verdict(row.id, changes.get(row.id.replace("-", "_"), "pass"))
        for row in catalogue().values()
        if "droplet" in row.roles and row.excluded is None
    }


def but(row: str, word: str) -> dict[str, Verdict]:
    return all_pass(**{row.replace("-", "_"): word})


def stage(
    verdicts: Mapping[str, Verdict],
    name: str = "shape",
    *,
    shown: Collection[str] = (),
    role: str = "droplet",
    whole: bool = True,
) -> StageResult:
    results = stage_results(
        verdicts, role=role, asked=(name,), applies=lambda each: each in shown, whole=whole
    )
    return next(each for each in results if each.stage == name)


def box(verdicts: Mapping[str, Verdict], slug: str, shown: Collection[str] = ()) -> BoxResult:
    boxes = box_results(verdicts, role="droplet", applies=lambda each: each in shown)
    return next(each for each in boxes if each.slug == slug)


# The three rules, in their order


def test_stage_is_certified_where_no_must_failed_and_every_gating_must_passed() -> None:
    assert stage(all_pass()).word == "certified"


def test_stage_is_failed_by_one_must() -> None:
    result = stage(but("UDC-DEPS-002", "fail"))

    assert (result.word, result.failed) == ("failed", ("UDC-DEPS-002",))


def test_must_that_does_not_gate_fails_its_stage_all_the_same() -> None:
    assert stage(but(NEVER, "fail"), "security").word == "failed"


def test_must_of_a_capability_that_is_absent_fails_its_stage_all_the_same() -> None:
    """Evidence that comes unasked is judged."""
    assert stage(but("OPS-METRICS-003", "fail"), shown=()).word == "failed"


@pytest.mark.parametrize("word", ["not_observed", "error"])
def test_stage_is_incomplete_where_a_gating_must_did_not_pass(word: str) -> None:
    result = stage(but("UDC-DEPS-002", word))

    assert (result.word, result.missing) == ("incomplete", ("UDC-DEPS-002",))


def test_failure_comes_before_what_is_missing() -> None:
    result = stage(all_pass(UDC_DEPS_002="fail", UDC_CAP_002="not_observed"))

    assert (result.word, result.missing) == ("failed", ("UDC-CAP-002", "UDC-DEPS-002"))


def test_stage_without_one_gating_pass_is_incomplete() -> None:
    nothing = {name: verdict(name, "not_applicable") for name in all_pass()}

    assert stage(nothing).word == "incomplete"


@pytest.mark.parametrize("word", WORDS)
def test_should_changes_nothing(word: str) -> None:
    assert stage(but(SHOULD, word)).word == "certified"


def test_stage_none_is_never_certified_and_never_fails() -> None:
    results = stage_results(all_pass(), role="droplet", asked=("none",), applies=lambda _: True)

    assert "none" not in {each.stage for each in results}


# Gates


def test_must_that_does_not_gate_may_stay_unseen() -> None:
    assert stage(but(NEVER, "not_observed"), "security").word == "certified"


def test_must_of_a_capability_gates_where_the_capability_is_shown() -> None:
    unseen = but("OPS-METRICS-003", "not_observed")

    assert stage(unseen, shown=()).word == "certified"
    assert stage(unseen, shown=("metrics",)).word == "incomplete"


def test_must_that_is_not_applicable_holds_nothing_open() -> None:
    assert stage(but("UDC-DEPS-002", "not_applicable")).word == "certified"


def test_row_of_another_role_counts_for_nobody_else() -> None:
    verdicts = all_pass() | {"REG-REGISTER-001": verdict("REG-REGISTER-001", "fail")}

    assert stage(verdicts).word == "certified"
    assert stage(verdicts, role="registry").word == "failed"


def test_row_of_another_stage_counts_for_its_own() -> None:
    assert stage(but("AUTH-012", "fail")).word == "certified"
    assert stage(but("AUTH-012", "fail"), "security").word == "failed"


# What was not asked, and what nobody came to judge


def test_stage_that_was_not_asked_says_so_and_counts() -> None:
    results = stage_results(
        but("AUTH-012", "fail"), role="droplet", asked=("shape",), applies=lambda _: True
    )

    assert [(each.stage, each.word) for each in results] == [
        ("shape", "certified"),
        ("security", "not_asked"),
        ("integration", "not_asked"),
        ("resilience", "not_asked"),
    ]
    assert results[1].counts["fail"] == 1


def test_no_stage_is_asked_where_only_some_rows_are() -> None:
    assert stage(all_pass(), whole=False).word == "not_asked"


def test_stage_that_was_not_judged_to_its_end_is_incomplete() -> None:
    """A run that was ended has passes only, and is no certificate."""
    verdicts = all_pass()
    del verdicts["ERR-004"]

    result = stage(verdicts)

    assert (result.word, result.missing) == ("incomplete", ("ERR-004",))


def test_stage_without_a_verdict_is_incomplete() -> None:
    assert stage({}).word == "incomplete"


# The boxes of the guide


def test_box_is_ticked_where_every_must_passed() -> None:
    assert box(all_pass(), "five-endpoints").word == "ticked"


def test_box_is_crossed_by_a_must_that_failed() -> None:
    crossed = box(but("UDC-CAP-001", "fail"), "five-endpoints")

    assert (crossed.word, crossed.cause) == ("crossed", "UDC-CAP-001")


def test_box_is_crossed_before_it_is_open() -> None:
    verdicts = all_pass(UDC_ALL_001="not_observed", UDC_CAP_001="fail")

    assert box(verdicts, "five-endpoints").word == "crossed"


@pytest.mark.parametrize("word", ["not_observed", "error"])
def test_box_is_open_where_a_must_that_applies_was_not_observed(word: str) -> None:
    left = box(but("UDC-HEALTH-001", word), "five-endpoints")

    assert (left.word, left.cause) == ("open", "UDC-HEALTH-001")


def test_box_with_a_should_that_failed_is_ticked_by_its_musts() -> None:
    assert box(but("UDC-STATE-007", "fail"), "status-values").word == "ticked"


def test_box_waits_for_a_capability_only_where_it_is_shown() -> None:
    verdicts = but("UDC-MSG-011", "not_observed")

    assert box(verdicts, "jwt-on-all-calls").word == "ticked"
    assert box(verdicts, "jwt-on-all-calls", shown=("async-messages",)).word == "open"


def test_box_is_not_applicable_where_nothing_of_it_applies() -> None:
    assert box(but("ERR-015", "not_applicable"), "log-errors").word == "not_applicable"


@pytest.mark.parametrize(
    ("word", "told"), [("pass", "ticked"), ("fail", "crossed"), ("not_observed", "open")]
)
def test_box_of_shoulds_alone_is_judged_by_them_and_says_so(word: str, told: str) -> None:
    result = box(but("ORCH-CLIENT-006", word), "heartbeat-metrics")

    assert (result.word, result.only_should) == (told, True)


def test_box_without_a_must_that_applies_is_judged_by_its_shoulds() -> None:
    verdicts = all_pass(DISC_003="not_applicable", DISC_004="fail")

    result = box(verdicts, "cache-endpoints")

    assert (result.word, result.cause, result.only_should) == ("crossed", "DISC-004", True)


def test_box_with_a_row_that_nobody_judged_is_open() -> None:
    verdicts = all_pass()
    del verdicts["UDC-CAP-001"]

    assert (box(verdicts, "five-endpoints").word) == "open"


def test_boxes_are_the_guides_twenty_one_in_its_order() -> None:
    boxes = box_results(all_pass(), role="droplet", applies=lambda _: True)

    assert len(boxes) == 21
    assert (boxes[0].slug, boxes[-1].slug) == ("register-on-startup", "fail-gracefully")
