from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from udckit.fakes import FakeDroplet, FakeRegistry
from udckit.reports import summary_schema

Run = Callable[..., Any]
Verdicts = Callable[[Path], dict[str, str]]


PRINTING_APP = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    print("called", scope["path"])
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})
"""


def test_launched_droplet_that_is_right_is_certified(
    udckit: Run, launch_words: str, tmp_path: Path
) -> None:
    run = udckit("certify", "--launch", launch_words, "--stages", "shape", "--json")

    told = json.loads(run.stdout)
    assert (run.returncode, told["exit_code"]) == (0, 0), run.stderr
    assert run.stdout.count("\n") == 1
    jsonschema_rs.validator_for(dict(summary_schema())).validate(told)
    assert told["stages"] == {
        "shape": "certified",
        "security": "not_asked",
        "integration": "not_asked",
        "resilience": "not_asked",
    }
    assert Path(told["record"]) == Path("udckit-report/run.jsonl")
    assert told["requests_sent"] > 50

    again = udckit("report", "--rejudge", "--quiet")
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[0].split() == ["✓", "shape", "certified"]
    assert "byte for byte the same" in again.stdout
    assert (tmp_path / "udckit-report" / "run.jsonl").is_file()


def test_server_that_answers_anything_fails_and_the_first_line_says_why(
    udckit: Run, anything: str
) -> None:
    run = udckit("certify", anything)

    assert run.returncode == 1
    assert "mend first: UDC-ALL-005" in run.stdout.splitlines()[0]
    assert "body {}" in " ".join(run.stdout.split()[:40])
    assert "✗ shape" in run.stdout
    assert "\x1b" not in run.stdout + run.stderr
    assert run.stderr.startswith(f"{anything} is a droplet reached by its URL alone: shape can be")

    shown = udckit("report")
    assert (shown.returncode, shown.stdout) == (1, run.stdout)


def test_closed_port_is_one_clear_line_and_soon(udckit: Run) -> None:
    began = time.monotonic()
    udckit("--version")
    floor = time.monotonic() - began
    began = time.monotonic()
    run = udckit("certify", "http://127.0.0.1:1")
    took = time.monotonic() - began

    assert run.returncode == 4
    assert run.stdout == ""
    assert len(run.stderr.splitlines()) == 1
    assert run.stderr.startswith("udckit: Nothing can be reached at 127.0.0.1:1")
    assert took < 3 + 3 * floor  # a busy machine starts every command late


def test_closed_port_is_one_object_for_programs(udckit: Run) -> None:
    run = udckit("certify", "http://127.0.0.1:1", "--json")

    told = json.loads(run.stdout)
    assert (run.returncode, told["exit_code"], told["record"]) == (4, 4, None)
    assert told["stages"]["shape"] == "incomplete"
    assert told["error"].startswith("Nothing can be reached")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ([], "No target, so nothing was tested"),
        (["127.0.0.1:8010"], "no http or https URL"),
        (["http://127.0.0.1:1", "--stages", "shap"], "Did you mean 'shape'?"),
        (["http://127.0.0.1:1", "--only", "UDC-HEALT-002"], "Did you mean UDC-HEALTH-002"),
        (["http://127.0.0.1:1", "--has", "metric"], "Did you mean 'metrics'?"),
        (["http://127.0.0.1:1", "--role", "droplets"], "Did you mean 'droplet'?"),
        (["http://127.0.0.1:1", "--header", "X-Site"], "give 'Name: value'"),
        (["http://127.0.0.1:1", "--app", "app:app"], "one run has one target"),
        (["http://127.0.0.1:1", "--lunch", "x"], "Did you mean '--launch'?"),
        (["http://127.0.0.1:1", "--config", "none.toml"], "cannot be read"),
        (["http://127.0.0.1:1", "--rate", "0"], "above 0"),
        (["--launch", "no-such-program-here"], "cannot be started"),
    ],
)
def test_bad_invocation_is_exit_2_with_a_hint(udckit: Run, words: list[str], hint: str) -> None:
    run = udckit("certify", *words)

    assert run.returncode == 2, run.stderr
    assert run.stdout == ""
    assert hint in run.stderr


def test_command_that_is_misspelled_is_suggested(udckit: Run) -> None:
    run = udckit("certfy")

    assert run.returncode == 2
    assert "Did you mean 'certify'?" in run.stderr


def test_single_requirement_gives_its_own_exit_code(
    udckit: Run, anything: str, verdicts: Verdicts, tmp_path: Path
) -> None:
    broken = udckit("certify", anything, "--only", "udc-health-002", "--quiet")
    assert (broken.returncode, broken.stderr) == (1, "")
    assert broken.stdout.startswith("✗ UDC-HEALTH-002 MUST")

    kept = udckit("certify", anything, "--only", "UDC-HEALTH-001", "--json")
    assert kept.returncode == 0
    assert set(json.loads(kept.stdout)["stages"].values()) == {"not_asked"}
    assert verdicts(tmp_path)["UDC-HEALTH-001"] == "pass"


def test_registry_that_was_given_signs_the_token(
    udckit: Run, droplet: FakeDroplet, registry: FakeRegistry
) -> None:
    run = udckit("certify", droplet.url, "--registry", registry.url, "--only", "UDC-STATE-002")

    assert run.returncode == 0, run.stdout + run.stderr
    assert "with an authority for tokens" in run.stdout


def test_token_of_the_environment_is_used_while_it_holds(
    udckit: Run, droplet: FakeDroplet, registry: FakeRegistry
) -> None:
    words = ("certify", droplet.url, "--only", "UDC-STATE-002", "--quiet")
    valid, stale = registry.mint(), registry.mint(claims={"exp": 1})

    assert udckit(*words, UDCKIT_TOKEN=valid).returncode == 0
    assert udckit(*words, UDCKIT_TOKEN=stale).returncode == 5

    refused = udckit(*words, "--token", stale)
    assert refused.returncode == 2
    assert "has expired" in refused.stderr


def test_configuration_file_is_read_and_the_command_line_comes_first(
    udckit: Run, anything: str, tmp_path: Path
) -> None:
    (tmp_path / "udckit.toml").write_text(
        'launch = "no-such-program-here"\nstages = ["security"]\n[headers]\nX-Site = "blue"\n'
    )

    run = udckit("certify", anything, "--only", "UDC-HEALTH-001", "--json")

    assert run.returncode == 0, run.stderr
    record = (tmp_path / "udckit-report" / "run.jsonl").read_text()
    assert json.loads(record.splitlines()[0])["settings"]["stages"] == ["security"]


def test_asgi_app_that_ends_the_process_is_no_certificate(udckit: Run, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("raise SystemExit(0)\n")

    run = udckit("certify", "--app", "app:app")

    assert run.returncode == 2
    assert "ended this process" in run.stderr


def test_read_only_sends_nothing_but_reads(udckit: Run, anything: str, tmp_path: Path) -> None:
    udckit("certify", anything, "--read-only", "--only", "UDC-MSG-002,UDC-HEALTH-001", "-q")

    lines = (tmp_path / "udckit-report" / "run.jsonl").read_text().splitlines()
    methods = {line["method"] for line in map(json.loads, lines) if line["kind"] == "exchange"}
    assert methods <= {"GET", "HEAD", "OPTIONS"}


def test_what_an_app_prints_is_kept_out_of_the_one_object(udckit: Run, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PRINTING_APP)

    run = udckit("certify", "--app", "app:app", "--only", "UDC-HEALTH-001", "--json")

    assert json.loads(run.stdout)["exit_code"] == run.returncode == 0
    assert "called" in run.stderr


def test_last_lines_of_a_droplet_that_does_not_start_are_shown_and_not_obeyed(
    udckit: Run, run_pytest: Run
) -> None:
    program = "import sys; sys.stderr.write('bang \\x1b[2J\\x07\\n'); sys.exit(3)"
    launch = shlex.join([sys.executable, "-c", program])

    for run in (udckit("certify", "--launch", launch), run_pytest(f"--udc-launch={launch}")):
        said = run.stdout + run.stderr
        assert run.returncode == 4
        assert r"bang \x1b[2J\x07" in said
        assert "\x1b" not in said


def test_signing_key_that_is_given_shows_what_only_it_can_sign(
    udckit: Run, verdicts: Verdicts, tmp_path: Path
) -> None:
    with FakeRegistry(control="nobody") as registry, FakeDroplet(registry=registry) as droplet:
        (tmp_path / "signing.pem").write_text(registry.key.private_pem)
        aim = (droplet.url, "--registry", registry.url, "--only", "AUTH-009")
        without = udckit("certify", *aim)
        assert verdicts(tmp_path)["AUTH-009"] == "not_observed"
        assert "or give --signing-key FILE" in " ".join(without.stdout.split())

        udckit("certify", *aim, "--signing-key", "signing.pem")

    assert verdicts(tmp_path)["AUTH-009"] == "pass"
    record = (tmp_path / "udckit-report" / "run.jsonl").read_text()
    assert "PRIVATE KEY" not in record
    assert "signing.pem" not in record


def test_signing_key_that_is_none_is_an_invocation_that_cannot_be(
    udckit: Run, anything: str, tmp_path: Path
) -> None:
    (tmp_path / "signing.pem").write_text("no key")
    run = udckit("certify", anything, "--token", "a.b.c", "--signing-key", "signing.pem")

    assert run.returncode == 2
    assert "should be the Registry's RSA private key in PEM" in run.stderr
