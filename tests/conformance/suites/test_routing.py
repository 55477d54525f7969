"""UDC-ALL-004, 005, 007: wrong methods, unknown paths, unknown parameters and headers."""

import pytest
from bending.droplet import TOKEN, Call, Droplet, Reply, error
from bending.judging import broken, passes, unseen


def only(status: int, method: str) -> object:
    return lambda call: error(status, "REFUSED") if call.method == method else None


@pytest.mark.parametrize("status", [405, 404, 501])
def test_a_wrong_method_may_be_refused_in_three_ways(droplet: Droplet, status: int) -> None:
    droplet.answer("*", lambda call: Reply(status=status) if call.method == "PUT" else None)

    passes(droplet, "UDC-ALL-004")


def test_a_wrong_method_may_be_refused_by_closing_the_connection(droplet: Droplet) -> None:
    droplet.answer("*", lambda call: Reply(closed=True) if call.method == "DELETE" else None)

    passes(droplet, "UDC-ALL-004")


def test_a_wrong_method_without_a_token_may_be_a_401(droplet: Droplet) -> None:
    droplet.answer("*", lambda call: error(401, "UNAUTHORIZED") if call.method == "PUT" else None)

    passes(droplet, "UDC-ALL-004", token=None)
    broken(droplet, "UDC-ALL-004")


@pytest.mark.parametrize("status", [200, 500, 502])
def test_a_wrong_method_that_is_served_or_breaks_something_is_blamed(
    droplet: Droplet, status: int
) -> None:
    droplet.answer("PUT /dependencies", Reply({}, status))

    broken(droplet, "UDC-ALL-004")


def test_get_on_message_is_blamed(droplet: Droplet) -> None:
    droplet.answer("GET /message", Reply({"messages": []}))

    broken(droplet, "UDC-ALL-004")


def test_nothing_but_get_is_sent_read_only(droplet: Droplet) -> None:
    assert "read-only" in unseen(droplet, "UDC-ALL-004", safety="read-only").message
    assert {call.method for call in droplet.calls} == {"GET"}


def test_a_404_of_any_form_is_right_for_an_unknown_path(droplet: Droplet) -> None:
    droplet.answer(
        "*", lambda call: Reply(b"no", 404) if call.path.startswith("/udckit-") else None
    )

    passes(droplet, "UDC-ALL-005")


def test_an_unknown_path_may_be_a_401_without_a_token(droplet: Droplet) -> None:
    droplet.answer("*", lambda call: error(401, "UNAUTHORIZED") if call.path != "/health" else None)

    passes(droplet, "UDC-ALL-005", token=None)


def test_a_frontend_that_answers_everything_is_blamed(droplet: Droplet) -> None:
    droplet.answer(
        "*", lambda call: None if droplet.right(call).status != 404 else Reply(b"<html>", 200)
    )

    broken(droplet, "UDC-ALL-005")


def test_a_path_that_begins_like_health_is_no_health(droplet: Droplet) -> None:
    droplet.answer("GET /healthz-x", Reply({"status": "healthy"}))

    broken(droplet, "UDC-ALL-005")


def test_unknown_paths_are_not_judged_where_the_token_is_refused(droplet: Droplet) -> None:
    droplet.answer("*", lambda call: None if call.path == "/health" else error(401, "NO"))

    assert unseen(droplet, "UDC-ALL-005").blocked_by == "AUTH-001"


@pytest.mark.parametrize("status", [400, 406, 414, 431])
def test_odd_requests_may_be_refused(droplet: Droplet, status: int) -> None:
    droplet.answer("*", lambda call: error(status, "ODD") if is_odd(call) else None)

    passes(droplet, "UDC-ALL-007")


def test_a_long_query_may_close_the_connection(droplet: Droplet) -> None:
    droplet.answer("*", lambda call: Reply(closed=True) if len(call.query) > 8000 else None)

    passes(droplet, "UDC-ALL-007")


@pytest.mark.parametrize("header", ["accept", "x-request-id"])
def test_a_header_that_breaks_something_is_blamed(droplet: Droplet, header: str) -> None:
    droplet.answer(
        "*",
        lambda call: error(500, "BROKEN") if "udckit" in call.headers.get(header, "") else None,
    )

    broken(droplet, "UDC-ALL-007")


def test_a_parameter_that_breaks_something_is_blamed(droplet: Droplet) -> None:
    droplet.answer("GET /state", lambda call: error(500, "BROKEN") if call.query else None)

    broken(droplet, "UDC-ALL-007")


def test_an_unhealthy_503_is_not_blamed_on_a_parameter(droplet: Droplet) -> None:
    droplet.answer("GET /health", lambda call: Reply(droplet.right(call).body, 503))

    passes(droplet, "UDC-ALL-007")


def is_odd(call: Call) -> bool:
    odd = "udckit" in call.headers.get("accept", "") + call.headers.get("x-request-id", "")
    return bool(call.query) or odd or call.token not in {None, TOKEN}
