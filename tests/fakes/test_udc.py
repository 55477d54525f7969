"""The fakes are droplets too: the five endpoints of each."""

import json
import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from udckit.fakes import FakeDroplet, FakeOrchestrator, FakeRegistry, ManualClock
from udckit.specs import surface

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-xss-protection": "1; mode=block",
}


@pytest.fixture(params=["registry", "orchestrator", "orchestrator-outside", "droplet"])
def fake(request: pytest.FixtureRequest, registry: FakeRegistry) -> Iterator[Any]:
    if request.param == "registry":
        yield registry
        return
    made: Any
    if request.param == "orchestrator":
        made = FakeOrchestrator(registry=registry)
    elif request.param == "orchestrator-outside":
        made = FakeOrchestrator(registry=registry.url, clock=registry.clock)
    else:
        made = FakeDroplet(registry=registry, capabilities=["x"])
    with made:
        if request.param != "orchestrator":
            registry.journal.wait_for(path="/register", answered=201)
        yield made
    assert made.journal.own_faults == ()


@pytest.fixture
def token(registry: FakeRegistry) -> str:
    return registry.register("caller", 77, capabilities=[]).token


MESSAGE = {"from_service": "caller", "message_type": "query", "payload": {}}


@pytest.mark.parametrize(
    "operation", ["getHealth", "getCapabilities", "getState", "getDependencies"]
)
def test_each_reading_endpoint_answers_as_the_contract_recommends(
    ask: Any, fake: Any, token: str, operation: str
) -> None:
    wanted = surface("udc", recommended=True).operations[operation]

    answer = ask(fake.url + wanted.path, token=token)

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert wanted.response_problems(200, answer.json) == []


def test_health_is_public_and_looks_at_no_token(ask: Any, fake: Any) -> None:
    for headers in ({}, {"authorization": "Bearer rubbish"}, {"authorization": "Basic eDp5"}):
        assert ask(f"{fake.url}/health", headers=headers).status == 200


def test_health_tells_the_time_and_grows(ask: Any, fake: Any, clock: ManualClock) -> None:
    before = ask(f"{fake.url}/health").json
    clock.advance(3)
    after = ask(f"{fake.url}/health")

    assert UTC.fullmatch(before["timestamp"])
    assert after.json["uptime_seconds"] == before["uptime_seconds"] + 3
    assert after.json["timestamp"] != before["timestamp"]
    assert after.headers["date"].endswith("GMT")


def test_capabilities_are_open_steady_and_list_every_route(ask: Any, fake: Any, token: str) -> None:
    first = ask(f"{fake.url}/capabilities")
    second = ask(f"{fake.url}/capabilities", token=token)

    assert first.json == second.json
    assert first.json["service_name"] == fake.name
    assert first.json["droplet_id"] == fake.droplet_id
    listed = {(one["method"], one["path"]) for one in first.json["integration_endpoints"]}
    assert {("GET", "/health"), ("POST", "/message")} <= listed


def test_state_shows_the_present(ask: Any, fake: Any, token: str) -> None:
    before = ask(f"{fake.url}/state", token=token).json
    for _ in range(5):
        ask(f"{fake.url}/message", MESSAGE, token=token)
    after = ask(f"{fake.url}/state", token=token).json

    assert (before["status"], before["mode"]) == ("active", "production")
    grown = after["metrics"]["requests_per_minute"] - before["metrics"]["requests_per_minute"]
    assert grown == 6


@pytest.mark.parametrize("kind", ["task_assignment", "status_update", "query"])
@pytest.mark.parametrize("more", [{}, {"reply_to": None}, {"x": {"y": [1]}}])
def test_a_message_of_each_kind_is_taken(
    ask: Any, fake: Any, token: str, kind: str, more: dict[str, Any]
) -> None:
    answer = ask(f"{fake.url}/message", {**MESSAGE, "message_type": kind, **more}, token=token)

    assert answer.status == 200
    advised = surface("udc", recommended=True).operations["postMessage"]
    assert advised.response_problems(200, answer.json) == []
    assert answer.json["status"] == "completed"


def test_message_ids_differ(ask: Any, fake: Any, token: str) -> None:
    ids = {ask(f"{fake.url}/message", MESSAGE, token=token).json["message_id"] for _ in range(50)}

    assert len(ids) == 50


def test_a_sender_that_contradicts_its_token_is_forbidden(ask: Any, fake: Any, token: str) -> None:
    answer = ask(f"{fake.url}/message", {**MESSAGE, "from_service": "boss"}, token=token)

    assert answer.status == 403


