"""A droplet's own pact: what it sent, under its name, without its secrets, and verified."""

import json
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click.testing
import pytest
from fleet_support import member, require

from udckit.cli._pact import command
from udckit.conformance import InvocationError, Options, RunRecord, dump
from udckit.conformance.pacts import (
    PactFile,
    disagreements,
    pact_files,
    read_from,
    read_pact,
    recorded,
    verify,
    write_recorded,
)
from udckit.conformance.pacts._seen import Seen
from udckit.conformance.scenario import Recording
from udckit.conformance.scenario.recording import Call
from udckit.fakes import FakesUp, fakes_up

SECRETS = ("hunter22", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2VjcmV0", "10.11.12.13", "/home/me")
Typed = Callable[..., click.testing.Result]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Type `udckit pact record …`; the pacts land in the test's own folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def typed(*words: str) -> click.testing.Result:
        more = ("--output", str(tmp_path / "pacts"))
        return click.testing.CliRunner().invoke(command, ("record", *words, *more))

    return typed


def registration(**more: Any) -> dict[str, Any]:
    return {
        "name": "my-service",
        "droplet_id": 10,
        "port": 8010,
        "health_endpoint": "/health",
        "capabilities": ["work"],
        "version": "1.4.0",
        "udc_compliant": True,
        **more,
    }


def registered(**more: Any) -> Seen:
    body = registration(**more)
    given = {"token": "<token:t1>", "service_id": 1001}
    return Seen(
        "registry", "POST", "/register", "registerService", False, body, (), 201, given
    )  # fmt: skip


def beat(status: str = "active", **more: Any) -> Seen:
    body = {"service_id": 1001, "service_name": "my-service", "status": status, **more}
    return asked("orchestrator", "POST /heartbeat", "postHeartbeat", 200, body)


def asked(
    fake: str, line: str, operation: str | None, status: int, body: Any = None, answer: Any = None
) -> Seen:
    method, _, path = line.partition(" ")
    return Seen(fake, method, path, operation, True, body, (), status, answer)


def written(seen: Iterable[Seen], folder: Path, **more: Any) -> dict[str, PactFile]:
    return {one.provider: one for one in write_recorded(recorded(seen, **more), folder)}


def lines_of(pact: PactFile) -> list[str]:
    return [one.description for one in pact.interactions]


def kept(pacts: Iterable[PactFile], fakes: FakesUp) -> set[str]:
    """Verify pacts against the kit's fakes, and give the verdicts."""
    urls = {"registry": fakes.registry.url, "orchestrator": fakes.orchestrator.url}
    findings = [
        finding
        for pact in pacts
        for finding in verify(Options(url=urls[pact.provider], role=pact.provider), [pact])
    ]
    assert findings
    return {one.verdict for one in findings}


def test_droplet_in_node_gets_its_own_pact_and_the_fakes_verify_it(
    record: Typed, tmp_path: Path
) -> None:
    require("node_bare")
    node, script = shutil.which("node"), member("node_bare").folder / "droplet.mjs"
    ran = record("--launch", f"{node} {script} {{port}}", "--name", "in-node")

    assert ran.exit_code == 0, ran.output
    pacts = pact_files([tmp_path / "pacts"])
    assert {(one.consumer, one.provider) for one in pacts} == {
        ("in-node", "orchestrator"),
        ("in-node", "registry"),
    }
    assert [one.marks["recorded"] for one in pacts] == ["from what it sent to the kit's fakes"] * 2
    assert "POST /register" in ran.output
    with fakes_up() as fakes:
        assert kept(pacts, fakes) == {"pass"}


def test_every_need_that_was_seen_is_verified_by_the_fakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    place = {"host": "127.0.0.1", "port": 8020, "service_id": 7}
    task = {"task_type": "x", "data": {"deep": [{"a": 1}]}, "priority": "normal"}
    seen = [
        registered(),
        registered(),
        asked("registry", "GET /auth/public-key", "getPublicKey", 200, None, {"public_key": "…"}),
        asked("registry", "GET /services/by-name/other", "getServiceByName", 200, None, place),
        asked("registry", "GET /services/by-name/nobody", "getServiceByName", 404),
        asked("registry", "GET /services/by-name/other", "getServiceByName", 401),
        asked("registry", "GET /services/7", "getService", 200, None, place),
        asked("registry", "GET /services", "listServices", 200, None, []),
        asked("registry", "GET /health", "getHealth", 200, None, {"status": "healthy"}),
        beat(metrics={"requests_per_minute": 3, "error_rate": 0.25}),
        beat(metrics={"requests_per_minute": 0.5, "error_rate": 0}),
        beat("error"),
        asked("orchestrator", "POST /heartbeat", "postHeartbeat", 401, beat().body),
        asked("orchestrator", "POST /tasks", "postTask", 201, task, {"task_id": "t-1"}),
        asked("orchestrator", "GET /tasks/t-1", "getTask", 200, None, {"task_id": "t-1"}),
        asked("orchestrator", "GET /tasks/t-2", "getTask", 404),
    ]
    pacts = written(seen, tmp_path)

    assert lines_of(pacts["registry"]) == [
        "GET /auth/public-key",
        "GET /health",
        "GET /services",
        "GET /services/by-name/{name}",
        "GET /services/by-name/{name} of what is not there",
        "GET /services/by-name/{name} with an expired token",
        "GET /services/{id}",
        "POST /register",
        "POST /register again",
    ]
    assert lines_of(pacts["orchestrator"]) == [
        "GET /tasks/{task_id}",
        "GET /tasks/{task_id} of what is not there",
        "POST /heartbeat",
        "POST /heartbeat (form 2)",
        "POST /heartbeat with an expired token",
        "POST /tasks",
    ]
    assert [each for pact in pacts.values() for each in disagreements(pact)] == []
    with fakes_up() as fakes:
        assert kept(pacts.values(), fakes) == {"pass"}


def test_nothing_that_the_droplet_sent_stands_in_its_pact(tmp_path: Path) -> None:
    one, two, three, four = SECRETS
    seen = [
        registered(host=three, capabilities=[one], db={"password": one, "url": f"pg://me:{one}@x"}),
        beat(metrics={"requests_per_minute": 1}, detail=[two], log=four),
        asked("registry", f"GET /services/by-name/{one}", "getServiceByName", 200, None, {}),
    ]
    pacts = written(seen, tmp_path)
    text = "".join(pact.path.read_text() for pact in pacts.values())

    assert [each for each in SECRETS if each in text] == []
    assert '"db"' in text  # its members are part of what it sends
    assert "1001" not in text


def test_same_traffic_makes_the_same_file(tmp_path: Path) -> None:
    first = written([registered(port=8010), beat()], tmp_path / "a")
    second = written([registered(port=9999), beat(), beat()], tmp_path / "b")

    assert {name: one.path.read_text() for name, one in first.items()} == {
        name: one.path.read_text() for name, one in second.items()
    }


def test_what_no_contract_has_is_left_out_and_told() -> None:
    wrong = Seen(
        "registry", "POST", "/register", "registerService", False,
        registration(port="x"), ("port: expected an integer",), 422, None,
    )  # fmt: skip
    bare = Seen(
        "orchestrator", "POST", "/heartbeat", "postHeartbeat", False, beat().body, (), 401, None
    )
    what = recorded(
        [wrong, registered(), asked("registry", "POST /registry/register", None, 404), bare]
    )

    assert what.left_out == (
        "POST /register: its body is not as the contract has it (port: expected an integer)",
        "POST /registry/register: the contract knows nothing of the kind at a registry",
        "POST /heartbeat: it bore no token",
    )
    assert [len(one.needs) for one in what.contracts] == [1]


def test_droplet_that_never_registered_has_no_pact() -> None:
    with pytest.raises(InvocationError, match="REG-CLIENT-001"):
        recorded([beat()])


@pytest.mark.parametrize("name", ["../x", "a/b", "", "nul\0"])
def test_name_that_is_no_file_is_refused(name: str) -> None:
    with pytest.raises(InvocationError):
        recorded([registered(name=name)])


def lines_of_run(
    *calls: Call, only: tuple[str, ...] = (), ended: bool = True
) -> list[dict[str, Any]]:
    """The lines of a run that played one scenario."""
    header = {"kind": "header", "format": 1, "settings": {"only": list(only)}}
    footer = [{"kind": "footer"}] if ended else []
    return [header, *Recording("calm", "real", 0.0, calls=calls).as_lines(), *footer]


def run_of(*calls: Call, **how: Any) -> RunRecord:
    return RunRecord.of(lines_of_run(*calls, **how))


def saved(folder: Path, *calls: Call) -> str:
    path = folder / "run.jsonl"
    path.write_text("".join(f"{dump(line)}\n" for line in lines_of_run(*calls)))
    return str(path)


def call(one: Seen, n: int, *, fault: str | None = None) -> Call:
    bearer = (("authorization", "Bearer <token:t1>"),) if one.authorized else ()
    return Call(
        n=n, at=float(n), fake=one.provider, method=one.method, path=one.path, query="",
        headers=bearer, body=json.dumps(one.body), operation=one.operation, problems=one.problems,
        answered=one.answered, answer=json.dumps(one.answer), fault=fault, released=None,
    )  # fmt: skip


def test_run_record_of_a_launch_gives_the_same_pact(record: Typed, tmp_path: Path) -> None:
    calls = [call(one, n) for n, one in enumerate([registered(), beat()])]
    ran = record(saved(tmp_path, *calls, call(beat("error"), 9, fault="503")))

    assert ran.exit_code == 0, ran.output
    (orchestrator, registry) = pact_files([tmp_path / "pacts"])
    assert lines_of(orchestrator) == ["POST /heartbeat"]
    assert lines_of(registry) == ["POST /register"]
    assert registry.marks["version"] == "1.4.0"


def test_run_under_a_name_of_the_kit_s_own_wants_another(record: Typed, tmp_path: Path) -> None:
    seen = [registered(name="udckit-calm"), registered(name="udckit-outage"), beat()]
    path = saved(tmp_path, *(call(one, n) for n, one in enumerate(seen)))
    nameless, named = record(path), record(path, "--name", "mine")

    assert nameless.exit_code == 2
    assert "say by --name" in nameless.output
    assert named.exit_code == 0
    registry = read_pact(tmp_path / "pacts" / "mine-registry.json")
    assert lines_of(registry) == ["POST /register"]
    assert "udckit-calm" not in registry.path.read_text()


@pytest.mark.parametrize(
    ("seen", "how", "told"),
    [
        ([registered()], {}, "no beat came"),
        ([registered(), beat()], {"only": ("ORCH-CLIENT-001",)}, "some requirements alone"),
        ([registered(), beat()], {"ended": False}, "ended early"),
    ],
)
def test_run_that_did_not_see_all_marks_the_pact_so(
    seen: list[Seen], how: dict[str, Any], told: str, tmp_path: Path
) -> None:
    heard = read_from(run_of(*(call(one, n) for n, one in enumerate(seen)), **how))
    pacts = written(heard.seen, tmp_path, incomplete=heard.incomplete)

    assert told in pacts["registry"].marks["incomplete"]


def test_run_without_scenarios_is_nothing_to_record() -> None:
    with pytest.raises(InvocationError, match="integration and resilience"):
        read_from(run_of())


def test_droplet_that_does_not_beat_is_told_and_marked(record: Typed, tmp_path: Path) -> None:
    script = tmp_path / "silent.py"
    script.write_text(SILENT)
    ran = record("--launch", f"{sys.executable} {script} {{port}}", "--seconds", "0")

    assert ran.exit_code == 2
    assert "the kit called the droplet" in ran.output
    ran = record(
        "--launch", f"{sys.executable} {script} {{port}}", "--seconds", "0", "--name", "silent"
    )
    assert ran.exit_code == 5, ran.output
    assert "no beat came" in ran.output
    (pact,) = (read_pact(path) for path in (tmp_path / "pacts").glob("*.json"))
    assert pact.marks["incomplete"] == "no beat came"


SILENT = """
import json, os, sys, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")
    do_POST = do_GET

server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
body = {"name": os.environ["SERVICE_NAME"], "droplet_id": 4711, "port": int(sys.argv[1]),
        "health_endpoint": "/health", "capabilities": [], "version": "1.0.0"}
urllib.request.urlopen(urllib.request.Request(
    os.environ["REGISTRY_URL"] + "/register", json.dumps(body).encode(),
    {"Content-Type": "application/json"}), timeout=10).read()
server.serve_forever()
"""
"""A droplet that registers and never beats."""
