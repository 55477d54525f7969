"""A droplet that somebody else started is judged from what arrived at the fakes, and no further."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final

import pytest
from acting import ActingDroplet, judged
from attaching import attached, watched

from udckit.conformance import (
    Engine,
    LiveSource,
    Redactor,
    Settings,
    Verdict,
    all_checks,
    dump,
    rejudge,
)
from udckit.conformance.scenario import WATCH, Recording, Recordings
from udckit.fakes import FakesUp, Fault, ManualClock
from udckit.specs import catalogue

ROWS: Final = [row for row in catalogue() if row in WATCH.serves]
GATING: Final = {
    row
    for row in ROWS
    if catalogue()[row].stage == "integration"
    and catalogue()[row].level == "MUST"
    and catalogue()[row].gate == "always"
}

FAULTS: Final[tuple[tuple[dict[str, Any], dict[str, Any], list[str]], ...]] = (
    ({"registers": False, "beats": False}, {"declared": True}, ["REG-CLIENT-001"]),
    ({"sends_token": "none"}, {}, ["REG-CLIENT-004", "REG-CLIENT-005", "ORCH-CLIENT-001"]),
    ({"sends_token": "own"}, {}, ["REG-CLIENT-004"]),
    ({"beat_every": 30, "fetches_key": False}, {}, ["ORCH-CLIENT-001", "AUTH-019"]),
    (
        {"beat_every": 75, "beat": {"service_name": None}},
        {},
        ["ORCH-CLIENT-001", "ORCH-CLIENT-014"],
    ),
    ({"sends_service_id": "droplet_id"}, {}, ["REG-CLIENT-006"]),
    ({"beats": False, "refetches_freely": True}, {}, ["ORCH-CLIENT-001", "AUTH-031"]),
    (
        {"first_beat_after": 70, "registration": {"udc_compliant": None}, "metrics_stand": True},
        {},
        ["ORCH-CLIENT-002", "ORCH-CLIENT-013", "REG-CLIENT-015", "ORCH-CLIENT-006"],
    ),
    (
        {"registers_times": 2, "message_status": "processing", "calls_back": False},
        {},
        ["REG-CLIENT-014", "UDC-MSG-010"],
    ),
    (
        {
            "message_status": "processing",
            "callback_token": "sender",
            "callback": {"message_id": None},
            "registration": {"version": "9.9.9"},
        },
        {},
        ["REG-CLIENT-004", "UDC-MSG-012", "REG-CLIENT-003"],
    ),
    (
        {"hard_coded": {"SERVICE_NAME": "my-service"}},
        {"sure": True, "declared": True},
        ["OPS-ENV-002", "UDC-CAP-005"],
    ),
    (
        {"beats_before_registration": True, "registers_after": 5, "renews_on_401": False},
        {"before": 20.0},
        ["ORCH-CLIENT-003"],
    ),
)


def verdicts(seen: Recording) -> Mapping[str, Verdict]:
    return judged(Recordings({seen.scenario: seen}), ROWS)


def words(seen: Recording, word: str) -> dict[str, str | None]:
    return {
        row: one.observed or one.message
        for row, one in verdicts(seen).items()
        if one.verdict == word
    }


@pytest.mark.parametrize(
    ("behaviour", "how", "kills"), FAULTS, ids=["-".join(sorted(one)) for one, _, _ in FAULTS]
)
def test_fault_is_seen_from_what_arrives(
    behaviour: Mapping[str, Any], how: Mapping[str, Any], kills: list[str]
) -> None:
    seen = words(watched(behaviour, **how), "fail")

    assert set(kills) <= set(seen), seen


def test_right_droplet_that_was_started_as_the_fakes_say_passes_all_that_gates() -> None:
    seen = watched({"message_status": "processing"}, closely=True)

    said = {row: (one.verdict, one.message) for row, one in verdicts(seen).items()}
    assert {row: each for row, each in said.items() if each[0] != "pass"} == {}
    assert GATING
    tokens = {call.token for call in seen.calls if call.operation == "postHeartbeat"}
    assert tokens <= set(seen.tokens)


@pytest.mark.parametrize(
    ("behaviour", "how"),
    [
        ({"first_beat_after": 64, "beat_every": 63}, {}),
        ({"beat_every": 56}, {"before": 1000.0}),
        ({}, {"before": 4000.0}),
        ({"uptime_stands": True}, {"before": 500.0}),
        ({}, {"earlier": {"sends_token": "none", "beats_before_registration": True}}),
        ({"uptime_stands": True}, {"earlier": {"beat_every": 30, "registers_times": 2}}),
    ],
    ids=["late", "fast", "its token was renewed", "no uptime", "mended", "mended, no uptime"],
)
def test_right_droplet_is_blamed_for_nothing(
    behaviour: Mapping[str, Any], how: Mapping[str, Any]
) -> None:
    seen = verdicts(watched(behaviour, **how))

    blamed = {row: one.observed for row, one in seen.items() if one.verdict in {"fail", "error"}}
    assert set(blamed) <= {"ORCH-CLIENT-013"}, blamed


def test_droplet_with_names_of_its_own_is_not_blamed_for_them() -> None:
    unseen = words(seen := watched({}, told=False), "not_observed")

    assert {"OPS-ENV-002", "UDC-CAP-005"} == set(unseen)
    assert "OPS-ENV-002" in GATING  # so the stage is left incomplete
    assert "--launch" in str(unseen["OPS-ENV-002"])
    assert words(seen, "fail") == {}


def test_rows_that_want_a_start_say_so() -> None:
    seen = watched({})
    rows = [row for row, one in all_checks().items() if one.wants in {"recording", "recordings"}]
    rows = [
        row
        for row in rows
        if catalogue()[row].stage == "integration"
        and "droplet" in catalogue()[row].roles
        and row not in WATCH.serves
    ]

    said = judged(Recordings({seen.scenario: seen}), rows)

    assert {one.verdict for one in said.values()} == {"not_observed"}
    silent = {row: one.message for row, one in said.items() if "--launch" not in str(one.message)}
    assert [row for row, why in silent.items() if "was declared" not in str(why)] == []


def test_fault_at_the_fakes_is_not_the_droplets() -> None:
    def strike(up: FakesUp, _: ActingDroplet, clock: ManualClock) -> None:
        up.orchestrator.faults.add(Fault.status(500))
        clock.advance(70)

    said = verdicts(watched({}, meanwhile=strike))

    assert {one.verdict for one in said.values()} == {"not_observed"}
    assert "under a fault" in str(said["ORCH-CLIENT-001"].message)


def test_calls_of_another_droplet_are_not_counted() -> None:
    others: list[ActingDroplet] = []

    def join(up: FakesUp, _: ActingDroplet, clock: ManualClock) -> None:
        others.append(ActingDroplet(clock, {"beat_every": 30}))
        others[0].start({**up.environment, "SERVICE_NAME": "another", "DROPLET_ID": "5"})
        clock.advance(40)

    try:
        seen = watched({}, meanwhile=join)
    finally:
        for each in others:
            each.stop()

    assert words(seen, "fail") == {}
    assert {"AUTH-019", "AUTH-020", "AUTH-031"} == set(words(seen, "not_observed"))


def test_calls_that_may_be_anybodys_judge_nobody() -> None:
    others: list[ActingDroplet] = []

    def join(up: FakesUp, _: ActingDroplet, clock: ManualClock) -> None:
        odd = {"sends_token": "none", "beat": {"service_id": None, "service_name": None}}
        others.append(ActingDroplet(clock, odd))
        others[0].start({**up.environment, "SERVICE_NAME": "another", "DROPLET_ID": "5"})
        clock.advance(2)

    try:
        said = verdicts(watched({}, meanwhile=join))
    finally:
        for each in others:
            each.stop()

    assert {one.verdict for one in said.values()} == {"not_observed"}
    assert "may be anybody's" in str(said["ORCH-CLIENT-001"].message)


def test_record_of_a_run_says_the_same_again_and_holds_no_token() -> None:
    issued: list[str] = []

    def keep(up: FakesUp, *_: object) -> None:
        answers = [entry.answer for entry in up.registry.journal if entry.path == "/register"]
        issued.extend(each["token"] for each in answers)

    with attached({"message_status": "processing"}, meanwhile=keep) as by:
        settings = Settings(target=by.url, reached="fakes", only=tuple(ROWS))
        redactor = Redactor(secrets=by.authority.secrets)
        with closing(LiveSource(settings, by.recorder, redactor, sleep=lambda _: None)) as source:
            engine = Engine(settings, source, by.authority.tokens, by.recorder)
            engine.subjects, engine.first = by.attachment.subjects(), by.attachment.watch
            engine.run()
    record = by.recorder.record()

    assert {row for row in ROWS if record.verdicts[row].verdict != "pass"} == set()
    again = rejudge(record)
    assert {row: dump(one.as_json()) for row, one in again.items()} == {
        row: dump(one.as_json()) for row, one in record.verdicts.items()
    }
    assert issued
    written = "\n".join(map(dump, by.recorder.lines))
    assert [each for each in issued if each.split(".")[2] in written] == []
