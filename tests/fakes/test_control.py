"""The control API, as a test in another language would use it."""

import json
from typing import Any

import pytest

from udckit.fakes import (
    ControlError,
    FakeOrchestrator,
    FakeRegistry,
    Fault,
    ManualClock,
    NotSeenError,
    RemoteFake,
    SigningKey,
    decode_unverified,
)
from udckit.fakes._compile import ROOM, compiled
from udckit.fakes._control import document
from udckit.specs import Surface


def control(registry: FakeRegistry, path: str = "") -> str:
    return f"{registry.url}/__udckit__/{path}"


def test_the_compiled_document_is_what_the_source_says() -> None:
    assert (ROOM / "control.json").read_text(encoding="utf-8") == compiled()


def test_the_document_is_valid_openapi() -> None:
    validator = pytest.importorskip("openapi_spec_validator")

    validator.validate(json.loads(compiled()))


def test_every_answer_is_as_the_document_says(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    ask(f"{registry.url}/register", registration)
    surface = Surface("control", document())
    examples = {"moveClock": {"advance": 1}, "waitForEntry": {"path": "/register"}}

    for operation in surface.operations.values():
        body = examples.get(operation.id, operation.request_example)
        url = registry.url + operation.path
        if body is None:
            answer = ask(url, method=operation.method)
        else:
            answer = ask(url, body, method=operation.method)
        assert answer.status in {200, 201}, operation.id
        assert operation.response_problems(answer.status, answer.json) == []
        if operation.id == "clearJournal":
            ask(f"{registry.url}/register", registration)


def test_nothing_of_it_is_written_into_the_journal(ask: Any, registry: FakeRegistry) -> None:
    ask(control(registry))
    ask(control(registry, "nowhere"))

    assert len(registry.journal) == 0


def test_it_tells_who_is_here(ask: Any, registry: FakeRegistry) -> None:
    with FakeOrchestrator(registry=registry) as orchestrator:
        told = ask(control(registry)).json
        urls = [registry.url, orchestrator.url]

    assert told["fake"]["role"] == "registry"
    assert [one["url"] for one in told["fakes"] if one["url"] in urls] == urls
    assert told["clock"] == "manual"


def test_the_journal_is_read_on_from_where_it_ended(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    for number in range(5):
        ask(f"{registry.url}/register", registration | {"port": 8000 + number})
    first = ask(control(registry, "journal?limit=2")).json
    rest = ask(control(registry, f"journal?since={first['next']}")).json

    assert [entry["number"] for entry in first["entries"]] == [1, 2]
    assert [entry["number"] for entry in rest["entries"]] == [3, 4, 5]
    assert rest["total"] == 5
    token = registry.service("my-service")
    assert token is not None
    assert "eyJ" not in json.dumps(rest)
    assert len(rest["tokens"]) == 3


def test_both_ledgers_are_shown(ask: Any, registry: FakeRegistry) -> None:
    ask(f"{registry.url}/nowhere")
    registry.journal.blame_self(1.0, "for the test")

    told = ask(control(registry, "journal")).json

    assert told["client_faults"] == [1]
    assert told["own_faults"] == [{"time": 1.0, "what": "for the test", "entry": None}]
    registry.journal.clear()


def test_a_request_is_waited_for_and_its_absence_explained(
    ask: Any, registry: FakeRegistry
) -> None:
    ask(f"{registry.url}/health")
    found = ask(control(registry, "journal/wait"), {"path": "/health", "timeout": 1})
    absent = ask(control(registry, "journal/wait"), {"path": "/beat", "timeout": 0})

    assert found.json["entry"]["number"] == 1
    assert absent.status == 404
    assert "the nearest: #1 GET /health" in absent.json["error"]["message"]


def test_faults_are_added_listed_and_cleared(ask: Any, registry: FakeRegistry) -> None:
    fault = {"kind": "status", "params": {"status": 500}, "times": 1}
    assert ask(control(registry, "faults"), fault).status == 201
    listed = ask(control(registry, "faults")).json
    assert ask(f"{registry.url}/health").status == 500
    assert ask(f"{registry.url}/health").status == 200
    ask(control(registry, "faults"), {"kind": "hang"})
    assert ask(control(registry, "faults"), method="DELETE").status == 200

    assert listed["faults"] == [fault]
    assert "missing_token" in {one["kind"] for one in listed["kinds"]}
    assert ask(f"{registry.url}/health").status == 200


def test_a_fake_that_refuses_is_put_right_by_its_neighbour(ask: Any) -> None:
    with (
        FakeRegistry(name="refusing") as registry,
        FakeOrchestrator(registry=registry) as orchestrator,
    ):
        ask(control(registry, "faults"), {"kind": "refuse"})
        with pytest.raises(ConnectionRefusedError):
            ask(f"{registry.url}/health")
        url = f"{orchestrator.url}/__udckit__/faults?fake=refusing"
        assert ask(url, method="DELETE").status == 200

        assert ask(f"{registry.url}/health").status == 200


def test_tokens_are_minted_with_all_that_a_forger_needs(ask: Any, registry: FakeRegistry) -> None:
    asked = {
        "service_id": 7,
        "service_name": "x",
        "capabilities": ["y"],
        "lifetime": -60,
        "claims": {"aud": "z"},
        "without": ["iat"],
        "headers": {"kid": "k"},
    }
    token = ask(control(registry, "mint"), asked).json["token"]

    decoded = decode_unverified(token)
    assert decoded is not None
    assert decoded.header["kid"] == "k"
    assert sorted(decoded.claims) == ["aud", "capabilities", "exp", "service_id", "service_name"]
    assert registry.key.public.signed(token)


def test_the_key_is_given_and_rotated(ask: Any, registry: FakeRegistry) -> None:
    told = ask(control(registry, "key")).json
    rotated = ask(control(registry, "rotate"), method="POST").json

    assert SigningKey.from_pem(told["private_key"]).public_pem == told["public_key"]
    assert rotated["public_key"] == registry.public_key_pem != told["public_key"]


@pytest.mark.parametrize(("method", "path"), [("POST", "mint"), ("GET", "key"), ("POST", "rotate")])
def test_only_a_registry_signs(ask: Any, registry: FakeRegistry, method: str, path: str) -> None:
    with FakeOrchestrator(registry=registry) as orchestrator:
        url = f"{orchestrator.url}/__udckit__/{path}"
        answer = ask(url, {}, method=method) if path == "mint" else ask(url, method=method)

    assert (answer.status, answer.json["error"]["code"]) == (409, "NO_REGISTRY")


def test_reset_forgets_and_puts_right(ask: Any, registry: FakeRegistry) -> None:
    registry.register("x", 3)
    registry.faults.add(Fault.hang())
    ask(control(registry, "reset"), method="POST")

    assert (registry.services, len(registry.faults), len(registry.journal)) == ((), 0, 0)


def test_a_manual_clock_is_moved(ask: Any, registry: FakeRegistry, clock: ManualClock) -> None:
    before = clock.now()
    moved = ask(control(registry, "clock"), {"advance": 60}).json

    assert moved == {"clock": "manual", "now": before + 60}
    assert clock.now() == before + 60


def test_the_machine_s_clock_is_not_moved(ask: Any) -> None:
    with FakeRegistry() as registry:
        assert ask(control(registry, "clock")).json["clock"] == "system"
        assert ask(control(registry, "clock"), {"advance": 60}).status == 409


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"kind": "hangs"}),
        ("faults", {"kind": "status", "params": {"status": "x"}}),
        ("faults", {"times": 2}),
        ("faults", []),
        ("mint", {"service_id": "7"}),
        ("mint", {"lifetime": 1e300}),
        ("mint", {"colour": 1}),
        ("mint", {"claims": {"iat": {}}, "headers": 7}),
        ("clock", {"advance": -1}),
        ("clock", {}),
        ("journal/wait", {"timeout": 1e9}),
        ("journal/wait", {"colour": 1}),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(
    ask: Any, registry: FakeRegistry, path: str, body: Any
) -> None:
    answer = ask(control(registry, path), body)

    assert answer.status == 400
    assert answer.json["error"]["message"]


