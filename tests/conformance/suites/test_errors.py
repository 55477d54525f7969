"""ERR-001 to 003: errors have an error's status, and the contract's form."""

from typing import Any

import pytest
from bending.droplet import Call, Droplet, Reply, error
from bending.judging import blamed, broken, passes, unseen

JSON = {"Content-Type": "application/json"}


def instead(reply: Any) -> Any:
    """Answer every error so; `reply` makes an answer from its status."""

    def answer(droplet: Droplet) -> None:
        def bent(call: Call) -> Reply | None:
            right = droplet.right(call)
            return reply(right.status) if right.status in {400, 401, 404} else None

        droplet.answer("*", bent)

    return answer


@pytest.mark.parametrize(
    "reply",
    [
        lambda status: error(status, "NO"),
        lambda status: Reply(b"", status),
        lambda status: Reply(b"", status, JSON),
        lambda status: Reply(b"<h1>No</h1>", status, {"Content-Type": "text/html"}),
        lambda status: Reply({"detail": [{"msg": "no"}]}, 422 if status == 400 else status),
        lambda status: Reply({"title": "No"}, status, {"Content-Type": "application/problem+json"}),
        lambda status: Reply({"status": "error", "message": "no"}, status),
    ],
)
def test_an_error_of_any_form_is_an_error(droplet: Droplet, reply: Any) -> None:
    instead(reply)(droplet)

    passes(droplet, "ERR-001")


@pytest.mark.parametrize(
    "reply",
    [
        lambda _: Reply({"error": "not found"}),
        lambda _: Reply({"success": False, "message": "no"}),
        lambda _: Reply({"detail": "Not Found"}),
        lambda _: Reply({"code": 404, "message": "Not Found"}),
        lambda _: Reply({"status": "error", "message": "no"}),
        lambda status: Reply(b"Not Found", status, JSON),
        lambda status: Reply("Not Found", status),
        lambda status: Reply([], status),
        lambda status: Reply(None, status),
    ],
)
def test_an_error_that_is_called_a_success_or_is_no_json_is_blamed(
    droplet: Droplet, reply: Any
) -> None:
    instead(reply)(droplet)

    broken(droplet, "ERR-001")


@pytest.mark.parametrize("body", [{}, {"message": "Welcome"}, {"status": "error", "metrics": {}}])
def test_a_success_is_no_error_because_of_a_word(droplet: Droplet, body: Any) -> None:
    droplet.answer("GET /state", lambda call: Reply(body) if call.token is None else None)

    passes(droplet, "ERR-001")


@pytest.mark.parametrize("status", [405, 413, 415, 429, 501, 502])
def test_what_a_server_says_before_the_application_is_exempt(droplet: Droplet, status: int) -> None:
    droplet.answer(
        "POST /message", lambda call: Reply("no", status) if call.message is None else None
    )

    passes(droplet, "ERR-001", "ERR-002")


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "NO", "message": "No"}, "status": "error"},
        {"error": {"code": "NO_WAY_2", "message": "No", "details": {"a": 1}}},
        {"error": {"code": "NO", "message": "No", "details": None}},
    ],
)
def test_the_contracts_form_is_accepted(droplet: Droplet, body: Any) -> None:
    instead(lambda status: Reply(body, status))(droplet)

    passes(droplet, "ERR-001", "ERR-002", "ERR-003")


@pytest.mark.parametrize(
    "reply",
    [
        lambda status: Reply({"detail": "Not Found"}, status),
        lambda status: Reply({"detail": {"error": {"code": "NO", "message": "No"}}}, status),
        lambda status: Reply({"error": "Not Found"}, status),
        lambda status: Reply({"error": {"message": "No"}}, status),
        lambda status: Reply(b"", status),
        lambda status: Reply(b"No", status, {"Content-Type": "text/plain"}),
    ],
)
def test_another_form_is_advised_against_on_its_row_alone(droplet: Droplet, reply: Any) -> None:
    instead(reply)(droplet)

    assert broken(droplet, "ERR-002").level == "SHOULD"
    assert unseen(droplet, "ERR-003").blocked_by == "ERR-002"


@pytest.mark.parametrize(
    "change",
    [
        {"code": "not-found"},
        {"code": 404},
        {"code": "_NO"},
        {"message": ""},
        {"message": None},
        {"details": []},
        {"details": "more"},
    ],
)
def test_a_wrong_part_of_the_form_is_advised_against(droplet: Droplet, change: Any) -> None:
    body = {"error": {"code": "NO", "message": "No", **change}}
    instead(lambda status: Reply(body, status))(droplet)

    broken(droplet, "ERR-003")
    assert blamed(droplet) == {"ERR-003", "OPS-METRICS-001"}


def test_an_error_that_is_no_json_is_not_blamed_for_its_form_too(droplet: Droplet) -> None:
    instead(lambda status: Reply(b"Not Found", status, JSON))(droplet)

    assert blamed(droplet) == {"ERR-001", "OPS-METRICS-001"}


def test_errors_are_seen_without_a_token_too(droplet: Droplet) -> None:
    passes(droplet, "ERR-001", "ERR-002", "ERR-003", token=None)
