"""UDC-MSG-002 to 004, 008, 016 to 018, ORCH-CLIENT-010, AUTH-001: messages that are valid."""

from typing import Any

import pytest
from bending.droplet import GONE, TOKEN, Call, Droplet, Reply, error
from bending.judging import blamed, broken, judged, passes, unseen


def refusing(wrong: Any, status: int = 422) -> Any:
    """Refuse those messages of which something is true."""

    def answer(call: Call) -> Reply | None:
        message = call.message
        return error(status, "NO") if isinstance(message, dict) and wrong(message) else None

    return answer


@pytest.mark.parametrize(
    "members",
    [{}, {"status": "processing", "result": GONE}, {"status": "failed", "result": None}, {"a": 1}],
)
def test_a_receipt_is_accepted(droplet: Droplet, members: dict[str, Any]) -> None:
    droplet.bend("/message", **members)

    passes(droplet, "UDC-MSG-002", "UDC-MSG-003", "UDC-MSG-004", "UDC-MSG-018")


@pytest.mark.parametrize(
    "members",
    [
        {"received": False},
        {"received": "true"},
        {"received": GONE},
        {"message_id": 7},
        {"message_id": GONE},
        {"status": "queued"},
        {"status": GONE},
    ],
)
def test_a_wrong_receipt_is_blamed(droplet: Droplet, members: dict[str, Any]) -> None:
    droplet.bend("/message", **members)

    broken(droplet, "UDC-MSG-002")


@pytest.mark.parametrize("status", [201, 202, 400, 500, 503])
def test_a_valid_message_that_is_not_answered_200_is_blamed(droplet: Droplet, status: int) -> None:
    droplet.answer("POST /message", lambda call: Reply(droplet.right(call).body, status))

    broken(droplet, "UDC-MSG-002")
    assert unseen(droplet, "UDC-MSG-006").blocked_by == "UDC-MSG-002"


@pytest.mark.parametrize("status", [401, 403])
def test_a_message_whose_token_is_refused_is_the_tokens_matter(
    droplet: Droplet, status: int
) -> None:
    droplet.answer("POST /message", error(status, "NO"))

    assert unseen(droplet, "UDC-MSG-002").blocked_by == "AUTH-001"
    assert unseen(droplet, "ORCH-CLIENT-010").blocked_by == "UDC-MSG-002"
    broken(droplet, "AUTH-001")


def test_a_message_is_not_sent_read_only(droplet: Droplet) -> None:
    assert "read-only" in unseen(droplet, "UDC-MSG-002", safety="read-only").message


@pytest.mark.parametrize("status", [400, 422, 500, 202])
@pytest.mark.parametrize("kind", ["task_assignment", "status_update"])
def test_a_type_that_is_refused_is_blamed(droplet: Droplet, kind: str, status: int) -> None:
    droplet.answer(
        "POST /message", refusing(lambda message: message.get("message_type") == kind, status)
    )

    broken(droplet, "UDC-MSG-003")


@pytest.mark.parametrize("kind", ["task_assignment", "status_update"])
def test_a_type_that_is_not_received_is_blamed(droplet: Droplet, kind: str) -> None:
    receipt = {"received": False, "message_id": "m", "status": "failed"}
    droplet.answer(
        "POST /message",
        lambda call: Reply(receipt) if f'"{kind}"'.encode() in call.body else None,
    )

    assert blamed(droplet) == {"UDC-MSG-003", "OPS-METRICS-001"}


def test_each_type_that_may_set_work_going_is_sent_once(droplet: Droplet) -> None:
    blamed(droplet)

    types = [call.message.get("message_type") for call in droplet.calls if is_message(call)]
    assert types.count("task_assignment") == 1
    assert types.count("status_update") == 1


def is_message(call: Call) -> bool:
    return call.path == "/message" and isinstance(call.message, dict)


def test_a_demand_for_reply_to_is_blamed_on_its_row_alone(droplet: Droplet) -> None:
    droplet.answer("POST /message", refusing(lambda message: "reply_to" not in message))

    assert blamed(droplet) == {"UDC-MSG-004", "OPS-METRICS-001"}
    assert unseen(droplet, "UDC-MSG-017").blocked_by == "UDC-MSG-004"


def test_a_null_reply_to_that_is_refused_is_advised_against(droplet: Droplet) -> None:
    droplet.answer("POST /message", refusing(lambda message: message.get("reply_to", 0) is None))

    assert blamed(droplet) == {"UDC-MSG-018", "OPS-METRICS-001"}


# UDC-MSG-008, 017: many at once


def test_many_messages_at_once_are_accepted(droplet: Droplet) -> None:
    passes(droplet, "UDC-MSG-008", "UDC-MSG-017")

    assert droplet.asked("POST /message") >= 75


def test_ids_of_one_second_are_advised_against(droplet: Droplet) -> None:
    droplet.bend("/message", message_id="msg-1763208000")

    assert blamed(droplet) == {"UDC-MSG-008", "OPS-METRICS-001"}


def test_a_burst_keeps_to_the_allowed_rate(droplet: Droplet) -> None:
    passes(droplet, "UDC-MSG-008", rate=500.0)
    few = droplet.asked("POST /message")
    passes(droplet, "UDC-MSG-008", rate=20.0)

    assert few >= 50
    assert droplet.asked("POST /message") - few < 45


def test_a_message_that_is_dropped_under_load_is_blamed(droplet: Droplet) -> None:
    droplet.answer(
        "POST /message",
        lambda _: error(500, "BUSY") if droplet.asked("POST /message") % 10 == 9 else None,
    )

    broken(droplet, "UDC-MSG-017")