@pytest.mark.parametrize(
    "query", ["since=x", "since=-1", "limit=0", "limit=1000000", "since=%D9%A1"]
)
def test_a_query_that_makes_no_sense_is_refused(
    ask: Any, registry: FakeRegistry, query: str
) -> None:
    assert ask(control(registry, f"journal?{query}")).status == 400


def test_pages_of_a_browser_are_kept_out(ask: Any, registry: FakeRegistry) -> None:
    for headers in ({"origin": "http://evil.example"}, {"host": "evil.example"}):
        assert ask(control(registry), headers=headers).status == 403
    answer = ask(
        control(registry, "faults"), raw=b'{"kind":"hang"}', headers={"content-type": "text/plain"}
    )

    assert answer.status == 415
    assert ask(control(registry), headers={"host": "localhost:1"}).status == 200


def test_strangers_are_kept_out_unless_told_otherwise(ask: Any) -> None:
    stranger = "10.0.0.7"
    assert asked_from(FakeRegistry(), stranger) == 403
    assert asked_from(FakeRegistry(control="anyone"), stranger) == 200
    assert asked_from(FakeRegistry(control="nobody"), "127.0.0.1") == 404
    with FakeRegistry(control="nobody") as registry:
        assert ask(control(registry)).status == 404


def asked_from(registry: FakeRegistry, client: str) -> int:
    import asyncio  # noqa: PLC0415 - only here

    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/__udckit__/openapi.json",
        "query_string": b"",
        "headers": [(b"host", b"10.0.0.1:8000")],
        "client": (client, 5),
    }
    asyncio.run(registry(scope, receive, send))
    return int(sent[0]["status"])


# The same, from Python


def test_a_remote_fake_does_what_a_near_one_does(ask: Any, registry: FakeRegistry) -> None:
    remote = RemoteFake(registry.url)
    token = remote.mint(service_name="x", claims={"iat": ...}, lifetime=60)
    assert ask(f"{registry.url}/services", token=token).status == 200
    assert remote.wait_for(path="/services")["entry"]["answered"] == 200
    assert remote.journal()["total"] == 1
    assert remote.key().public_pem == registry.public_key_pem
    remote.add_fault(Fault.status(500))
    assert ask(f"{registry.url}/health").status == 500
    remote.clear_faults()
    assert remote.rotate_key() == registry.public_key_pem
    remote.reset()

    assert len(registry.journal) == 0
    with pytest.raises(NotSeenError, match="no request at all"):
        remote.wait_for(path="/never", timeout=0)


def test_a_remote_fake_that_is_gone_is_a_control_error() -> None:
    registry = FakeRegistry().start()
    remote = RemoteFake(registry.url)
    registry.stop()

    with pytest.raises(ControlError, match="does not answer"):
        remote.describe()


def test_a_refusal_is_a_control_error(registry: FakeRegistry) -> None:
    with (
        FakeOrchestrator(registry=registry) as orchestrator,
        pytest.raises(ControlError, match="only a Registry"),
    ):
        RemoteFake(orchestrator.url).mint()
