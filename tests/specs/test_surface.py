"""A surface finds its operations and tells what is wrong with a body."""

from typing import Any

import pytest

from udckit.specs import (
    UnknownMemberError,
    UnknownOperationError,
    UnknownSurfaceError,
    surface,
)


def told(problems: list[Any]) -> list[str]:
    return [str(problem) for problem in problems]


def test_surface_is_made_once() -> None:
    assert surface("udc") is surface("udc")
    assert surface("udc", recommended=False) is surface("udc")
    assert surface("udc", recommended=True) is not surface("udc")


def test_unknown_surface_suggests_near_misses() -> None:
    with pytest.raises(UnknownSurfaceError, match=r"Did you mean registry\?"):
        surface("regestry")


def test_unknown_operation_suggests_near_misses() -> None:
    with pytest.raises(UnknownOperationError, match="Did you mean getHealth"):
        surface("udc").operation("getHelth")


@pytest.mark.parametrize(
    ("method", "path", "operation", "params"),
    [
        ("POST", "/register", "registerService", {}),
        ("post", "/register", "registerService", {}),
        ("GET", "/services", "listServices", {}),
        ("GET", "/services/999", "getService", {"id": "999"}),
        ("GET", "/services/by-name/my-service", "getServiceByName", {"name": "my-service"}),
        ("GET", "/services/by-name/a%2Fb%20c", "getServiceByName", {"name": "a/b c"}),
        ("GET", "/services/by-name/%C3%A9", "getServiceByName", {"name": "é"}),
        ("GET", "/services/by-name", "getService", {"id": "by-name"}),
    ],
)
def test_surface_matches(method: str, path: str, operation: str, params: dict[str, str]) -> None:
    match = surface("registry").match(method, path)

    assert match is not None
    assert (match.operation.id, dict(match.params)) == (operation, params)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/register"),
        ("POST", "/register/"),
        ("POST", "//register"),
        ("GET", "/services/"),
        ("GET", "/services/by-name/"),
        ("GET", "/services/by-name/a/b"),
        ("GET", "/Services"),
        ("GET", ""),
        ("GET", "/"),
    ],
)
def test_surface_matches_nothing_else(method: str, path: str) -> None:
    assert surface("registry").match(method, path) is None


def test_surface_knows_the_methods_of_a_path() -> None:
    assert surface("registry").methods("/register") == {"POST"}
    assert surface("registry").methods("/services/7") == {"GET"}
    assert surface("registry").methods("/nowhere") == frozenset()


def test_operation_judges_a_request() -> None:
    operation = surface("registry").operation("registerService")
    body = operation.request_example

    assert operation.request_problems(body) == []
    del body["version"]
    assert told(operation.request_problems({**body, "port": "8010", "droplet_id": 10.5})) == [
        "droplet_id: expected an integer of at least 1, observed 10.5",
        'port: expected an integer from 1 to 65535, observed "8010"',
        "version: expected a string, observed no such member",
    ]


def test_operation_without_a_body_finds_nothing_in_one() -> None:
    assert surface("udc").operation("getHealth").request_problems({"any": "thing"}) == []
    assert surface("udc").operation("getHealth").request_example is None


def test_operation_judges_a_response_by_its_status() -> None:
    operation = surface("udc").operation("getHealth")
    unhealthy = operation.response_example(503)

    assert unhealthy["status"] == "unhealthy"
    assert operation.response_problems(503, unhealthy) == []
    assert told(operation.response_problems(503, {"error": {}}))[0] == (
        "status: expected one of healthy, degraded, unhealthy, observed no such member"
    )


@pytest.mark.parametrize("status", [201, 202, 204, 302, 307, 101])
def test_operation_refuses_a_status_that_the_contract_does_not_know(status: int) -> None:
    operation = surface("udc").operation("postMessage")
    body = operation.response_example(200)

    assert told(operation.response_problems(status, body)) == [
        f"expected status 200, observed status {status}"
    ]