@pytest.mark.parametrize("kind", ["Query", "command", "", "q" * 10_000])
def test_an_unknown_message_type_is_refused(ask: Any, fake: Any, token: str, kind: str) -> None:
    assert ask(f"{fake.url}/message", {**MESSAGE, "message_type": kind}, token=token).status == 400


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://x/",
        "/callback",
        "callback",
        "http://",
        "http:///x",
        "http://user:pass@host/x",
        "http://host:99999/x",
        "http://host:0/x",
        "http://host\\@evil/x",
        "http://[::1/x",
        "http://a b/x",
        "http://a/\r\nx: y",
        "http://ä/x",
        "http://a/" + "x" * 100_000,
        "",
    ],
)
def test_a_reply_to_that_cannot_be_used_is_refused(
    ask: Any, fake: Any, token: str, url: str
) -> None:
    answer = ask(f"{fake.url}/message", {**MESSAGE, "reply_to": url}, token=token)

    assert answer.status == 400


@pytest.mark.parametrize("path", ["/state", "/dependencies", "/message"])
def test_a_protected_path_wants_a_token(ask: Any, fake: Any, path: str) -> None:
    answer = ask(fake.url + path, **({"value": MESSAGE} if path == "/message" else {}))

    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json["error"]["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize(
    "path", ["/state/", "//state", "/./state", "/%73tate", "/STATE", "/state;x", "/x/../state"]
)
def test_no_other_spelling_of_a_path_is_served(ask: Any, fake: Any, token: str, path: str) -> None:
    assert ask(fake.url + path, token=token).status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_wrong_method_is_405_and_says_what_is_right(ask: Any, fake: Any, method: str) -> None:
    for path in ("/health", "/capabilities", "/state", "/dependencies", "/message"):
        answer = ask(fake.url + path, method=method)
        assert answer.status == 405
        assert answer.headers["allow"] == ("POST" if path == "/message" else "GET")


def test_head_is_get_without_a_body(ask: Any, fake: Any) -> None:
    answer = ask(f"{fake.url}/health", method="HEAD")

    assert (answer.status, answer.body) == (200, b"")


def test_every_answer_has_the_security_headers(ask: Any, fake: Any, token: str) -> None:
    answers = [
        ask(f"{fake.url}/health"),
        ask(f"{fake.url}/state"),
        ask(f"{fake.url}/nowhere"),
        ask(f"{fake.url}/health", method="PUT"),
        ask(f"{fake.url}/message", {}, token=token),
        ask(f"{fake.url}/__udckit__/"),
        ask(f"{fake.url}/message", raw=b"x" * (2 << 20), token=token),
    ]

    assert [one.status for one in answers] == [200, 401, 404, 405, 400, 200, 413]
    for one in answers:
        assert SECURITY.items() <= one.headers.items()


def test_a_500_is_in_the_contract_s_form_and_is_the_fake_s_own_fault(
    ask: Any, fake: Any, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake._traffic, "metrics", lambda _: 1 / 0)

    answer = ask(f"{fake.url}/state", token=token)

    assert answer.status == 500
    assert SECURITY.items() <= answer.headers.items()
    assert "division" not in answer.body.decode()
    assert "ZeroDivisionError" in fake.journal.own_faults[-1].what
    fake.journal.clear()


def test_many_messages_at_once_are_all_answered(fake: Any, token: str) -> None:
    body = json.dumps(MESSAGE).encode()
    head = (
        f"POST /message HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        "connection: close\r\n\r\n"
    ).encode()
    lines = [socket.create_connection(("127.0.0.1", fake.port)) for _ in range(30)]
    for line in lines:
        line.sendall(head + body)
    for line in lines:
        with line:
            assert line.recv(100).startswith(b"HTTP/1.1 200")


def test_a_large_but_sane_payload_is_taken(ask: Any, fake: Any, token: str) -> None:
    deep: Any = "✓" * 1000
    for _ in range(20):
        deep = {"deeper": deep}
    payload = {"big": 2**70, "text": "x" * 65_000, "deep": deep}

    assert ask(f"{fake.url}/message", {**MESSAGE, "payload": payload}, token=token).status == 200


def test_health_answers_at_once(ask: Any, fake: Any) -> None:
    took = []
    for _ in range(20):
        started = time.perf_counter()
        ask(f"{fake.url}/health")
        took.append(time.perf_counter() - started)

    assert sorted(took)[10] < 0.1
