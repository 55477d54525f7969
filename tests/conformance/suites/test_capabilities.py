"""UDC-CAP-001 to 004, 006, 007: who may ask, what is said, what is listed."""

from typing import Any

import pytest
from bending.droplet import GONE, TOKEN, Call, Droplet, Reply, error
from bending.judging import blamed, broken, judged, passes, unseen

from udckit.conformance import root_cause

ITEM = {"path": "/greetings/{id}", "method": "GET", "description": "Greets"}


def anonymous(status: int) -> Any:
    return lambda call: error(status, "NO") if call.token is None else None


@pytest.mark.parametrize("status", [200, 401])
def test_anonymous_callers_may_be_served_or_not(droplet: Droplet, status: int) -> None:
    if status == 401:
        droplet.answer("GET /capabilities", anonymous(401))

    passes(droplet, "UDC-CAP-001")


@pytest.mark.parametrize("status", [302, 403, 404, 500, 503])
def test_anonymous_callers_may_not_be_answered_otherwise(droplet: Droplet, status: int) -> None:
    droplet.answer("GET /capabilities", anonymous(status))

    broken(droplet, "UDC-CAP-001")


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_a_valid_token_is_answered_200(droplet: Droplet, status: int) -> None:
    droplet.answer(
        "GET /capabilities", lambda call: error(status, "NO") if call.token == TOKEN else None
    )

    broken(droplet, "UDC-CAP-001")


def test_a_bad_token_breaks_nothing(droplet: Droplet) -> None:
    droplet.answer(
        "GET /capabilities",
        lambda call: error(500, "NO") if call.token not in {None, TOKEN} else None,
    )

    broken(droplet, "UDC-CAP-001")


def test_capabilities_are_not_passed_without_a_valid_token(droplet: Droplet) -> None:
    assert unseen(droplet, "UDC-CAP-001", token=None).blocked_by == "AUTH-001"


def test_a_token_that_is_refused_everywhere_is_no_fault_of_capabilities(droplet: Droplet) -> None:
    droplet.answer("*", lambda call: None if call.path == "/health" else error(401, "NO"))

    verdicts = judged(droplet, "UDC-CAP-001")

    assert root_cause(verdicts["UDC-CAP-001"], verdicts).id == "AUTH-001"


def test_a_503_without_a_token_may_be_an_outage(droplet: Droplet) -> None:
    droplet.answer("GET /capabilities", error(503, "UNAVAILABLE"))

    unseen(droplet, "UDC-CAP-001", token=None)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"droplet_id": 7.0},
        {"capabilities": [], "supported_operations": []},
        {"more": {"a": 1}, "version": None},
        {"integration_endpoints": ["/a"]},
    ],
)
def test_five_members_of_the_right_types_are_accepted(
    droplet: Droplet, members: dict[str, Any]
) -> None:
    droplet.bend("/capabilities", **members)

    passes(droplet, "UDC-CAP-002")


@pytest.mark.parametrize(
    "members",
    [
        {"service_name": GONE, "service": "bent"},
        {"service_name": 7},
        {"droplet_id": "7"},
        {"droplet_id": None},
        {"droplet_id": 0},
        {"capabilities": GONE, "features": ["a"]},
        {"capabilities": [1]},
        {"supported_operations": "bend"},
        {"integration_endpoints": GONE},
        {"integration_endpoints": None},
        {"integration_endpoints": {"a": ITEM}},
    ],
)
def test_a_wrong_member_is_blamed(droplet: Droplet, members: dict[str, Any]) -> None:
    droplet.bend("/capabilities", **members)

    broken(droplet, "UDC-CAP-002")


@pytest.mark.parametrize("items", [[], [ITEM], [{**ITEM, "method": "PATCH", "auth": True}]])
def test_endpoints_that_say_what_they_are_are_accepted(droplet: Droplet, items: list[Any]) -> None:
    droplet.bend("/capabilities", integration_endpoints=items)

    passes(droplet, "UDC-CAP-003")


@pytest.mark.parametrize(
    "item",
    [
        "/greetings",
        {**ITEM, "path": "greetings"},
        {**ITEM, "method": "get"},
        {**ITEM, "method": "FETCH"},
        {**ITEM, "description": ""},
        {"path": "/greetings", "method": "GET"},
        {"path": "/greetings", "description": "Greets"},
        {"url": "/greetings", "method": "GET", "description": "Greets"},
    ],
)
def test_an_endpoint_that_lacks_something_is_blamed(droplet: Droplet, item: Any) -> None:
    droplet.bend("/capabilities", integration_endpoints=[ITEM, item])

    broken(droplet, "UDC-CAP-003")


def test_endpoints_that_are_no_list_are_another_rows(droplet: Droplet) -> None:
    droplet.bend("/capabilities", integration_endpoints=GONE)

    assert unseen(droplet, "UDC-CAP-003").blocked_by == "UDC-CAP-002"