@pytest.mark.parametrize("status", [404, 405, 413, 415, 429, 431, 501, 502, 504])
def test_operation_lets_the_http_layer_speak_for_itself(status: int) -> None:
    operation = surface("udc").operation("postMessage")

    assert operation.response_problems(status, "<html>") == []


@pytest.mark.parametrize("body", [{}, {"detail": "no"}, {"error": "no"}, {"error": {"code": 1}}])
def test_operation_takes_any_object_for_an_error_and_recommends_one_form(body: Any) -> None:
    binding = surface("udc").operation("getState")
    recommended = surface("udc", recommended=True).operation("getState")

    assert binding.response_problems(401, body) == []
    assert recommended.response_problems(401, body)
    assert told(binding.response_problems(401, "no")) == ['expected a JSON object, observed "no"']


@pytest.mark.parametrize("status", [200, 201, 204, 299])
@pytest.mark.parametrize("body", [None, {"received": True}, "ok", [1]])
def test_operation_leaves_the_answer_to_a_beat_free(status: int, body: Any) -> None:
    assert surface("orchestrator").operation("postHeartbeat").response_problems(status, body) == []


def test_operation_judges_one_member() -> None:
    operation = surface("udc").operation("getCapabilities")
    body = operation.response_example(200)
    body["integration_endpoints"] = ["/x", {"path": "x", "method": "get", "description": "d"}]

    assert operation.member_problems("service_name", body) == []
    assert told(operation.member_problems("integration_endpoints", body)) == [
        'integration_endpoints.0: expected a JSON object, observed "/x"',
        'integration_endpoints.1.method: expected an HTTP method in upper case, observed "get"',
        'integration_endpoints.1.path: expected a path that starts with /, observed "x"',
    ]


def test_operation_misses_a_required_member_and_no_optional_one() -> None:
    operation = surface("udc").operation("getHealth")

    assert told(operation.member_problems("timestamp", {})) == [
        "timestamp: expected RFC 3339 with an explicit UTC offset, such as 2025-11-15T12:00:00Z, "
        "observed no such member"
    ]
    assert operation.member_problems("checks", {}) == []


def test_operation_judges_a_member_of_a_request_and_of_another_status() -> None:
    register = surface("registry").operation("registerService")

    assert told(register.member_problems("port", {"port": 0}, part="request")) == [
        "port: expected an integer from 1 to 65535, observed 0"
    ]
    assert register.member_problems("service_id", {"service_id": 7}, status=201) == []


@pytest.mark.parametrize("body", [[], "x", None, 7, True])
def test_operation_finds_no_member_in_what_is_no_object(body: Any) -> None:
    problems = surface("udc").operation("getHealth").member_problems("status", body)

    assert [(one.at, one.expected) for one in problems] == [("", "a JSON object")]


def test_operation_refuses_a_member_that_the_schema_does_not_speak_of() -> None:
    operation = surface("udc").operation("getHealth")

    with pytest.raises(UnknownMemberError, match="Did you mean uptime_seconds"):
        operation.member_problems("uptime_second", {})
    with pytest.raises(UnknownMemberError):
        operation.member_problems("status", {}, status=404)


def test_surface_judges_a_component() -> None:
    claims = {"service_id": 999, "service_name": "my-service", "exp": 1763208000}

    assert surface("registry").component_problems("TokenClaims", claims) == []
    assert told(surface("registry").component_problems("TokenClaims", {**claims, "exp": "1"})) == [
        'exp: expected seconds since 1970, observed "1"'
    ]
    assert surface("registry", recommended=True).component_problems("TokenClaims", claims)
    with pytest.raises(UnknownMemberError, match="Did you mean TokenClaims"):
        surface("registry").component_problems("TokenClaim", claims)


def test_representations_name_what_they_are() -> None:
    assert repr(surface("orchestrator")) == (
        "<Surface orchestrator: postHeartbeat, postTask, getTask>"
    )
    assert repr(surface("udc").operation("getState")) == "<Operation getState: GET /state>"