def test_a_503_at_speed_is_a_limit_where_the_kit_did_not_launch_the_target(
    droplet: Droplet,
) -> None:
    droplet.answer(
        "POST /message",
        lambda _: error(503, "BUSY") if 10 < droplet.asked("POST /message") <= 20 else None,
    )

    assert "rate limit" in unseen(droplet, "UDC-MSG-017").message
    droplet.calls.clear()
    broken(droplet, "UDC-MSG-017", reached="launch", measures={"boot": 1.0})


def test_a_429_that_stays_is_not_observed(droplet: Droplet) -> None:
    droplet.answer(
        "POST /message",
        lambda _: error(429, "SLOWER") if droplet.asked("POST /message") > 4 else None,
    )

    assert "429" in unseen(droplet, "UDC-MSG-017").message


# UDC-MSG-016: sizes


def test_sane_sizes_are_handled_and_10_mb_refused(droplet: Droplet) -> None:
    passes(droplet, "UDC-MSG-016")

    assert max(len(call.body) for call in droplet.calls) > 10 * 1024 * 1024


def test_10_mb_may_close_the_connection(droplet: Droplet) -> None:
    droplet.answer(
        "POST /message", lambda call: Reply(closed=True) if len(call.body) > 10**6 else None
    )

    passes(droplet, "UDC-MSG-016")


@pytest.mark.parametrize(
    "sane", [b"x" * 60_000, b'{"in": ' * 15, "世界".encode(), b"1000000000000000000000000000000"]
)
def test_a_sane_message_that_is_refused_is_advised_against(droplet: Droplet, sane: bytes) -> None:
    droplet.answer("POST /message", lambda call: error(400, "NO") if sane in call.body else None)

    broken(droplet, "UDC-MSG-016")


@pytest.mark.parametrize("odd", [b'{"a":' * 9_000, rb"\ud800", b'{"a":1,"a":2}'])
def test_an_odd_message_may_be_refused_and_never_breaks_anything(
    droplet: Droplet, odd: bytes
) -> None:
    status = 400
    droplet.answer("POST /message", lambda call: error(status, "NO") if odd in call.body else None)
    passes(droplet, "UDC-MSG-016")

    status = 500
    broken(droplet, "UDC-MSG-016")


def test_10_mb_that_are_swallowed_are_advised_against(droplet: Droplet) -> None:
    accepted = {"received": True, "message_id": "big", "status": "completed"}
    droplet.answer(
        "POST /message", lambda call: Reply(accepted) if len(call.body) > 10**6 else None
    )

    assert "10 MB" in str(broken(droplet, "UDC-MSG-016").expected)


# ORCH-CLIENT-010


def test_a_message_endpoint_is_implemented_whatever_it_answers(droplet: Droplet) -> None:
    passes(droplet, "ORCH-CLIENT-010")
    droplet.bend("/message", received=False)

    passes(droplet, "ORCH-CLIENT-010")


@pytest.mark.parametrize("status", [404, 405, 501, 307])
def test_a_message_endpoint_that_is_not_there_is_blamed(droplet: Droplet, status: int) -> None:
    droplet.answer("POST /message", error(status, "NO"))

    assert blamed(droplet) == {"ORCH-CLIENT-010", "UDC-ALL-001", "OPS-METRICS-001"}


# AUTH-001


def test_a_valid_token_that_is_accepted_passes(droplet: Droplet) -> None:
    passes(droplet, "AUTH-001")
    passes(droplet, "AUTH-001", safety="read-only")


@pytest.mark.parametrize("call", ["GET /state", "GET /dependencies", "POST /message"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_valid_token_that_is_refused_is_blamed(droplet: Droplet, call: str, status: int) -> None:
    droplet.answer(call, error(status, "NO"))

    assert "AUTH-001" in blamed(droplet)


def test_a_token_that_is_refused_everywhere_is_one_cause(droplet: Droplet) -> None:
    droplet.answer("*", lambda call: error(401, "NO") if call.token == TOKEN else None)

    assert blamed(droplet) == {"AUTH-001", "OPS-METRICS-001"}


@pytest.mark.parametrize("status", [404, 500])
def test_what_does_not_answer_shows_nothing_of_a_token(droplet: Droplet, status: int) -> None:
    for call in ("GET /state", "GET /dependencies", "POST /message"):
        droplet.answer(call, error(status, "NO"))

    assert judged(droplet, "AUTH-001")["AUTH-001"].verdict == "not_observed"


def test_without_an_authority_the_first_thing_to_do_is_said(droplet: Droplet) -> None:
    assert "give the kit one" in unseen(droplet, "AUTH-001", token=None).message


@pytest.mark.parametrize(
    ("role", "call"),
    [("registry", "GET /services/by-name/udckit-probe"), ("orchestrator", "POST /heartbeat")],
)
def test_each_role_shows_what_it_protects(droplet: Droplet, role: str, call: str) -> None:
    droplet.answer(call, Reply({}))
    passes(droplet, "AUTH-001", role=role)

    droplet.answer(call, error(403, "NO"))
    broken(droplet, "AUTH-001", role=role)


@pytest.mark.parametrize("status", [500, 503, 404, 307])
def test_one_endpoint_that_accepts_nobody_is_no_pass_of_a_valid_token(
    droplet: Droplet, status: int
) -> None:
    """A 500 to a valid token accepts nobody, and the other endpoints prove nothing of it."""
    droplet.answer("GET /dependencies", error(status, "NO"))
    verdict = judged(droplet, "AUTH-001")["AUTH-001"]

    assert (verdict.verdict, verdict.blocked_by) == ("not_observed", "UDC-ALL-001")
    assert "GET /dependencies answered" in verdict.message
