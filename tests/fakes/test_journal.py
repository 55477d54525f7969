"""What a journal remembers, what it says when something did not come, and what it exports."""

import asyncio
import base64
import json
import threading
from typing import Any

import pytest

from udckit.fakes import FakeRegistry, JournalEntry, ManualClock, NotSeenError, Redaction


def test_every_request_is_written_down_unknown_paths_too(
    ask: Any, registry: FakeRegistry, clock: ManualClock
) -> None:
    clock.advance(5)
    ask(f"{registry.url}/droplets/register?x=1&y=%20", {"id": 7}, headers={"X-Team": "a"})

    entry = registry.journal.entries[0]
    assert (entry.number, entry.fake, entry.time) == (1, "registry", clock.now())
    assert (entry.method, entry.path, entry.query) == ("POST", "/droplets/register", "x=1&y=%20")
    assert (entry.headers["x-team"], entry.headers["X-TEAM"]) == ("a", "a")
    assert (entry.json, entry.answered, entry.operation) == ({"id": 7}, 404, None)
    assert entry.answer["error"]["code"] == "NOT_FOUND"
    assert entry.client == "127.0.0.1"
    assert entry.is_client_fault


def test_schema_problems_stand_beside_the_request(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    ask(f"{registry.url}/register", registration | {"port": "8010", "capabilities": None})

    entry = registry.journal.entries[0]
    assert entry.operation == "registerService"
    assert sorted(problem.at for problem in entry.problems) == ["capabilities", "port"]
    assert registry.journal.client_faults == (entry,)


def test_to_ask_for_what_is_not_there_is_no_fault(ask: Any, registry: FakeRegistry) -> None:
    token = registry.register("my-service", 10).token
    ask(f"{registry.url}/services/by-name/nobody", token=token)
    ask(f"{registry.url}/registry/register", {})
    ask(f"{registry.url}/state")

    assert [entry.path for entry in registry.journal.client_faults] == [
        "/registry/register",
        "/state",
    ]


def test_identity_is_the_token_s(ask: Any, registry: FakeRegistry) -> None:
    token = registry.register("my-service", 10).token
    ask(f"{registry.url}/services", token=token)
    rubbish = "rubbish"
    ask(f"{registry.url}/services", token=rubbish)

    good, bad = registry.journal
    assert good.identity is not None
    assert good.identity["service_name"] == "my-service"
    assert good.token == token
    assert (bad.identity, bad.answered, bad.token) == (None, 401, rubbish)
    assert bad.refusal == "The token is not three base64url segments of JSON."


def test_find_takes_fields_members_and_a_predicate(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    ask(f"{registry.url}/register", registration)
    ask(f"{registry.url}/register", registration | {"name": "other"})
    ask(f"{registry.url}/health")

    journal = registry.journal
    assert len(journal.find(path="/register", answered=201)) == 2
    assert len(journal.find(json={"name": "other"})) == 1
    assert len(journal.find(lambda entry: entry.method == "GET")) == 1
    with pytest.raises(TypeError, match="no colour"):
        journal.find(colour="red")


def test_wait_for_gives_what_is_there_already(ask: Any, registry: FakeRegistry) -> None:
    ask(f"{registry.url}/health")

    assert registry.journal.wait_for(path="/health", timeout=0).number == 1


def test_wait_for_wakes_when_it_comes(ask: Any, registry: FakeRegistry) -> None:
    seen: list[JournalEntry] = []
    thread = threading.Thread(
        target=lambda: seen.append(registry.journal.wait_for(path="/state", answered=401))
    )
    thread.start()
    ask(f"{registry.url}/health")
    ask(f"{registry.url}/state")
    thread.join(5)

    assert [entry.number for entry in seen] == [2]


def test_await_for_leaves_the_loop_free(ask: Any, registry: FakeRegistry) -> None:
    async def both() -> JournalEntry:
        waiting = asyncio.ensure_future(registry.journal.await_for(path="/health"))
        await asyncio.to_thread(ask, f"{registry.url}/health")
        return await waiting

    assert asyncio.run(both()).answered == 200
    with pytest.raises(NotSeenError):
        asyncio.run(registry.journal.await_for(path="/never", timeout=0.01))


def test_an_expectation_that_was_not_met_shows_the_nearest_request(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    ask(f"{registry.url}/health")
    ask(f"{registry.url}/register", registration | {"port": 1})
    ask(f"{registry.url}/services")

    with pytest.raises(NotSeenError) as caught:
        registry.journal.wait_for(
            method="POST", path="/register", json={"port": 8010, "name": "my-service"}, timeout=0.01
        )

    assert str(caught.value).splitlines() == [
        "expected  method='POST', path='/register', json={'port': 8010, 'name': 'my-service'},"
        " within 0.01 s",
        "observed  3 other requests; the nearest: #2 POST /register → 201",
        "          json.port: expected 8010, observed 1",
    ]


def test_an_expectation_shows_no_usable_token(ask: Any, registry: FakeRegistry) -> None:
    token = registry.register("my-service", 10).token
    ask(f"{registry.url}/services", token=token)

    with pytest.raises(NotSeenError) as caught:
        registry.journal.wait_for(method="POST", token=None, timeout=0.01)

    assert token not in str(caught.value)
    assert token.rpartition(".")[2] not in str(caught.value)


def test_an_empty_journal_says_so(registry: FakeRegistry) -> None:
    with pytest.raises(NotSeenError, match="no request at all"):
        registry.journal.wait_for(path="/register", timeout=0.01)


def test_a_predicate_that_raises_is_its_author_s(ask: Any, registry: FakeRegistry) -> None:
    outcome: list[str] = []

    def waits() -> None:
        try:
            registry.journal.wait_for(lambda entry: entry.nonsense, timeout=5)  # type: ignore[attr-defined]  # that is the point
        except AttributeError as error:
            outcome.append(str(error))

    thread = threading.Thread(target=waits)
    thread.start()
    while not registry.journal._waiting:
        thread.join(0.001)
    assert ask(f"{registry.url}/health").status == 200
    thread.join(5)

    assert "nonsense" in outcome[0]


def test_a_full_journal_drops_the_oldest_and_says_so(ask: Any) -> None:
    with FakeRegistry(journal_entries=3) as registry:
        for _ in range(5):
            ask(f"{registry.url}/health")

        journal = registry.journal
        assert [entry.number for entry in journal] == [3, 4, 5]
        assert (len(journal), journal.dropped, journal.total) == (3, 2, 5)
        with pytest.raises(NotSeenError, match="dropped 2 older"):
            journal.wait_for(path="/never", timeout=0.01)


def test_a_journal_is_bounded_in_bytes_too(ask: Any, registry: FakeRegistry) -> None:
    registry.journal.most_bytes = 300_000
    for _ in range(5):
        ask(f"{registry.url}/register", raw=b"x" * 100_000)

    assert registry.journal.dropped == 3
    assert len(registry.journal) == 2


def test_clear_forgets_and_numbers_go_on(ask: Any, registry: FakeRegistry) -> None:
    ask(f"{registry.url}/health")
    registry.journal.clear()
    ask(f"{registry.url}/health")

    assert [entry.number for entry in registry.journal] == [2]
    assert registry.journal.total == 1


def test_headers_that_come_twice_are_both_there(registry: FakeRegistry) -> None:
    import socket  # noqa: PLC0415 - http.client cannot send this

    with socket.create_connection(("127.0.0.1", registry.port)) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\nx-a: 1\r\nX-A: 2\r\n\r\n")
        line.recv(4096)

    headers = registry.journal.entries[0].headers
    assert headers.all("x-a") == ["1", "2"]
    assert (headers["x-a"], len(headers), sorted(headers)) == ("1", 2, ["host", "x-a"])
    assert "y" not in headers


def test_an_export_keeps_facts_and_no_usable_secret(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    given = ask(f"{registry.url}/register", registration).json["token"]
    minted = registry.mint(service_name="other", headers={"kid": "k"})
    ask(f"{registry.url}/services?token={given}", token=minted)
    ask(f"{registry.url}/services", headers={"authorization": "Basic eDp5", "cookie": "a=b"})
    ask(f"{registry.url}/x", raw=f"postgres://me:secret@db/x {given}".encode())
    ask(f"{registry.url}/x", {"key": registry.key.private_pem, given: [given]})

    redaction = Redaction(registry.signed_by, registry.issued_as)
    export = json.dumps([redaction.entry(entry) for entry in registry.journal])

    for secret in (given, minted, "eDp5", "a=b", "secret@", "PRIVATE KEY"):
        assert secret not in export
    assert given.rpartition(".")[2] not in export
    facts = {one["issued_as"]: one for one in redaction.tokens.values()}
    assert sorted(facts) == ["minted for other", "registration of my-service"]
    assert facts["minted for other"]["signed_by"] == "udckit-test-key"
    assert facts["minted for other"]["header"]["kid"] == "k"
    assert facts["registration of my-service"]["claims"]["service_name"] == "my-service"
    assert export.count(facts["registration of my-service"]["ref"]) == 5


def test_the_same_token_has_one_reference_everywhere(registry: FakeRegistry) -> None:
    token = registry.mint()

    assert Redaction().ref(token) == Redaction(registry.signed_by).ref(token)
    assert Redaction().ref(token) != Redaction().ref(registry.mint())


def test_a_forged_token_is_told_from_a_true_one(registry: FakeRegistry) -> None:
    redaction = Redaction(registry.signed_by, registry.issued_as)
    ref = redaction.ref(registry.mint()[:-6] + "AAAAAA")

    assert redaction.tokens[ref]["signed_by"] is None
    assert redaction.tokens[ref]["issued_as"] is None


@pytest.mark.parametrize(
    ("body", "kind"), [(b"", None), (b"{}", "json"), (b"plain", "text"), (b"\xff\xfe", "base64")]
)
def test_a_body_of_any_kind_is_exported(body: bytes, kind: str | None) -> None:
    exported = Redaction().body(body)

    assert exported is None if kind is None else list(exported) == [kind]


def test_redaction_knows_a_token_however_its_header_is_spaced() -> None:
    header, claims = (
        base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        for part in (b'{\n "alg": "RS256"}', b'{"service_id": 7}')
    )
    redaction = Redaction()

    shown = redaction.text(f"{header}.{claims}.c2ln at ewoks.example.org")

    assert "ewo" not in shown.split(" at ")[0]
    assert shown.endswith(" at ewoks.example.org")
