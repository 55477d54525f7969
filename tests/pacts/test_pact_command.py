"""`udckit pact verify` as it is typed, and what is said to whoever mistypes any of it."""

import json
import re
from pathlib import Path

import pytest
from faults.fault import read_faults
from faults.proxy import FaultProxy

from pacts.typing_pact import MINE, PACTS, Typed, asking_for_more
from udckit.conformance.pacts import _states
from udckit.fakes import FakesUp

DRIFT = """
- id: by-name-port-renamed
  story: The directory calls the port by another name.
  where: GET /services/by-name/*
  when: { status: 200 }
  do: [{ rename: { port: service_port } }]
  kills: [REG-SVC-001]
"""


def test_provider_that_keeps_every_pact_is_told_so(pact: Typed, fakes: FakesUp) -> None:
    ran = pact("verify", "--provider", "registry", fakes.registry.url)

    assert ran.exit_code == 0
    assert ran.output.startswith("every consumer gets what it needs\n")
    assert "✓ droplet: 7 of 7 kept" in ran.output


def test_drifted_fake_fails_by_requirement_for_the_consumers_that_it_breaks(
    pact: Typed, fakes: FakesUp, tmp_path: Path
) -> None:
    (tmp_path / "drift.yaml").write_text(DRIFT)
    (drifted,) = read_faults(tmp_path / "drift.yaml")
    with FaultProxy(fakes.registry.url) as proxy:
        proxy.strike(drifted)
        ran = pact("verify", "--provider", "registry", proxy.url)
        said = json.loads(pact("verify", "--provider", "registry", proxy.url, "--json").output)

    assert ran.exit_code == 1
    assert "mend first: REG-SVC-001  expected a member port; observed no such member" in ran.output
    assert re.search(r"breaks +droplet: a look-up of a service\n", ran.output)
    assert re.search(r"fix +\w", ran.output)
    replay = re.search(r"replay +(curl .*)", ran.output)
    assert replay is not None
    assert f"{proxy.url}/services/by-name/udckit-p" in replay[1]
    assert 'Bearer $UDCKIT_TOKEN"' in replay[1]
    assert "eyJ" not in ran.output
    (broken,) = [one for one in said["findings"] if one["verdict"] == "fail"]
    assert broken["mismatches"][0]["requirements"][0] == "REG-SVC-001"
    assert said["exit_code"] == 1


def test_consumer_that_asks_for_what_nobody_promised_is_said_to(
    pact: Typed, fakes: FakesUp, tmp_path: Path
) -> None:
    path = asking_for_more(tmp_path)
    ran = pact("verify", "--provider", "registry", fakes.registry.url, "--pact", str(path))

    assert ran.exit_code == 1
    assert "the consumer asks for what no contract promises" in ran.output
    assert "asks for 'expires_in'" in ran.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("verify", "--provider", "regisry", "http://127.0.0.1:1"), "Did you mean 'registry'?"),
        (("verify", "--provider", "registry"), "No target"),
        (("verify", "--provider", "registry", "http://x", "--publish"), "add --from-broker"),
        (
            ("verify", "--provider", "registry", "http://x", "--consumer", "moon"),
            "There are: droplet",
        ),
        (("verify", "--provider", "registry", "http://x", "--pact", "/nowhere"), "no pact file"),
        (("publish", *MINE, "--force"), "Which Pact Broker?"),
        (("publish", *MINE, "--broker", "http://127.0.0.1:1"), "This is no CI"),
        (("publish", *MINE, "--broker", "ftp://x", "--force"), "is no URL"),
        (("publish", *MINE, "--broker", "http://me:pw@x", "--force"), "holds credentials"),
        (("publish", *MINE, "--broker", "http://x", "--force"), "Under which version?"),
        (("publish", str(PACTS), "--broker", "http://x", "--force"), "of several consumers"),
        (
            ("can-i-deploy", "--name", "droplet", "--to", "x", "--broker", "http://x"),
            "Which version?",
        ),
    ],
)
def test_mistake_is_said_with_what_to_do(words: tuple[str, ...], told: str, pact: Typed) -> None:
    ran = pact(*words)

    assert ran.exit_code == 2
    assert told in ran.output


def test_provider_that_does_not_answer_is_exit_code_4(pact: Typed) -> None:
    ran = pact("verify", "--provider", "registry", "http://127.0.0.1:1")

    assert ran.exit_code == 4
    assert "Nothing can be reached" in ran.output


def test_missing_extra_is_said_with_the_line_that_installs_it(
    pact: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("udckit.conformance.pacts._adapter.has_pact", lambda: False)
    ran = pact("verify", "--provider", "registry", "http://127.0.0.1:1")

    assert ran.exit_code == 2
    assert "pip install 'udckit[pact]'" in ran.output


def test_ctrl_c_ends_in_one_line_and_a_fault_of_the_kit_is_none_of_the_provider_s(
    pact: Typed, fakes: FakesUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    def fails(_: object) -> None:
        raise RuntimeError("out of order")

    words = ("verify", "--provider", "registry", fakes.registry.url)
    monkeypatch.setitem(_states.STATES, _states.REGISTERED, fails)
    ran = pact(*words)
    assert ran.exit_code == 3
    assert "! droplet: a look-up of a service: error, the state" in ran.output

    monkeypatch.setattr("udckit.cli._pact_verify.verify", interrupted)
    ran = pact(*words)
    assert (ran.exit_code, ran.output) == (5, "udckit: ended before it was done\n")
