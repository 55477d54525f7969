"""UDC-MSG-006, 007 and ERR-004: what must be refused, and what no input may cause."""

import json
from typing import Any

import pytest
from bending.droplet import Call, Droplet, Reply, error
from bending.judging import blamed, broken, passes, unseen

RECEIPT = {"received": True, "message_id": "m", "status": "completed"}
VALID = {"from_service": "udckit-probe", "message_type": "query", "payload": {}}


def when(true: Any, reply: Reply) -> Any:
    """Answer a POST so where something is true of its JSON, or of its body where it is none."""

    def answer(call: Call) -> Reply | None:
        body = call.message if call.message is not None else call.body
        return reply if call.method == "POST" and true(body) else None

    return answer


def members(body: Any) -> dict[str, Any]:
    return body if isinstance(body, dict) else {**VALID, "not": "an object"}


# UDC-MSG-006


@pytest.mark.parametrize("status", [400, 422])
def test_a_faulty_message_may_be_refused_in_two_ways(droplet: Droplet, status: int) -> None:
    droplet.answer(
        "POST /message",
        lambda call: Reply(b"", status) if droplet.right(call).status == 400 else None,
    )

    passes(droplet, "UDC-MSG-006")


@pytest.mark.parametrize("status", [200, 400, 415, 422])
def test_a_wrong_content_type_may_be_ignored_or_refused(droplet: Droplet, status: int) -> None:
    droplet.answer(
        "POST /message",
        lambda call: Reply(RECEIPT, status) if plain(call) else None,
    )

    passes(droplet, "UDC-MSG-006")


def plain(call: Call) -> bool:
    return call.headers.get("content-type", "") == "text/plain"


@pytest.mark.parametrize(
    "taken",
    [
        lambda body: "from_service" not in members(body),
        lambda body: "message_type" not in members(body),
        lambda body: members(body).get("message_type", 0) is None,
        lambda body: "payload" not in members(body),
        lambda body: members(body).get("payload", 0) is None,
        lambda body: isinstance(members(body).get("payload"), list),
        lambda body: isinstance(members(body).get("payload"), str),
        lambda body: isinstance(members(body).get("from_service"), dict),
        lambda body: isinstance(members(body).get("message_type"), list),
        lambda body: body == [],
        lambda body: body == "query",
        lambda body: body == b"null",
        lambda body: body == b"",
        lambda body: isinstance(body, bytes) and body.startswith(b'{"from_service": "u'),
    ],
)
def test_a_faulty_message_that_is_taken_is_blamed(droplet: Droplet, taken: Any) -> None:
    droplet.answer("POST /message", when(taken, Reply(RECEIPT)))

    broken(droplet, "UDC-MSG-006")


@pytest.mark.parametrize("status", [401, 403, 404, 409, 500])
def test_a_faulty_message_that_is_refused_otherwise_is_blamed(
    droplet: Droplet, status: int
) -> None:
    droplet.answer(
        "POST /message",
        when(lambda body: "payload" not in members(body), error(status, "NO")),
    )

    broken(droplet, "UDC-MSG-006")


def test_a_wrong_content_type_is_not_answered_otherwise(droplet: Droplet) -> None:
    droplet.answer("POST /message", lambda call: error(403, "NO") if plain(call) else None)

    broken(droplet, "UDC-MSG-006")


def test_refusals_count_only_while_valid_messages_are_accepted(droplet: Droplet) -> None:
    """Five wrong messages, and it refuses everything: a lockout is no proof."""
    wrong: list[Call] = []

    def lock_out(call: Call) -> Reply | None:
        if droplet.right(call).status == 400:
            wrong.append(call)
        return error(400, "LOCKED_OUT") if len(wrong) > 5 else None

    droplet.answer("POST /message", lock_out)

    assert unseen(droplet, "UDC-MSG-006").message == "a valid message is answered 400"


def test_at_most_eight_refusals_stand_between_two_valid_messages(droplet: Droplet) -> None:
    passes(droplet, "UDC-MSG-006")

    row = 0
    for call in droplet.calls:
        if call.path == "/message":
            row = 0 if call.message is not None and droplet.right(call).status == 200 else row + 1
            assert row <= 8


