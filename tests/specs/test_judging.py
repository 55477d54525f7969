"""What the schemas accept and refuse is what the contract accepts and refuses."""

import json
import math
from typing import Any

import pytest

from udckit.specs import Problem, surface


def response(operation: str, member: str, value: Any, **options: Any) -> list[Problem]:
    recommended = options.pop("recommended", False)
    for name in ("udc", "registry", "orchestrator"):
        found = surface(name, recommended=recommended)
        if operation in found.operations:
            return found.operation(operation).member_problems(member, {member: value}, **options)
    raise AssertionError(operation)


def told(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in problems]


def request(operation: str, member: str, value: Any, *, recommended: bool = False) -> list[Problem]:
    return response(operation, member, value, part="request", recommended=recommended)


@pytest.mark.parametrize(
    "stamp",
    [
        "2025-11-15T12:00:00Z",
        "2025-11-15T12:00:00+00:00",
        "2025-11-15T12:00:00.1Z",
        "2025-11-15T12:00:00.123456789Z",
        "2025-11-15t12:00:00z",
        "2024-02-29T23:59:59Z",
        "2016-12-31T23:59:60Z",
    ],
)
def test_timestamp_with_an_explicit_utc_offset_is_accepted(stamp: str) -> None:
    assert response("getHealth", "timestamp", stamp) == []


@pytest.mark.parametrize(
    "stamp",
    [
        "2025-11-15T12:00:00",
        "2025-11-15T12:00:00.123456",
        "2025-11-15T12:00:00+01:00",
        "2025-11-15T12:00:00-00:00",
        "2025-11-15T12:00:00+00:00Z",
        "2025-11-15T12:00:00+0000",
        "2025-11-15T12:00:00 Z",
        "2025-11-15 12:00:00Z",
        "2025-11-15T12:00Z",
        "2025-11-15T12:00:00.Z",
        "2025-11-15T12:00:00Z\n",
        "2025-02-30T12:00:00Z",
        "2025-13-01T12:00:00Z",
        "2025-11-15T25:00:00Z",
        "2025-11-15",
        "٢٠٢٥-11-15T12:00:00Z",
        "",
        1763208000,
        None,
    ],
)
def test_timestamp_of_any_other_form_is_refused(stamp: Any) -> None:
    (problem,) = response("getHealth", "timestamp", stamp)

    assert problem.expected == (
        "RFC 3339 with an explicit UTC offset, such as 2025-11-15T12:00:00Z"
    )
    assert problem.at == "timestamp"


@pytest.mark.parametrize(
    ("stamp", "is_recommended"),
    [
        ("2025-11-15T12:00:00Z", True),
        ("2025-11-15T12:00:00.5Z", True),
        ("2025-11-15T12:00:00+00:00", False),
        ("2025-11-15T12:00:00z", False),
        ("2025-11-15t12:00:00Z", False),
    ],
)
def test_timestamp_is_recommended_with_a_capital_z(stamp: str, is_recommended: bool) -> None:
    assert (response("getHealth", "timestamp", stamp, recommended=True) == []) is is_recommended


@pytest.mark.parametrize("uptime", [0, 86400, 5.0, 2**70])
def test_uptime_is_a_whole_number(uptime: Any) -> None:
    assert response("getHealth", "uptime_seconds", uptime) == []


@pytest.mark.parametrize("uptime", [-1, 12.5, "5", None, True, [5], math.nan, math.inf, -(2**70)])
def test_uptime_is_nothing_else(uptime: Any) -> None:
    (problem,) = response("getHealth", "uptime_seconds", uptime)

    assert problem.expected == "an integer of at least 0"


