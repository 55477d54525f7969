"""One check becomes one verdict: only a violation blames, and nothing passes unseen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from udckit.conformance import (
    Answer,
    Check,
    Exchange,
    NotApplicable,
    NotObserved,
    Observation,
    Request,
    Verdict,
    Violation,
    all_checks,
    expect,
    root_cause,
)
from udckit.conformance.judge import in_order, judge
from udckit.conformance.observation import Tally
from udckit.specs import catalogue

ROW = catalogue()["UDC-HEALTH-002"]
NEED = "UDC-HEALTH-001"


@dataclass(slots=True)
class Subject:
    """What a check is handed: here, one answer of /health."""

    tally: Tally = field(default_factory=Tally)

    def seen(self, status: int = 200, body: str = '{"status": "healthy"}') -> Observation:
        answer = Answer(status, (("Content-Type", "application/json"),), body)
        exchange = Exchange(7, "http://h", Request("GET", "/health"), 0.0, 0.0, answer)
        return Observation(exchange, self.tally)


def verdict_of(
    function: Callable[[Subject], None] | None,
    *,
    so_far: Mapping[str, Verdict] | None = None,
    role: str = "droplet",
) -> Verdict:
    check = None if function is None else Check(ROW.id, function, "service")
    return judge(ROW, check, Subject(), so_far or {}, role=role)


def need(word: str) -> dict[str, Verdict]:
    facts = {"id": NEED, "level": "MUST", "stage": "shape", "verdict": word, "exchanges": []}
    return {NEED: Verdict.from_json(facts)}


def passes(service: Subject) -> None:
    """The status is one of three words."""
    expect(service.seen()).members("status")


def fails(service: Subject) -> None:
    """The status is one of three words.

    More is said below the first line.
    """
    expect(service.seen(body='{"status": "ok"}')).members("status")


def sees_nothing(service: Subject) -> None:
    """Looks, and judges nothing."""
    assert service.seen().status == 200


def gives_up(service: Subject) -> None:
    """Has nothing to judge by."""
    expect(service.seen(body="<html>")).members("status")


def steps_aside(_: Subject) -> None:
    """Binds no such target."""
    raise NotApplicable("it shows no metrics")


def breaks(_: Subject) -> None:
    """Is itself at fault."""
    raise KeyError("metrics")


def test_check_that_judges_and_holds_is_a_pass() -> None:
    verdict = verdict_of(passes)

    assert (verdict.verdict, verdict.subjects, verdict.message) == ("pass", 1, "")


def test_violation_is_a_fail_with_what_was_expected_and_observed() -> None:
    verdict = verdict_of(fails)

    assert verdict.verdict == "fail"
    assert verdict.message == "The status is one of three words."
    assert verdict.expected is not None
    assert "healthy" in verdict.expected
    assert verdict.observed is not None
    assert '"ok"' in verdict.observed
    assert (verdict.culprit, verdict.subjects) == (7, 1)


def test_violation_without_a_subject_is_a_fail_all_the_same() -> None:
    def claims(_: Subject) -> None:
        raise Violation(expected="a", observed="b")

    verdict = verdict_of(claims)

    assert (verdict.verdict, verdict.culprit) == ("fail", None)


def test_check_that_judges_nothing_never_passes() -> None:
    verdict = verdict_of(sees_nothing)

    assert (verdict.verdict, verdict.subjects) == ("not_observed", 0)
    assert verdict.message == "nothing came that could be judged"


def test_check_without_evidence_says_whose_matter_that_is() -> None:
    verdict = verdict_of(gives_up)

    assert (verdict.verdict, verdict.blocked_by) == ("not_observed", "UDC-ALL-002")


@pytest.mark.parametrize("word", ["fail", "not_observed", "error"])
@pytest.mark.parametrize("function", [gives_up, sees_nothing])
def test_need_that_did_not_hold_is_the_cause(
    function: Callable[[Subject], None], word: str
) -> None:
    assert verdict_of(function, so_far=need(word)).blocked_by == NEED


def test_need_that_passed_is_no_cause() -> None:
    assert verdict_of(sees_nothing, so_far=need("pass")).blocked_by is None


@pytest.mark.parametrize("word", ["fail", "not_observed"])
def test_row_with_subjects_is_judged_whatever_became_of_its_needs(word: str) -> None:
    assert verdict_of(passes, so_far=need(word)).verdict == "pass"
    assert verdict_of(fails, so_far=need(word)).verdict == "fail"


def test_need_that_is_not_applicable_makes_its_row_so() -> None:
    verdict = verdict_of(passes, so_far=need("not_applicable"))

    assert (verdict.verdict, verdict.blocked_by) == ("not_applicable", NEED)


def test_need_that_does_not_name_the_role_is_ignored() -> None:
    row = catalogue()["AUTH-001"]
    absent = Verdict("REG-REGISTER-001", "MUST", "shape", "not_applicable")
    so_far = {absent.id: absent}
    check = Check(row.id, passes, "service")

    assert judge(row, check, Subject(), so_far, role="droplet").verdict == "pass"
    assert judge(row, check, Subject(), so_far, role="registry").verdict == "not_applicable"


def test_check_that_steps_aside_is_not_applicable() -> None:
    verdict = verdict_of(steps_aside)

    assert (verdict.verdict, verdict.message) == ("not_applicable", "it shows no metrics")


def test_fault_of_the_kit_is_an_error_and_blames_nobody() -> None:
    verdict = verdict_of(breaks)

    assert verdict.verdict == "error"
    assert verdict.message.startswith("KeyError at test_judge.py:")
    assert "/" not in verdict.message
    assert (verdict.expected, verdict.observed) == (None, None)


@pytest.mark.parametrize("fault", [AssertionError("x"), RecursionError(), ValueError(), OSError()])
def test_any_other_exception_is_the_kits_fault(fault: Exception) -> None:
    def raises(_: Subject) -> None:
        raise fault

    assert verdict_of(raises).verdict == "error"


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit])
def test_ending_of_the_program_is_nobodys_verdict(ending: type[BaseException]) -> None:
    def ends(_: Subject) -> None:
        raise ending

    with pytest.raises(ending):
        verdict_of(ends)


def test_row_without_a_check_is_not_observed() -> None:
    verdict = verdict_of(None)

    assert (verdict.verdict, verdict.subjects) == ("not_observed", 0)


def test_subject_is_counted_once_however_often_it_is_judged() -> None:
    def insists(service: Subject) -> None:
        seen = service.seen()
        expect(seen).status(200).members("status")
        expect(seen).holds(True, expected="")

    assert verdict_of(insists).subjects == 1


def test_not_observed_outside_the_checks_own_reach_says_its_reason() -> None:
    def is_told(_: Subject) -> None:
        raise NotObserved("--safety read-only sends no POST")

    assert verdict_of(is_told).message == "--safety read-only sends no POST"


# The first cause


def blocked(name: str, by: str | None) -> Verdict:
    return Verdict(name, "MUST", "shape", "not_observed", blocked_by=by)


def test_root_cause_is_the_row_that_all_others_wait_for() -> None:
    chain = {each.id: each for each in (blocked("C", "B"), blocked("B", "A"), blocked("A", None))}

    assert root_cause(chain["C"], chain).id == "A"


def test_root_cause_of_a_circle_is_found_all_the_same() -> None:
    chain = {each.id: each for each in (blocked("A", "B"), blocked("B", "A"))}

    assert root_cause(chain["A"], chain).id == "B"


def test_root_cause_outside_the_run_is_left_where_it_is() -> None:
    alone = blocked("A", "Z")

    assert root_cause(alone, {"A": alone}) is alone


# The order of judging


def test_needs_come_first_whatever_stage_they_belong_to() -> None:
    order = [row.id for row in in_order(["UDC-STATE-002"], all_checks(), "droplet")]

    assert order == ["UDC-ALL-001", "AUTH-001", "UDC-STATE-002"]


def test_row_is_judged_once_however_often_it_is_needed() -> None:
    asked = [row.id for row in catalogue().values() if row.stage == "shape"]
    order = [row.id for row in in_order(asked, all_checks(), "droplet")]

    assert len(order) == len(set(order))


def test_no_row_comes_before_its_needs() -> None:
    asked = [
        row.id for row in catalogue().values() if "droplet" in row.roles and row.excluded is None
    ]
    order = [row.id for row in in_order(asked, all_checks(), "droplet")]
    place = {name: number for number, name in enumerate(order)}

    late = [
        (name, required)
        for name in order
        for required in catalogue()[name].needs
        if required in place and place[required] > place[name]
    ]
    assert late == []


def test_late_checks_come_last_and_the_rest_in_the_catalogues_order() -> None:
    asked = [
        row.id for row in catalogue().values() if row.stage == "shape" and "droplet" in row.roles
    ]
    checks = all_checks()
    order = [row.id for row in in_order(asked, checks, "droplet")]
    late = [name for name in order if name in checks and checks[name].order > 0]
    lone = [name for name in order if not catalogue()[name].needs and checks[name].order == 0]

    assert order.index(late[0]) > order.index(lone[-1])
    assert lone == [name for name in catalogue() if name in lone]


def test_row_waits_as_long_as_what_it_needs() -> None:
    def nothing(_: Subject) -> None:
        """Do nothing."""

    checks = {
        "UDC-HEALTH-001": Check("UDC-HEALTH-001", nothing, "service", order=10),
        "UDC-HEALTH-002": Check("UDC-HEALTH-002", nothing, "service"),
        "UDC-CAP-001": Check("UDC-CAP-001", nothing, "service"),
    }
    order = [row.id for row in in_order(["UDC-HEALTH-002", "UDC-CAP-001"], checks, "droplet")]

    assert order == ["UDC-ALL-001", "UDC-CAP-001", "UDC-HEALTH-001", "UDC-HEALTH-002"]


def test_need_of_another_role_is_not_judged() -> None:
    droplet, registry = (
        [row.id for row in in_order(["AUTH-001"], all_checks(), role)]
        for role in ("droplet", "registry")
    )

    assert "REG-REGISTER-001" not in droplet
    assert "REG-REGISTER-001" in registry
