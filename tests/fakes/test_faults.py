"""Every fault does what it says, to the requests it says, and is over when it is over."""

import http.client
import json
import socket
import threading
import time
from typing import Any

import pytest

from udckit.fakes import (
    KINDS,
    FakeRegistry,
    Fault,
    ManualClock,
    VerifyingKey,
)

HTTP_KINDS = sorted(
    set(KINDS) - {"refuse", "reset", "hang", "delay", "truncated_body", "slow_drip"}
)


def test_status_strikes_n_times_and_then_no_more(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    registry.faults.add(Fault.status(503, times=2, route="POST /register"))

    answers = [ask(f"{registry.url}/register", registration).status for _ in range(3)]

    assert answers == [503, 503, 201]
    assert len(registry.faults) == 0


def test_a_status_is_in_the_contract_s_form_and_nothing_was_done(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    with registry.faults.active(Fault.status(500)):
        answer = ask(f"{registry.url}/register", registration)

    assert answer.json["error"]["code"] == "TOLD_TO_FAIL"
    assert registry.services == ()
    entry = registry.journal.entries[0]
    assert (entry.fault, entry.answered) == ("status(status=500)", 500)
    assert entry.operation == "registerService"


def test_a_struck_request_is_still_judged_and_identified(ask: Any, registry: FakeRegistry) -> None:
    token = registry.register("my-service", 10).token
    registry.faults.add(Fault.status(503))
    ask(f"{registry.url}/services", token=token)
    ask(f"{registry.url}/register", {"name": 7})

    listing, register = registry.journal
    assert listing.identity is not None
    assert "name" in {problem.at for problem in register.problems}


def test_the_nth_request_alone_is_struck(ask: Any, registry: FakeRegistry) -> None:
    registry.faults.add(Fault.status(503, nth=3, route="/health"))

    assert [ask(f"{registry.url}/health").status for _ in range(5)] == [200, 200, 503, 200, 200]


def test_a_window_of_time_begins_and_ends_with_the_clock(
    ask: Any, registry: FakeRegistry, clock: ManualClock
) -> None:
    registry.faults.add(Fault.status(503, after=10, during=5))

    seen = []
    for _ in range(4):
        seen.append(ask(f"{registry.url}/health").status)
        clock.advance(5)

    assert seen == [200, 200, 503, 200]


@pytest.mark.parametrize(
    ("route", "struck"),
    [
        (None, True),
        ("GET /services/by-name/x", True),
        ("/services/by-name/x", True),
        ("get /services/by-name/{name}", True),
        ("/services/*", True),
        ("POST /services/*", False),
        ("/services", False),
        ("/Services/*", False),
    ],
)
def test_a_route_says_what_is_struck(
    ask: Any, registry: FakeRegistry, route: str | None, struck: bool
) -> None:
    with registry.faults.active(Fault.status(418, route=route)):
        answer = ask(f"{registry.url}/services/by-name/x")

    assert (answer.status == 418) is struck


def test_the_first_that_was_added_strikes(ask: Any, registry: FakeRegistry) -> None:
    with registry.faults.active(Fault.status(500, times=1), Fault.status(503)):
        assert [ask(f"{registry.url}/health").status for _ in range(2)] == [500, 503]

    assert ask(f"{registry.url}/health").status == 200


def test_refuse_refuses_keeps_the_port_and_comes_back(ask: Any, registry: FakeRegistry) -> None:
    url = registry.url
    kept = http.client.HTTPConnection("127.0.0.1", registry.port, timeout=5)
    kept.request("GET", "/health")
    kept.getresponse().read()

    with registry.faults.active(Fault.refuse()):
        with pytest.raises(ConnectionRefusedError):
            ask(f"{url}/health")
        with pytest.raises(ConnectionError):  # noqa: PT012 - either may be the one that notices
            kept.request("GET", "/health")
            kept.getresponse()
    kept.close()

    assert ask(f"{url}/health").status == 200


def test_refuse_refuses_while_a_process_that_is_being_started_holds_the_socket(
    ask: Any, registry: FakeRegistry
) -> None:
    """Between fork and exec a child has a copy of it, and for longer on a busy machine."""
    server = registry._server  # no door leads to the socket itself
    assert server is not None

    with (
        server._listener.dup(),
        registry.faults.active(Fault.refuse()),
        pytest.raises(ConnectionRefusedError),
    ):
        ask(f"{registry.url}/health")

    assert ask(f"{registry.url}/health").status == 200


def test_refuse_from_the_start_for_a_while(ask: Any, clock: ManualClock) -> None:
    registry = FakeRegistry(clock=clock)
    registry.faults.add(Fault.refuse(during=15))
    with registry:
        for passed, refused in ((0, True), (14.9, True), (0.1, False)):
            clock.advance(passed)
            if refused:
                with pytest.raises(ConnectionRefusedError):
                    ask(f"{registry.url}/health")
            else:
                assert ask(f"{registry.url}/health").status == 200


def test_refuse_later_and_for_a_while(ask: Any, registry: FakeRegistry, clock: ManualClock) -> None:
    registry.faults.add(Fault.refuse(after=10, during=10))

    assert ask(f"{registry.url}/health").status == 200
    clock.advance(10)
    with pytest.raises(ConnectionRefusedError):
        ask(f"{registry.url}/health")
    clock.advance(10)
    assert ask(f"{registry.url}/health").status == 200


def test_reset_resets(ask: Any, registry: FakeRegistry) -> None:
    with registry.faults.active(Fault.reset()), pytest.raises(ConnectionResetError):
        ask(f"{registry.url}/health")

    assert registry.journal.entries[0].answered is None


def test_hang_never_answers_and_notes_when_the_client_left(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    with registry.faults.active(Fault.hang()), pytest.raises(TimeoutError):
        ask(f"{registry.url}/register", registration, timeout=0.1)

    entry = registry.journal.wait_for(lambda one: one.released is not None)
    assert entry.answered is None
    assert entry.json == registration
    assert registry.services == ()


def test_a_hanging_request_does_not_hold_a_stop_up() -> None:
    registry = FakeRegistry().start()
    registry.faults.add(Fault.hang())
    with socket.create_connection(("127.0.0.1", registry.port)) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        registry.journal.wait_for(path="/health")
        started = time.perf_counter()
        registry.stop()

    assert time.perf_counter() - started < 1


def test_delay_waits_on_the_clock(ask: Any, registry: FakeRegistry, clock: ManualClock) -> None:
    registry.faults.add(Fault.delay(30))
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(ask(f"{registry.url}/health").status))
    thread.start()
    registry.journal.wait_for(path="/health", answered=200)
    clock.advance(29)
    assert answers == []
    clock.advance(1)
    thread.join(5)

    assert answers == [200]


def test_a_client_that_does_not_wait_out_a_delay_got_no_answer(
    ask: Any, registry: FakeRegistry
) -> None:
    with registry.faults.active(Fault.delay(30)), pytest.raises(TimeoutError):
        ask(f"{registry.url}/health", timeout=0.1)

    entry = registry.journal.wait_for(lambda one: one.released is not None)
    assert entry.answered is None


def test_redirect_leads_away(ask: Any, registry: FakeRegistry) -> None:
    with registry.faults.active(Fault.redirect("http://127.0.0.1:1/x", 308)):
        answer = ask(f"{registry.url}/health")

    assert (answer.status, answer.headers["location"]) == (308, "http://127.0.0.1:1/x")


def test_malformed_json_calls_itself_json(ask: Any, registry: FakeRegistry) -> None:
    with registry.faults.active(Fault.malformed_json()):
        answer = ask(f"{registry.url}/health")

    assert answer.headers["content-type"] == "application/json"
    with pytest.raises(json.JSONDecodeError):
        _ = answer.json


def test_truncated_body_breaks_off(ask: Any, registry: FakeRegistry) -> None:
    with registry.faults.active(Fault.truncated_body()), pytest.raises(http.client.IncompleteRead):
        ask(f"{registry.url}/health")


def test_wrong_media_type_keeps_the_body(ask: Any, registry: FakeRegistry) -> None:
    with registry.faults.active(Fault.wrong_media_type()):
        answer = ask(f"{registry.url}/health")

    assert answer.headers["content-type"] == "text/html"
    assert answer.json["status"] == "healthy"


def test_garbage_claims_success(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    with registry.faults.active(Fault.garbage(201)):
        answer = ask(f"{registry.url}/register", registration)

    assert answer.status == 201
    assert not isinstance(answer.json["token"], str)
    assert registry.services == ()


def test_missing_token_registers_and_keeps_the_token(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    with registry.faults.active(Fault.missing_token()):
        answer = ask(f"{registry.url}/register", registration)

    assert (answer.status, sorted(answer.json)) == (201, ["service_id"])
    assert len(registry.services) == 1


def test_short_lived_token_lives_short(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any], clock: ManualClock
) -> None:
    with registry.faults.active(Fault.short_lived_token(45)):
        token = ask(f"{registry.url}/register", registration).json["token"]

    clock.advance(44)
    assert ask(f"{registry.url}/services", token=token).status == 200
    clock.advance(1)
    assert ask(f"{registry.url}/services", token=token).status == 401


def test_rotated_key_rotates_once(ask: Any, registry: FakeRegistry) -> None:
    before = registry.public_key_pem
    registry.faults.add(Fault.rotated_key(route="/auth/public-key"))

    first = ask(f"{registry.url}/auth/public-key").json["public_key"]
    second = ask(f"{registry.url}/auth/public-key").json["public_key"]

    assert before != first
    assert first == second == registry.public_key_pem


def test_wrong_key_signs_what_nobody_can_verify(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    with registry.faults.active(Fault.wrong_key()):
        token = ask(f"{registry.url}/register", registration).json["token"]
    with registry.faults.active(Fault.wrong_key(route="/auth/public-key")):
        served = ask(f"{registry.url}/auth/public-key").json["public_key"]

    assert ask(f"{registry.url}/services", token=token).status == 401
    assert VerifyingKey(served).signed(token)
    assert served != registry.public_key_pem


@pytest.mark.parametrize(
    ("fault", "media_type", "begins"),
    [
        (Fault.page(), "text/html; charset=utf-8", b"<!doctype html>"),
        (Fault.empty_object(), "application/json", b"{}"),
        (Fault.other_key(), "application/json", b'{"public_key":'),
    ],
)
def test_what_comes_in_place_of_the_key_holds_none(
    ask: Any, registry: FakeRegistry, fault: Fault, media_type: str, begins: bytes
) -> None:
    with registry.faults.active(fault):
        answer = ask(f"{registry.url}/auth/public-key")

    assert answer.status == 200
    assert answer.headers["content-type"] == media_type
    assert answer.body.startswith(begins)
    if fault.kind == "other_key":
        with pytest.raises(ValueError, match="not an RSA key"):
            VerifyingKey(answer.json["public_key"])


def test_faults_are_replaced_by_others(ask: Any, registry: FakeRegistry) -> None:
    registry.faults.add(Fault.status(500), Fault.status(501))

    registry.faults.replace(Fault.status(503, times=1))

    assert [ask(f"{registry.url}/health").status for _ in range(2)] == [503, 200]