ACCEPTED: list[tuple[str, str, Any]] = [
    ("getHealth", "status", "degraded"),
    ("getHealth", "version", "latest"),
    ("getHealth", "checks", {"database": "healthy", "anything": "odd"}),
    ("getHealth", "checks", None),
    ("getCapabilities", "capabilities", []),
    ("getCapabilities", "integration_endpoints", []),
    ("getCapabilities", "version", None),
    ("getState", "mode", "staging"),
    ("getState", "metrics", {}),
    ("getState", "metrics", {"error_rate_percent": 100, "rpm": 0.0}),
    ("getState", "last_activity", None),
    ("getState", "registered_services", None),
    ("getDependencies", "required_services", []),
    (
        "getDependencies",
        "required_services",
        [{"name": "pg", "type": "graph", "status": "sleeping", "host": None, "extra": {}}],
    ),
    ("getDependencies", "external_apis", [{"name": "anthropic", "status": "fine"}]),
    ("postMessage", "result", None),
    ("postMessage", "message_id", ""),
    ("getServiceByName", "host", "[::1]"),
    ("getServiceByName", "host", "10.0.0.7"),
    ("getServiceByName", "status", None),
]
REFUSED: list[tuple[str, str, Any]] = [
    ("getHealth", "status", "ok"),
    ("getHealth", "status", "Healthy"),
    ("getHealth", "status", None),
    ("getHealth", "version", ""),
    ("getHealth", "version", 1.0),
    ("getHealth", "checks", {"database": True}),
    ("getCapabilities", "service_name", None),
    ("getCapabilities", "droplet_id", "1"),
    ("getCapabilities", "droplet_id", 0),
    ("getCapabilities", "capabilities", ["a", 1]),
    ("getCapabilities", "capabilities", [""]),
    ("getCapabilities", "supported_operations", "list"),
    ("getCapabilities", "integration_endpoints", [{"path": "/x", "method": "GET"}]),
    (
        "getCapabilities",
        "integration_endpoints",
        [{"path": "/", "method": "GET", "description": ""}],
    ),
    ("getState", "status", "healthy"),
    ("getState", "mode", "prod"),
    ("getState", "mode", "Production"),
    ("getState", "metrics", []),
    ("getState", "metrics", {"error_rate_percent": 101}),
    ("getState", "metrics", {"rpm": -1}),
    ("getState", "metrics", {"rpm": "45"}),
    ("getState", "metrics", {"rpm": math.nan}),
    ("getState", "metrics", {"rpm": {"mean": 1}}),
    ("getState", "last_activity", "2025-11-15T12:00:00"),
    ("getDependencies", "required_services", ["postgres"]),
    ("getDependencies", "required_services", None),
    ("getDependencies", "optional_services", [{"name": "redis", "status": "connected"}]),
    ("getDependencies", "external_apis", [{"name": "anthropic"}]),
    ("postMessage", "received", False),
    ("postMessage", "received", "true"),
    ("postMessage", "status", "queued"),
    ("postMessage", "message_id", 7),
    ("getServiceByName", "host", "http://my-service"),
    ("getServiceByName", "host", "my-service:8010"),
    ("getServiceByName", "host", ""),
    ("getServiceByName", "port", "8010"),
    ("getServiceByName", "port", 0),
    ("getPublicKey", "public_key", "-----BEGIN PUBLIC KEY-----\\nMIIB\\n-----END PUBLIC KEY-----"),
    ("getPublicKey", "public_key", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"),
    ("getPublicKey", "public_key", ""),
]


@pytest.mark.parametrize(("operation", "member", "value"), ACCEPTED)
def test_response_member_is_accepted(operation: str, member: str, value: Any) -> None:
    assert response(operation, member, value) == []


@pytest.mark.parametrize(("operation", "member", "value"), REFUSED)
def test_response_member_is_refused(operation: str, member: str, value: Any) -> None:
    problems = response(operation, member, value)

    assert problems
    assert all(problem.at.split(".")[0] == member for problem in problems)
    assert all(problem.expected and problem.observed for problem in problems)


@pytest.mark.parametrize(
    ("operation", "member", "value"),
    [
        ("registerService", "name", ""),
        ("registerService", "name", "é/../x" * 100),
        ("registerService", "udc_compliant", "true"),
        ("registerService", "udc_compliant", None),
        ("registerService", "host", None),
        ("registerService", "capabilities", []),
        ("registerService", "port", 65535),
        ("postMessage", "message_type", "command"),
        ("postMessage", "payload", {}),
        ("postMessage", "reply_to", None),
        ("postMessage", "reply_to", "gopher://x"),
        ("postHeartbeat", "metrics", None),
        ("postHeartbeat", "metrics", {"cpu_percent": -0.5}),
        ("postHeartbeat", "service_name", None),
        ("postTask", "priority", "urgent"),
        ("postTask", "priority", None),
        ("postCallback", "status", 7),
    ],
)
def test_request_member_is_judged_by_the_musts_alone(
    operation: str, member: str, value: Any
) -> None:
    assert request(operation, member, value) == []


@pytest.mark.parametrize(
    ("operation", "member", "value"),
    [
        ("registerService", "name", None),
        ("registerService", "name", ["x"]),
        ("registerService", "port", 0),
        ("registerService", "port", 65536),
        ("registerService", "port", "8010"),
        ("registerService", "droplet_id", 10.5),
        ("registerService", "health_endpoint", "health"),
        ("registerService", "capabilities", [{}]),
        ("registerService", "udc_compliant", {}),
        ("postMessage", "from_service", None),
        ("postMessage", "message_type", {}),
        ("postMessage", "payload", []),
        ("postMessage", "payload", None),
        ("postHeartbeat", "service_id", "999"),
        ("postHeartbeat", "status", "healthy"),
        ("postHeartbeat", "metrics", [1]),
        ("postHeartbeat", "metrics", {"cpu": "high"}),
        ("postTask", "task_type", {}),
        ("postTask", "data", []),
        ("postTask", "priority", {}),
    ],
)
def test_request_member_that_breaks_a_must_is_refused(
    operation: str, member: str, value: Any
) -> None:
    assert request(operation, member, value)


@pytest.mark.parametrize(
    ("operation", "member", "value"),
    [
        ("registerService", "name", ""),
        ("registerService", "udc_compliant", "true"),
        ("registerService", "udc_compliant", False),
        ("postMessage", "message_type", "command"),
        ("postMessage", "reply_to", "gopher://x"),
        ("postMessage", "reply_to", "/callback"),
        ("postTask", "priority", "urgent"),
        ("postCallback", "status", 7),
    ],
)
def test_request_member_is_advised_against(operation: str, member: str, value: Any) -> None:
    assert request(operation, member, value, recommended=True)


@pytest.mark.parametrize("name", ["udc", "registry", "orchestrator"])
def test_unknown_members_are_allowed_everywhere(name: str) -> None:
    for operation in surface(name).operations.values():
        for status in operation.statuses:
            body = with_strangers(operation.response_example(status))
            assert operation.response_problems(status, body) == [], (operation.id, status)
        assert operation.request_problems(with_strangers(operation.request_example)) == []


def with_strangers(value: Any) -> Any:
    if isinstance(value, list):
        return [with_strangers(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {name: with_strangers(item) for name, item in value.items()}
    is_typed_map = all(isinstance(item, int | float | str) for item in inner.values())
    return inner if is_typed_map and "status" not in inner else {**inner, "x_stranger": [{}, None]}


def test_receipt_should_carry_a_result_when_completed() -> None:
    body = {"received": True, "message_id": "msg-1", "status": "completed"}

    assert surface("udc").operation("postMessage").response_problems(200, body) == []
    (problem,) = (
        surface("udc", recommended=True).operation("postMessage").response_problems(200, body)
    )
    assert problem.at == "result"


def test_listing_is_a_list_or_an_object_that_holds_one() -> None:
    listing = surface("registry").operation("listServices")

    assert listing.response_problems(200, []) == []
    assert listing.response_problems(200, {"services": [{"name": "x"}], "total": 1}) == []
    (problem,) = listing.response_problems(200, {"items": []})
    assert problem.expected == "a list of services, or an object with a list `services`"


def test_each_place_has_one_problem() -> None:
    body = {"status": 7, "timestamp": 7, "uptime_seconds": "7", "version": 7}
    problems = surface("udc").operation("getHealth").response_problems(200, body)

    assert [problem.at for problem in problems] == sorted(body)


def test_observed_is_quoted_and_cut_short() -> None:
    (problem,) = response("getHealth", "status", "x" * 5000)

    assert problem.observed.startswith('"xxx')
    assert len(problem.observed) == 60


def test_observed_shows_what_json_cannot_say() -> None:
    (not_a_number,) = response("getHealth", "uptime_seconds", math.nan)
    (surrogate,) = response("getHealth", "status", "\ud800")

    assert not_a_number.observed == "NaN"
    assert surrogate.observed == '"\\ud800"'


def test_hostile_bodies_are_judged_and_never_crash() -> None:
    message = surface("udc").operation("postMessage")
    good = message.request_example
    deep = json.loads("[" * 900 + "]" * 900)

    assert message.request_problems({**good, "payload": {"deep": deep}}) == []
    assert message.request_problems({**good, "payload": {"\ud800": "\udfff", "big": 10**400}}) == []
    assert message.request_problems({**good, "from_service": "\ud800"}) == []
    assert told(message.request_problems(deep)) == [f"expected a JSON object, observed {'[' * 59}…"]
    assert [one.at for one in message.request_problems({"\ud800": 1})] == [
        "from_service",
        "message_type",
        "payload",
    ]


def test_problem_names_a_member_whose_name_is_a_number() -> None:
    beat = {"service_id": 1, "status": "active", "metrics": {"0": "many"}}

    problems = surface("orchestrator").operations["postHeartbeat"].request_problems(beat)

    assert [problem.at for problem in problems] == ["metrics.0"]
