"""Stage 1 as a whole: right droplets pass, and one fault is blamed on the rows that own it."""

import time
from typing import Any

import pytest
from bending.droplet import GONE, TOKEN, Call, Droplet, Reply, error
from bending.judging import SHAPE, blamed, judged

from udckit.conformance import Verdict, all_checks
from udckit.fakes import Behaviour, FakeDroplet, FakeRegistry, ManualClock

NO_METRICS = {"OPS-METRICS-001"}
"""A right droplet without /metrics is advised to have it."""


def named(verdicts: dict[str, Verdict], word: str) -> set[str]:
    return {name for name in SHAPE if verdicts[name].verdict == word}


def test_every_shape_row_of_a_droplet_has_a_check() -> None:
    assert set(SHAPE) <= set(all_checks())


def test_a_right_droplet_is_blamed_for_nothing(droplet: Droplet) -> None:
    verdicts = dict(judged(droplet, *SHAPE))

    assert named(verdicts, "fail") == NO_METRICS
    assert named(verdicts, "not_observed") == {
        "OPS-BOOT-001",
        "OPS-OAS-001",
        "UDC-DEPS-006",
        "UDC-HEALTH-012",
    }


def test_a_right_droplet_is_asked_at_most_250_times(droplet: Droplet) -> None:
    blamed(droplet)

    assert len(droplet.calls) <= 250


@pytest.mark.parametrize("message_status", ["completed", "processing"])
def test_the_fake_droplet_is_blamed_for_nothing(message_status: Any) -> None:
    behaviour = Behaviour(message_status=message_status, serves_metrics=True)
    clock = ManualClock(time.time())
    with (
        FakeRegistry(clock=clock) as registry,
        FakeDroplet(name="right", registry=registry, behaviour=behaviour, clock=clock) as fake,
    ):
        registry.journal.wait_for(path="/register", timeout=5.0)
        token = registry.register("udckit-probe", 990_001).token
        there = Droplet.elsewhere(fake.url)
        verdicts = dict(judged(there, *SHAPE, token=token, reached="fakes", clock=clock))

    assert named(verdicts, "fail") == set()
    assert named(verdicts, "error") == set()
    assert named(verdicts, "not_observed") <= {
        "OPS-BOOT-001",
        "OPS-OAS-001",
        "UDC-DEPS-006",
        "UDC-HEALTH-012",
    }


def html(reply: Reply) -> Reply:
    return Reply(reply.body, reply.status, {"Content-Type": "text/html"})


def wrapped(reply: Reply) -> Reply:
    return Reply({"data": reply.body}) if reply.status == 200 else reply


def frozen(reply: Reply) -> Reply:
    return Reply({**reply.body, "uptime_seconds": 0})


ONE_FAULT: list[tuple[str, Any, set[str]]] = [
    ("GET /health", html, {"UDC-ALL-002"}),
    ("GET /health", wrapped, {"UDC-ALL-003"}),
    ("GET /capabilities", wrapped, {"UDC-ALL-003"}),
    ("GET /state", html, {"UDC-ALL-002"}),
    ("POST /message", wrapped, {"UDC-ALL-003"}),
    ("GET /health", frozen, {"UDC-HEALTH-017"}),
    ("GET /health", lambda _: error(404, "NO"), {"UDC-ALL-001"}),
    ("GET /health", lambda _: error(401, "NO"), {"UDC-HEALTH-001"}),
    ("GET /capabilities", lambda _: error(404, "NO"), {"UDC-ALL-001"}),
    ("GET /capabilities", lambda _: error(500, "NO"), {"UDC-CAP-001"}),
    ("GET /state", lambda _: error(404, "NO"), {"UDC-ALL-001"}),
    ("GET /dependencies", lambda _: error(500, "NO"), {"UDC-ALL-001"}),
]


@pytest.mark.parametrize(("call", "change", "owners"), ONE_FAULT)
def test_one_fault_is_blamed_on_the_rows_that_own_it(
    droplet: Droplet, call: str, change: Any, owners: set[str]
) -> None:
    droplet.answer(call, lambda asked: change(droplet.right(asked)))

    assert blamed(droplet) == owners | NO_METRICS


@pytest.mark.parametrize(
    ("path", "member", "value", "owners"),
    [
        ("/health", "status", "ok", {"UDC-HEALTH-002", "UDC-ALL-006"}),
        ("/health", "timestamp", "2025-11-15T12:00:00", {"UDC-HEALTH-003"}),
        ("/health", "uptime_seconds", "12", {"UDC-HEALTH-004"}),
        ("/health", "version", 1, {"UDC-HEALTH-005"}),
        ("/capabilities", "droplet_id", "7", {"UDC-CAP-002"}),
        ("/capabilities", "integration_endpoints", ["/a"], {"UDC-CAP-003"}),
        ("/state", "mode", "prod", {"UDC-STATE-003", "UDC-ALL-006"}),
        ("/state", "status", GONE, {"UDC-STATE-002"}),
        ("/state", "metrics", [], {"UDC-STATE-004"}),
        ("/message", "received", False, {"UDC-MSG-002"}),
        ("/message", "status", "queued", {"UDC-MSG-002", "UDC-ALL-006"}),
    ],
)
def test_one_wrong_member_is_blamed_on_the_rows_that_own_it(
    droplet: Droplet, path: str, member: str, value: object, owners: set[str]
) -> None:
    droplet.bend(path, **{member: value})

    assert blamed(droplet) == owners | NO_METRICS


def test_a_server_that_answers_an_empty_object_to_everything_fails(droplet: Droplet) -> None:
    droplet.answer("*", Reply({}))

    found = blamed(droplet)
    assert {"UDC-HEALTH-002", "UDC-CAP-002", "UDC-STATE-002", "UDC-MSG-002"} <= found
    assert {"UDC-ALL-004", "UDC-ALL-005"} <= found


def test_a_droplet_that_lets_everybody_in_is_judged_without_a_token(droplet: Droplet) -> None:
    def open_to_all(call: Call) -> Reply:
        headers = {**call.headers, "authorization": f"Bearer {TOKEN}"}
        return droplet.right(Call(call.method, call.path, call.query, headers, call.body))

    droplet.answer("*", open_to_all)
    verdicts = dict(judged(droplet, *SHAPE, token=None))

    assert named(verdicts, "fail") == NO_METRICS
    assert {"UDC-STATE-004", "UDC-DEPS-002", "UDC-MSG-006"} <= named(verdicts, "pass")
    assert {"AUTH-001", "UDC-CAP-001"} <= named(verdicts, "not_observed")


def test_nothing_that_needs_a_token_is_passed_without_one(droplet: Droplet) -> None:
    verdicts = dict(judged(droplet, *SHAPE, token=None))

    assert named(verdicts, "fail") == NO_METRICS
    for name in ("UDC-STATE-002", "UDC-DEPS-002", "UDC-MSG-002", "UDC-ALL-002", "UDC-ALL-006"):
        assert verdicts[name].verdict == "not_observed"
        assert verdicts[name].blocked_by == "AUTH-001"


def test_nothing_is_posted_read_only(droplet: Droplet) -> None:
    blamed(droplet, safety="read-only")

    assert {call.method for call in droplet.calls} == {"GET"}
