"""The engine: every row accounted for, the exit codes in their order, and runs that are ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
from faults.stand import Stand, stand

from udckit.conformance import (
    EXIT,
    Engine,
    LiveSource,
    Recorder,
    Redactor,
    Settings,
    Source,
    StageResult,
    TokenShelf,
    Verdict,
    dump,
    exit_code,
    stage_results,
    wanted_rows,
)
from udckit.specs import catalogue, edition

SHAPE = Settings(target="http://h", stages=("shape",))
SHOULD = "UDC-CAP-007"
MUST = "UDC-CAP-002"


@pytest.fixture(scope="module")
def droplet() -> Iterator[Stand]:
    with stand("fake_droplet") as up:
        yield up


def all_pass(changes: Mapping[str, str]) -> dict[str, Verdict]:
    return {
        row.id: Verdict.from_json(
            {
                "id": row.id,
                "level": row.level,
                "stage": row.stage,
                "verdict": changes.get(row.id, "pass"),
                "exchanges": [],
            }
        )
        for row in catalogue().values()
        if "droplet" in row.roles and row.excluded is None
    }


def stages_of(verdicts: Mapping[str, Verdict], settings: Settings) -> tuple[StageResult, ...]:
    return stage_results(
        verdicts,
        role=settings.role,
        asked=settings.stages,
        applies=lambda _: False,
        whole=not settings.only,
    )


def code(
    changes: Mapping[str, str] | None = None,
    *,
    settings: Settings = SHAPE,
    interrupted: bool = False,
) -> int:
    verdicts = all_pass(changes or {})
    return exit_code(verdicts, stages_of(verdicts, settings), settings, interrupted=interrupted)


# Exit codes


def test_exit_codes_mean_the_same_everywhere() -> None:
    assert EXIT == {
        "certified": 0,
        "broken": 1,
        "invocation": 2,
        "kit": 3,
        "unreachable": 4,
        "incomplete": 5,
    }


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, 0),
        ({"UDC-CAP-002": "fail"}, 1),
        ({"UDC-CAP-002": "error"}, 3),
        ({"UDC-CAP-002": "not_observed"}, 5),
        ({"UDC-CAP-002": "not_applicable"}, 0),
        ({"UDC-CAP-007": "fail"}, 0),
        ({"UDC-CAP-007": "not_observed"}, 0),
        ({"UDC-CAP-007": "error"}, 3),
        ({"AUTH-012": "fail"}, 0),
        ({"AUTH-001": "error", "UDC-STATE-002": "not_observed"}, 3),
        ({"UDC-CAP-002": "fail", "UDC-CAP-003": "error"}, 1),
        ({"UDC-CAP-002": "fail", "UDC-CAP-003": "not_observed"}, 1),
        ({"UDC-CAP-002": "error", "UDC-CAP-003": "not_observed"}, 3),
    ],
)
def test_one_comes_before_three_and_three_before_five(changes: dict[str, str], told: int) -> None:
    assert code(changes) == told


def test_every_stage_that_was_asked_must_be_certified() -> None:
    both = replace(SHAPE, stages=("shape", "security"))

    assert code(settings=both) == 0
    assert code({"AUTH-012": "not_observed"}, settings=both) == 5
    assert code({"AUTH-012": "fail"}, settings=both) == 1


def test_run_that_was_interrupted_is_incomplete_at_best() -> None:
    assert code(interrupted=True) == 5
    assert code({MUST: "fail"}, interrupted=True) == 1


@pytest.mark.parametrize(
    ("row", "word", "told"),
    [
        (MUST, "pass", 0),
        (MUST, "fail", 1),
        (MUST, "error", 3),
        (MUST, "not_observed", 5),
        (MUST, "not_applicable", 0),
        (SHOULD, "fail", 0),
        (SHOULD, "not_observed", 5),
    ],
)
def test_single_row_gives_its_own_exit_code(row: str, word: str, told: int) -> None:
    settings = replace(SHAPE, only=(row,))

    assert code({row: word}, settings=settings) == told


def test_need_of_a_single_row_that_failed_is_not_that_rows_failure() -> None:
    settings = replace(SHAPE, only=(SHOULD,))

    assert code({"UDC-CAP-001": "fail"}, settings=settings) == 0


def test_row_that_binds_another_role_is_not_judged() -> None:
    assert code(settings=replace(SHAPE, only=("REG-REGISTER-001",))) == 5


# What is asked for


def test_rows_of_the_stages_are_wanted_in_the_catalogues_order() -> None:
    wanted = wanted_rows(SHAPE)

    assert wanted == [each for each in catalogue() if each in wanted]
    assert {catalogue()[each].stage for each in wanted} == {"shape"}


def test_rows_that_are_named_are_wanted_whatever_their_stage() -> None:
    assert wanted_rows(replace(SHAPE, only=("AUTH-012", MUST))) == [MUST, "AUTH-012"]


def test_excluded_row_is_never_wanted() -> None:
    assert wanted_rows(replace(SHAPE, only=("SEC-008",))) == []


# A whole run


def test_verdicts_of_a_run_are_as_many_as_the_edition_has_rows(droplet: Stand) -> None:
    seen = droplet.run(only=(MUST,))

    assert set(seen.outcomes.verdicts) == set(edition().ids)


def test_row_of_another_role_is_not_applicable(droplet: Stand) -> None:
    assert droplet.run(only=(MUST,)).word("REG-REGISTER-001") == "not_applicable"


def test_row_that_was_not_asked_for_is_not_observed_and_says_so(droplet: Stand) -> None:
    few = droplet.run(only=(MUST,)).outcomes.verdicts
    whole = droplet.run().outcomes.verdicts

    assert few["UDC-DEPS-002"].message == "not asked for"
    assert whole["AUTH-012"].message == "stage security was not asked for"
    assert few["AUTH-012"].verdict == whole["AUTH-012"].verdict == "not_observed"


def test_needs_of_a_row_are_judged_whatever_stage_they_belong_to(droplet: Stand) -> None:
    assert droplet.run(only=("UDC-STATE-002",)).word("AUTH-001") == "pass"


def test_record_begins_with_its_header_and_ends_with_its_footer(droplet: Stand) -> None:
    seen = droplet.run(only=(MUST,))
    header, footer = seen.record.header, seen.record.footer

    assert footer is not None
    assert footer["exit_code"] == seen.outcomes.exit_code == 0
    assert footer["requests_sent"] == seen.outcomes.requests_sent == len(seen.record.exchanges)
    assert footer["stages"]["shape"] == "not_asked"
    assert header["edition"] == edition().name
    assert header["edition_digest"] == edition().digest


def test_record_of_a_whole_run_holds_no_usable_token(droplet: Stand) -> None:
    record = droplet.run().record
    text = json.dumps(
        [
            record.header,
            *record.others,
            *record.tokens.values(),
            *(each.as_json() for each in record.exchanges.values()),
            *(each.as_json() for each in record.verdicts.values()),
        ]
    )

    assert droplet.token.split(".")[2] not in text
    assert "Bearer <token:t1>" in text


def test_same_target_comes_to_the_same_verdicts(droplet: Stand) -> None:
    first, second = (
        {name: (each.verdict, each.subjects) for name, each in seen.outcomes.verdicts.items()}
        for seen in (droplet.run(), droplet.run())
    )

    assert first == second


# A run that is ended


@dataclass(slots=True)
class Ended:
    """A source that is interrupted at the n-th request, as by Ctrl-C."""

    inner: LiveSource
    left: int
    asked: list[int] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name == "ask":
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
        found: Callable[..., object] = getattr(self.inner, name)
        return found


@pytest.mark.parametrize("after", [0, 1, 5, 40, 120])
def test_run_that_is_interrupted_leaves_a_record_that_is_incomplete(
    droplet: Stand, after: int
) -> None:
    """At whatever request it comes: no stage is certified by what was judged before."""
    recorder = Recorder()
    source = LiveSource(
        droplet.settings,
        recorder,
        Redactor(),
        now=droplet.now,
        sleep=droplet.sleep,
        measures={"floor": lambda: 0.001, "boot": lambda: 0.5},
    )
    ended = Ended(source, after)
    shelf = TokenShelf(valid=droplet.token)
    engine = Engine(droplet.settings, cast("Source", ended), shelf, recorder)
    droplet.proxy.strike(None)

    with pytest.raises(KeyboardInterrupt):
        engine.run()
    source.close()

    record = recorder.record()
    assert not record.complete
    assert record.footer is not None
    assert record.footer["interrupted"] is True
    assert record.footer["stages"]["shape"] == "incomplete"
    assert record.footer["exit_code"] == EXIT["incomplete"]
    assert [json.loads(dump(line))["kind"] for line in recorder.lines][-1] == "footer"