def test_one_member_that_is_not_checked_is_blamed_on_one_row(droplet: Droplet) -> None:
    droplet.answer(
        "POST /message", when(lambda body: "payload" not in members(body), Reply(RECEIPT))
    )

    assert blamed(droplet) == {"UDC-MSG-006", "OPS-METRICS-001"}


# UDC-MSG-007


@pytest.mark.parametrize(
    "reply", [Reply(status=400), Reply(status=422), Reply({**RECEIPT, "status": "failed"})]
)
def test_an_unknown_type_may_be_refused_or_failed(droplet: Droplet, reply: Reply) -> None:
    droplet.answer("POST /message", when(has_unknown_type, reply))

    passes(droplet, "UDC-MSG-007")


def has_unknown_type(body: Any) -> bool:
    known = ("task_assignment", "status_update", "query")
    word = members(body).get("message_type")
    return isinstance(word, str) and word not in known


@pytest.mark.parametrize("word", ["command", "QUERY", ""])
@pytest.mark.parametrize("reply", [Reply(RECEIPT), error(403, "NO"), error(404, "NO")])
def test_an_unknown_type_that_is_answered_otherwise_is_advised_against(
    droplet: Droplet, word: str, reply: Reply
) -> None:
    droplet.answer(
        "POST /message", when(lambda body: members(body).get("message_type") == word, reply)
    )

    broken(droplet, "UDC-MSG-007")


def test_a_long_type_that_is_taken_is_advised_against(droplet: Droplet) -> None:
    droplet.answer(
        "POST /message",
        when(lambda body: len(str(members(body).get("message_type"))) > 10_000, Reply(RECEIPT)),
    )

    broken(droplet, "UDC-MSG-007")


def test_a_server_error_to_unknown_types_is_another_rows(droplet: Droplet) -> None:
    droplet.answer("POST /message", when(has_unknown_type, error(500, "BROKEN")))

    assert blamed(droplet) == {"ERR-004", "OPS-METRICS-001"}
    unseen(droplet, "UDC-MSG-007")


# ERR-004


def test_invalid_input_may_be_taken_or_refused(droplet: Droplet) -> None:
    droplet.answer(
        "POST /message",
        lambda call: error(415, "NO") if "form" in call.headers.get("content-type", "") else None,
    )

    passes(droplet, "ERR-004")


@pytest.mark.parametrize(
    "mark",
    [
        b"NaN",
        b"1e999",
        b"9" * 4_999,
        b"\xff\xfe",
        b"[" * 1_999,
        rb"\u0000",
        b'"reply_to": {',
        b'"reply_to": 7',
        b'"message_type": null',
    ],
)
@pytest.mark.parametrize("reply", [error(500, "BROKEN"), Reply(b"", 502), Reply(closed=True)])
def test_a_server_error_to_invalid_input_is_blamed(
    droplet: Droplet, mark: bytes, reply: Reply
) -> None:
    droplet.answer("POST /message", lambda call: reply if mark in call.body else None)

    broken(droplet, "ERR-004")


@pytest.mark.parametrize("content_type", ["charset=udckit", "form-urlencoded", "form-data", "none"])
def test_a_server_error_to_a_content_type_is_blamed(droplet: Droplet, content_type: str) -> None:
    droplet.answer(
        "POST /message",
        lambda call: error(500, "BROKEN")
        if content_type in call.headers.get("content-type", "none")
        else None,
    )

    broken(droplet, "ERR-004")


@pytest.mark.parametrize("mark", ["%zz", "/udckit-%ff"])
def test_a_server_error_to_an_odd_address_is_blamed(droplet: Droplet, mark: str) -> None:
    droplet.answer(
        "*",
        lambda call: error(500, "BROKEN") if mark in f"{call.path}?{call.query}" else None,
    )

    broken(droplet, "ERR-004")


def test_invalid_input_is_named_in_the_verdict(droplet: Droplet) -> None:
    droplet.answer("POST /message", lambda call: error(500, "NO") if b"NaN" in call.body else None)

    assert broken(droplet, "ERR-004").expected == "a status below 500 to NaN in the payload"


def test_invalid_input_is_not_judged_where_valid_input_is_not_taken(droplet: Droplet) -> None:
    droplet.answer("POST /message", error(500, "BROKEN"))

    assert unseen(droplet, "ERR-004").blocked_by == "UDC-MSG-002"
    assert json.loads(droplet.calls[-1].body) == VALID
