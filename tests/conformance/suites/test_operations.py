"""OPS-METRICS-001 to 005, OPS-OAS-001, OPS-BOOT-001."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from bending.droplet import Call, Droplet, Reply, error, page
from bending.judging import broken, judged, passes, unseen

ALL = tuple(f"OPS-METRICS-00{number}" for number in range(1, 6))
TEXT = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
COUNTER = "http_requests_total"
HISTOGRAM = "http_request_duration_seconds"


@pytest.fixture
def measured(droplet: Droplet) -> Droplet:
    """A droplet with a metrics page."""
    droplet.metrics = True
    return droplet


def rewritten(droplet: Droplet, *changes: tuple[str, str]) -> None:
    """Let the page be another one by replacing words."""

    def answer(_: Call) -> Reply:
        text = page(droplet.counted)
        for old, new in changes:
            text = text.replace(old, new)
        return Reply(text.encode(), headers=TEXT)

    droplet.answer("GET /metrics", answer)


def test_a_right_page_is_accepted(measured: Droplet) -> None:
    passes(measured, *ALL)


def test_a_page_behind_a_token_is_accepted(measured: Droplet) -> None:
    measured.answer("GET /metrics", lambda call: None if call.token else error(401, "NO"))

    passes(measured, *ALL)
    assert unseen(measured, "OPS-METRICS-001", token=None).blocked_by == "AUTH-001"


def test_a_page_behind_one_redirect_is_accepted(measured: Droplet) -> None:
    measured.answer("GET /metrics/", lambda _: Reply(page(measured.counted).encode(), headers=TEXT))
    measured.answer("GET /metrics", Reply(status=307, headers={"Location": "/metrics/"}))

    passes(measured, *ALL)


def test_openmetrics_is_accepted(measured: Droplet) -> None:
    media_type = "application/openmetrics-text; version=1.0.0"

    def answer(_: Call) -> Reply:
        text = page(measured.counted).replace("TYPE http_requests_total", "TYPE http_requests")
        return Reply(f"{text}# EOF\n".encode(), headers={"Content-Type": media_type})

    measured.answer("GET /metrics", answer)

    passes(measured, *ALL)


def test_created_samples_and_more_families_are_accepted(measured: Droplet) -> None:
    more = '# TYPE up gauge\nup 1\nhttp_requests_created{method="GET"} 1.7e9\n# TYPE http'
    rewritten(measured, ("# TYPE http_request_d", more + "_request_d"))

    passes(measured, "OPS-METRICS-002")


@pytest.mark.parametrize(
    "reply",
    [
        error(404, "NOT_FOUND"),
        Reply({"requests": 3}),
        Reply(b"<html>", headers={"Content-Type": "text/html"}),
        Reply(b"", 500),
    ],
)
def test_no_prometheus_text_is_advised_against(droplet: Droplet, reply: Reply) -> None:
    droplet.answer("GET /metrics", reply)

    broken(droplet, "OPS-METRICS-001")
    verdict = judged(droplet, "OPS-METRICS-002")["OPS-METRICS-002"].verdict
    assert verdict == "not_applicable"


@pytest.mark.parametrize(
    "changes",
    [
        [("# TYPE", "<html>\n# TYPE")],
        [(COUNTER, "requests_total")],
        [(f"{COUNTER} counter", f"{COUNTER} gauge")],
        [(HISTOGRAM, "http_request_duration_milliseconds")],
        [(f"{HISTOGRAM} histogram", f"{HISTOGRAM} summary")],
        [("endpoint=", "path=")],
        [("status=", "code=")],
        [('status="', 'handler="x",status="')],
        [('status="200"', 'status="2xx"')],
        [(f"{HISTOGRAM}_count{{", f'{HISTOGRAM}_count{{status="200",')],
    ],
)
def test_a_page_with_another_family_is_blamed(
    measured: Droplet, changes: list[tuple[str, str]]
) -> None:
    rewritten(measured, *changes)

    broken(measured, "OPS-METRICS-002")


def test_a_page_that_never_gains_a_sample_is_blamed(measured: Droplet) -> None:
    measured.answer("GET /metrics", lambda _: Reply(page({}).encode(), headers=TEXT))

    unseen(measured, "OPS-METRICS-002")
    assert str(broken(measured, "OPS-METRICS-003").observed).startswith("raised by 0 ")
    assert str(broken(measured, "OPS-METRICS-004").observed).startswith("raised by 0 ")


def test_a_page_whose_families_are_missing_is_blamed_once(measured: Droplet) -> None:
    measured.answer("GET /metrics", lambda _: Reply(b"# TYPE up gauge\nup 1\n", headers=TEXT))

    broken(measured, "OPS-METRICS-002")
    assert unseen(measured, "OPS-METRICS-003").blocked_by == "OPS-METRICS-002"
    assert unseen(measured, "OPS-METRICS-004").blocked_by == "OPS-METRICS-002"


def test_a_page_that_is_empty_at_first_is_accepted(measured: Droplet) -> None:
    first: list[Call] = []

    def answer(call: Call) -> Reply | None:
        first.append(call)
        return Reply(page({}).encode(), headers=TEXT) if len(first) == 1 else None

    measured.answer("GET /metrics", answer)

    passes(measured, "OPS-METRICS-004")


# OPS-METRICS-003, 004: what moves


def workers(droplet: Droplet, number: int, *, by: Callable[[int], int] = lambda turn: turn) -> None:
    """Let several workers count for themselves, each answering in turn."""
    pages: list[Counter[tuple[str, str, str]]] = [Counter() for _ in range(number)]

    def answer(call: Call) -> Reply | None:
        mine = pages[by(len(droplet.calls)) % number]
        if call.path == "/metrics":
            return Reply(page(mine).encode(), headers=TEXT)
        mine[call.method, call.path, str(droplet.right(call).status)] += 1
        return None

    droplet.answer("*", answer)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_several_workers_may_count_for_themselves(measured: Droplet, number: int) -> None:
    workers(measured, number)

    passes(measured, "OPS-METRICS-003", "OPS-METRICS-004")


def test_the_largest_of_ten_readings_counts(measured: Droplet) -> None:
    workers(measured, 2, by=lambda turn: int(turn % 7 == 0))

    passes(measured, "OPS-METRICS-003")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_a_counter_that_misses_requests_is_blamed(measured: Droplet, share: float) -> None:
    def answer(_: Call) -> Reply:
        counted = {key: int(count * share) + 1 for key, count in measured.counted.items()}
        return Reply(page(counted).encode(), headers=TEXT)

    measured.answer("GET /metrics", answer)

    broken(measured, "OPS-METRICS-003")


def test_a_counter_that_knows_no_state_is_blamed(measured: Droplet) -> None:
    rewritten(measured, ('endpoint="/state"', 'endpoint="all"'))

    broken(measured, "OPS-METRICS-003")


@pytest.mark.parametrize("endpoint", ["/state/", "/api/state"])
def test_an_endpoint_may_be_a_template(measured: Droplet, endpoint: str) -> None:
    rewritten(measured, ('endpoint="/state"', f'endpoint="{endpoint}"'))

    passes(measured, "OPS-METRICS-003", "OPS-METRICS-004")


def test_movement_is_not_judged_without_a_state(measured: Droplet) -> None:
    unseen(measured, "OPS-METRICS-003", token=None)


def test_a_histogram_that_stands_still_is_blamed(measured: Droplet) -> None:
    still = page({("GET", "/state", "200"): 3}).split(f"# TYPE {HISTOGRAM}")[1]

    def answer(_: Call) -> Reply:
        head = page(measured.counted).split(f"# TYPE {HISTOGRAM}")[0]
        return Reply(f"{head}# TYPE {HISTOGRAM}{still}".encode(), headers=TEXT)

    measured.answer("GET /metrics", answer)

    broken(measured, "OPS-METRICS-004")
    passes(measured, "OPS-METRICS-003")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('le="1.0"} ', 'le="1.0"} 0.'),
        ('le="+Inf"', 'le="9"'),
        ('le="+Inf"} ', 'le="+Inf"} 9'),
        ("} 0.25", "} -0.25"),
        (f"{HISTOGRAM}_sum", f"{HISTOGRAM}_total"),
    ],
)
def test_a_histogram_that_does_not_add_up_is_blamed(measured: Droplet, old: str, new: str) -> None:
    rewritten(measured, (old, new))

    broken(measured, "OPS-METRICS-004")


def test_a_series_for_each_stranger_is_advised_against(measured: Droplet) -> None:
    def answer(_: Call) -> Reply:
        strange = {
            (call.method, call.path, "404"): 1
            for call in measured.calls
            if call.path not in {"/metrics"}
        }
        return Reply(page(strange).encode(), headers=TEXT)

    measured.answer("GET /metrics", answer)

    broken(measured, "OPS-METRICS-005")


# OPS-OAS-001


def document(**more: Any) -> dict[str, Any]:
    right = {"responses": {"200": {"description": "Right"}}}
    paths: dict[str, Any] = {
        path: {"get": right} for path in ("/health", "/capabilities", "/state", "/dependencies")
    }
    paths["/message"] = {"post": right}
    return {"openapi": "3.0.3", "info": {"title": "b", "version": "1"}, "paths": paths, **more}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_a_valid_document_is_accepted(droplet: Droplet, version: str) -> None:
    droplet.openapi = document(openapi=version)

    passes(droplet, "OPS-OAS-001")


def test_a_document_whose_routes_stand_below_a_server_is_accepted(droplet: Droplet) -> None:
    whole = document()
    moved = {path.removeprefix("/"): item for path, item in whole["paths"].items()}
    droplet.openapi = document(
        paths={f"/{path}": item for path, item in moved.items()}, servers=[{"url": "/"}]
    )

    passes(droplet, "OPS-OAS-001")


@pytest.mark.parametrize(
    "more",
    [
        {"info": {"title": "b"}},
        {"paths": {**document()["paths"], "/health": {"get": {"responses": [200]}}}},
        {"paths": {**document()["paths"], "/a": {"get": {"$ref": "#/nowhere"}}}},
        {"paths": {path: item for path, item in document()["paths"].items() if path != "/state"}},
        {"paths": {**document()["paths"], "/message": {"get": {}}}},
    ],
)
def test_an_invalid_or_incomplete_document_is_advised_against(
    droplet: Droplet, more: dict[str, Any]
) -> None:
    droplet.openapi = document(**more)

    broken(droplet, "OPS-OAS-001")


def test_no_document_is_not_judged(droplet: Droplet) -> None:
    unseen(droplet, "OPS-OAS-001")


@pytest.mark.parametrize(
    "more",
    [
        {"openapi": "3.9.0"},
        {"components": {"schemas": {"A": {"$ref": "http://127.0.0.1:9/elsewhere.json"}}}},
    ],
)
def test_a_document_that_the_kit_cannot_read_is_not_judged(
    droplet: Droplet, more: dict[str, Any]
) -> None:
    droplet.openapi = document(**more)

    unseen(droplet, "OPS-OAS-001")


# OPS-BOOT-001


@pytest.mark.parametrize(("seconds", "verdict"), [(0.4, "pass"), (39.9, "pass"), (41.0, "fail")])
def test_a_launched_droplet_has_40_s_to_come_up(
    droplet: Droplet, seconds: float, verdict: str
) -> None:
    verdicts = judged(droplet, "OPS-BOOT-001", reached="launch", measures={"boot": seconds})

    assert verdicts["OPS-BOOT-001"].verdict == verdict


def test_a_start_that_the_kit_did_not_see_is_not_observed(droplet: Droplet) -> None:
    assert unseen(droplet, "OPS-BOOT-001").message == "the kit did not launch it"