def document(*routes: tuple[str, str], **more: Any) -> dict[str, Any]:
    five = [("get", path) for path in ("/health", "/capabilities", "/state", "/dependencies")]
    paths: dict[str, Any] = {}
    for method, path in (*five, ("post", "/message"), *routes):
        right = {"responses": {"200": {"description": "Right"}}}
        names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        if names:
            right["parameters"] = [  # type: ignore[assignment]  # a free-form document
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in names
            ]
        paths.setdefault(path, {})[method] = right
    return {
        "openapi": "3.1.0",
        "info": {"title": "bent", "version": "1"},
        "paths": paths,
        **more,
    }


@pytest.mark.parametrize("path", ["/greetings/{id}", "/greetings/:name", "/greetings/<int:id>/"])
def test_a_listed_route_may_spell_its_placeholders_otherwise(droplet: Droplet, path: str) -> None:
    droplet.openapi = document(("get", "/greetings/{greeting_id}"))
    droplet.bend("/capabilities", integration_endpoints=[{**ITEM, "path": path}])

    passes(droplet, "UDC-CAP-004")


def test_a_route_may_be_listed_below_the_servers_path(droplet: Droplet) -> None:
    droplet.openapi = document(("get", "/greetings/{id}"), servers=[{"url": "http://a.b/api/"}])
    droplet.bend("/capabilities", integration_endpoints=[{**ITEM, "path": "/api/greetings/{id}"}])

    passes(droplet, "UDC-CAP-004")


def test_what_need_not_be_listed_need_not_be_listed(droplet: Droplet) -> None:
    droplet.openapi = document(
        ("get", "/metrics"), ("get", "/docs"), ("get", "/openapi.json"), ("post", "/callback")
    )

    passes(droplet, "UDC-CAP-004")


@pytest.mark.parametrize("route", [("get", "/documents"), ("post", "/greetings/{id}")])
def test_a_route_that_is_not_listed_is_blamed(droplet: Droplet, route: tuple[str, str]) -> None:
    droplet.openapi = document(route)
    droplet.bend("/capabilities", integration_endpoints=[ITEM])

    assert route[1] in str(broken(droplet, "UDC-CAP-004").expected)


def test_a_listed_route_that_is_gone_is_blamed(droplet: Droplet) -> None:
    droplet.openapi = document()
    droplet.bend("/capabilities", integration_endpoints=[{**ITEM, "path": "/legacy"}])

    assert "/legacy" in str(broken(droplet, "UDC-CAP-004").expected)


def test_a_described_route_may_have_nothing_in_it_yet(droplet: Droplet) -> None:
    droplet.openapi = document(("get", "/reports/latest"))
    droplet.bend("/capabilities", integration_endpoints=[{**ITEM, "path": "/reports/latest"}])

    passes(droplet, "UDC-CAP-004")


def test_a_listed_route_that_nobody_describes_may_be_there(droplet: Droplet) -> None:
    droplet.openapi = document()
    droplet.bend("/capabilities", integration_endpoints=[{**ITEM, "path": "/hidden"}])
    droplet.answer("GET /hidden", error(422, "NEEDS_A_PARAMETER"))

    passes(droplet, "UDC-CAP-004")


def test_listing_is_not_applicable_without_a_document(droplet: Droplet) -> None:
    assert judged(droplet, "UDC-CAP-004")["UDC-CAP-004"].verdict == "not_applicable"


def test_a_body_that_stays_the_same_is_accepted(droplet: Droplet) -> None:
    passes(droplet, "UDC-CAP-006")


def test_a_live_counter_is_advised_against(droplet: Droplet) -> None:
    def live(call: Call) -> Reply:
        return Reply({**droplet.right(call).body, "served": len(droplet.calls)})

    droplet.answer("GET /capabilities", live)

    assert "`served`" in str(broken(droplet, "UDC-CAP-006").observed)
    assert blamed(droplet) == {"UDC-CAP-006", "OPS-METRICS-001"}


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"version": GONE, "apiVersion": "2"},
        {"version": GONE, "service": {"udc_version": 1}},
        {"version": GONE, "BUILD_VERSION": "x"},
    ],
)
def test_version_information_of_any_name_is_accepted(
    droplet: Droplet, members: dict[str, Any]
) -> None:
    droplet.bend("/capabilities", **members)

    passes(droplet, "UDC-CAP-007")


@pytest.mark.parametrize("members", [{}, {"conversion_rate": 3}, {"version": None}])
def test_no_version_information_is_advised(droplet: Droplet, members: dict[str, Any]) -> None:
    droplet.bend("/capabilities", **{"version": GONE, **members})

    broken(droplet, "UDC-CAP-007")
