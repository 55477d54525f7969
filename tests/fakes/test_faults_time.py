"""Faults of time and of form: clocks, oddities, what may be said of a fault."""

import json
import socket
from typing import Any

import pytest

from udckit.fakes import (
    KINDS,
    FakeOrchestrator,
    FakeRegistry,
    Fault,
    ManualClock,
    decode_unverified,
)

HTTP_KINDS = sorted(
    set(KINDS) - {"refuse", "reset", "hang", "delay", "truncated_body", "slow_drip"}
)


@pytest.mark.parametrize("by", [3600.0, -3600.0])
def test_clock_skew_shifts_all_that_tells_the_time(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any], clock: ManualClock, by: float
) -> None:
    with registry.faults.active(Fault.clock_skew(by)):
        token = ask(f"{registry.url}/register", registration).json["token"]
        health = ask(f"{registry.url}/health")

    decoded = decode_unverified(token)
    assert decoded is not None
    assert decoded.claims["iat"] == int(clock.now() + by)
    assert health.json["timestamp"] != ask(f"{registry.url}/health").json["timestamp"]
    assert health.headers["date"] != ask(f"{registry.url}/health").headers["date"]
    assert registry.journal.entries[0].time == clock.now()


def test_too_many_requests_says_when_to_come_again(ask: Any, registry: FakeRegistry) -> None:
    with registry.faults.active(Fault.too_many_requests(7)):
        answer = ask(f"{registry.url}/health")

    assert (answer.status, answer.headers["retry-after"]) == (429, "7")


def test_extra_members_are_added_everywhere(ask: Any, registry: FakeRegistry) -> None:
    token = registry.register("my-service", 10).token
    with registry.faults.active(Fault.extra_members()):
        listed = ask(f"{registry.url}/services", token=token).json

    assert listed[0]["x_udckit_null"] is None
    assert listed[0]["name"] == "my-service"


def test_slow_drip_sends_a_byte_at_a_time(registry: FakeRegistry, clock: ManualClock) -> None:
    registry.faults.add(Fault.slow_drip(1))
    with socket.create_connection(("127.0.0.1", registry.port), timeout=5) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        registry.journal.wait_for(path="/health", answered=200)
        head = b""
        while b"\r\n\r\n" not in head:
            head += line.recv(4096)
        body = head.partition(b"\r\n\r\n")[2]
        while len(body) < 20:
            clock.advance(1)
            body += line.recv(4096)

    assert body.startswith(b'{"status":"healthy"')


def test_hostile_but_legal_says_the_same_in_other_words(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    with registry.faults.active(Fault.hostile_but_legal(3)):
        answer = ask(f"{registry.url}/register", registration)
        token = answer.json["token"]
        seen = ask(f"{registry.url}/services/by-name/my-service", token=token)

    assert answer.status == 201
    assert isinstance(answer.json["service_id"], int)
    assert (seen.json["host"], seen.json["port"]) == ("127.0.0.1", 8010)
    assert len(seen.json) > 9
    assert seen.headers["content-type"].lower().startswith("application/json")
    assert "\\u00" in seen.body.decode()
    assert seen.headers["transfer-encoding"] == "chunked"


def test_hostile_but_legal_is_the_same_for_the_same_seed(clock: ManualClock, ask: Any) -> None:
    def bodies(seed: int) -> list[bytes]:
        with FakeRegistry(clock=clock) as registry:
            registry.faults.add(Fault.hostile_but_legal(seed))
            return [ask(f"{registry.url}/capabilities").body for _ in range(3)]

    assert bodies(1) == bodies(1)
    assert bodies(1) != bodies(2)
    assert len(set(bodies(1))) == 3


@pytest.mark.parametrize("kind", HTTP_KINDS)
def test_no_fault_makes_the_fake_blame_itself(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any], kind: str
) -> None:
    with registry.faults.active(Fault(kind)):
        for path in ("/health", "/nowhere", "/state", "/auth/public-key"):
            ask(registry.url + path)
        ask(f"{registry.url}/register", registration)
        ask(f"{registry.url}/register", raw=b"{")

    assert registry.journal.own_faults == ()
    assert ask(f"{registry.url}/health").status == 200


def test_faults_never_strike_the_control_api(ask: Any, registry: FakeRegistry) -> None:
    with registry.faults.active(Fault.status(500)):
        assert ask(f"{registry.url}/__udckit__/").status == 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_goes_through_json_and_back(kind: str) -> None:
    fault = Fault(kind, after=1.0, during=2.0)

    assert Fault.from_json(json.loads(json.dumps(fault.as_json()))) == fault


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"kind": "hangs"}, "did you mean hang"),
        ({"kind": "xyz"}, "there are"),
        ({"kind": "status", "params": {"code": 5}}, "knows no code"),
        ({"kind": "status", "params": {"status": "503"}}, "should be a int"),
        ({"kind": "delay", "params": {"by": "1"}}, "should be a number"),
        ({"kind": "hang", "nth": 0}, "count from 1"),
        ({"kind": "hang", "times": 1.5}, "should be a int"),
        ({"kind": "hang", "during": -1}, "not negative"),
        ({"kind": "hang", "colour": 1}, "knows no colour"),
        ({"kind": 7}, "kind is a string"),
        ({"kind": "refuse", "times": 2}, "before there is a request"),
        ({"kind": "status", "params": {"status": 99}}, "200 to 599"),
        ({"kind": "status", "params": {"status": 700}}, "200 to 599"),
        ({"kind": "redirect", "params": {"to": "/\r\nx: y"}}, "printable"),
        ({"kind": "wrong_media_type", "params": {"media_type": "a\x00b"}}, "printable"),
        ({"kind": "delay", "params": {"by": -1}}, "not negative"),
        ({"kind": "short_lived_token", "params": {"lifetime": 1e300}}, "a year"),
        ({"kind": "clock_skew", "params": {"by": 1e300}}, "a year"),
    ],
)
def test_a_fault_that_makes_no_sense_is_a_value_error(value: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Fault.from_json(value)


def test_a_fault_of_another_role_is_refused(registry: FakeRegistry) -> None:
    orchestrator = FakeOrchestrator(registry=registry)

    with pytest.raises(ValueError, match="of registry, not of orchestrator"):
        orchestrator.faults.add(Fault.missing_token())


def test_remove_and_clear_take_faults_away(ask: Any, registry: FakeRegistry) -> None:
    fault = Fault.status(500)
    registry.faults.add(fault, Fault.hang())
    registry.faults.remove(fault, fault)
    assert [one.kind for one in registry.faults] == ["hang"]

    registry.faults.clear()

    assert len(registry.faults) == 0
    assert ask(f"{registry.url}/health").status == 200
