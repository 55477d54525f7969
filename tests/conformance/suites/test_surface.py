"""UDC-ALL-001, 002, 003, 006: where the five endpoints are, and in which form they answer."""

import json

import pytest
from bending.droplet import TOKEN, Call, Droplet, Reply, error
from bending.judging import broken, judged, passes, unseen

HEALTH = {"status": "healthy", "timestamp": "2025-11-15T12:00:00Z", "uptime_seconds": 1}


def nobody_without_a_token(call: Call) -> Reply | None:
    return None if call.path == "/health" or call.token == TOKEN else error(401, "UNAUTHORIZED")


# UDC-ALL-001


def test_five_endpoints_at_the_root_are_accepted(droplet: Droplet) -> None:
    passes(droplet, "UDC-ALL-001")


def test_a_401_shows_an_endpoint_where_unknown_paths_are_404(droplet: Droplet) -> None:
    passes(droplet, "UDC-ALL-001", token=None)


def test_a_401_shows_nothing_where_every_path_is_a_401(droplet: Droplet) -> None:
    droplet.answer("*", nobody_without_a_token)

    assert unseen(droplet, "UDC-ALL-001", token=None).blocked_by == "AUTH-001"


@pytest.mark.parametrize(
    ("call", "reply"),
    [
        ("GET /health", error(404, "NOT_FOUND")),
        ("GET /capabilities", Reply(status=307, headers={"Location": "/capabilities/"})),
        ("GET /state", error(405, "METHOD_NOT_ALLOWED")),
        ("GET /dependencies", Reply(status=501)),
        ("POST /message", error(405, "METHOD_NOT_ALLOWED")),
        ("POST /message", Reply(closed=True)),
        ("GET /state", error(500, "INTERNAL_ERROR")),
        ("GET /dependencies", Reply({}, status=202)),
        ("GET /state", error(503, "UNAVAILABLE")),
    ],
)
def test_an_endpoint_that_does_not_answer_is_blamed(
    droplet: Droplet, call: str, reply: Reply
) -> None:
    droplet.answer(call, reply)

    broken(droplet, "UDC-ALL-001")


def test_an_outage_is_no_missing_endpoint(droplet: Droplet) -> None:
    for path in ("/state", "/dependencies"):
        droplet.answer(f"GET {path}", error(503, "UNAVAILABLE"))

    passes(droplet, "UDC-ALL-001")


# UDC-ALL-002


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "application/health+json", "Application/JSON"]
)
def test_json_media_types_with_parameters_are_accepted(droplet: Droplet, media_type: str) -> None:
    droplet.answer(
        "GET /health",
        lambda call: Reply(droplet.right(call).body, headers={"Content-Type": media_type}),
    )

    passes(droplet, "UDC-ALL-002")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(HEALTH, headers={"Content-Type": "text/html"}),
        Reply(json.dumps(HEALTH).encode()),
        Reply(b"<html></html>", headers={"Content-Type": "text/html"}),
        Reply(b'{"status":"healthy","load":NaN}', headers={"Content-Type": "application/json"}),
        Reply(b"\xef\xbb\xbf{}", headers={"Content-Type": "application/json"}),
        Reply(b'{"a":"\xe4"}', headers={"Content-Type": "application/json"}),
        Reply(b"", headers={"Content-Type": "application/json"}),
        Reply(json.dumps(HEALTH)),
        Reply({**HEALTH, "status": "unhealthy"}, 503, {"Content-Type": "text/plain"}),
    ],
)
def test_a_body_that_is_no_json_is_blamed(droplet: Droplet, reply: Reply) -> None:
    droplet.answer("GET /health", reply)

    broken(droplet, "UDC-ALL-002")


def test_json_is_not_passed_where_bodies_were_not_seen(droplet: Droplet) -> None:
    assert unseen(droplet, "UDC-ALL-002", token=None).blocked_by == "AUTH-001"


# UDC-ALL-003


def test_bare_bodies_are_accepted(droplet: Droplet) -> None:
    droplet.bend("/health", data={"status": "more"}, payload=None)

    passes(droplet, "UDC-ALL-003")


@pytest.mark.parametrize(
    "body",
    [
        {"data": HEALTH},
        {"payload": HEALTH},
        {"status": "success", "data": HEALTH},
        {"health": HEALTH},
        [HEALTH],
        "healthy",
        None,
    ],
)
def test_a_body_in_an_envelope_is_blamed(droplet: Droplet, body: object) -> None:
    droplet.answer("GET /health", Reply(body))

    broken(droplet, "UDC-ALL-003")


def test_a_receipt_in_an_envelope_is_blamed(droplet: Droplet) -> None:
    droplet.answer("POST /message", lambda call: Reply({"data": droplet.right(call).body}))

    assert "data" in str(broken(droplet, "UDC-ALL-003").observed)


# UDC-ALL-006


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("/health", {"status": "degraded"}),
        ("/state", {"status": "inactive", "mode": "staging"}),
        ("/message", {"status": "failed"}),
        ("/health", {"status": None}),
        ("/state", {"mode": 3}),
    ],
)
def test_words_of_the_contract_are_accepted_and_what_is_no_word_is_another_rows(
    droplet: Droplet, path: str, members: dict[str, object]
) -> None:
    droplet.bend(path, **members)

    passes(droplet, "UDC-ALL-006")


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("/health", {"status": "ok"}),
        ("/health", {"status": "Healthy"}),
        ("/health", {"status": "active"}),
        ("/state", {"status": "degraded"}),
        ("/state", {"mode": "Production"}),
        ("/message", {"status": "queued"}),
    ],
)
def test_another_word_is_blamed(droplet: Droplet, path: str, members: dict[str, object]) -> None:
    droplet.bend(path, **members)

    broken(droplet, "UDC-ALL-006")


def test_words_are_judged_without_a_token_where_a_droplet_lets_everybody_in(
    droplet: Droplet,
) -> None:
    droplet.bend("/state", status="busy")
    droplet.answer("*", lambda call: droplet.right(let_in(call)))

    broken(droplet, "UDC-STATE-002", token=None)
    assert judged(droplet, "AUTH-001", token=None)["AUTH-001"].verdict == "not_observed"


def let_in(call: Call) -> Call:
    headers = {**call.headers, "authorization": f"Bearer {TOKEN}"}
    return Call(call.method, call.path, call.query, headers, call.body)
