"""`udckit pact` as it is typed: what it prints, what it sends, and how it ends."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click.testing
import pytest
from faults.fault import read_faults
from faults.proxy import FaultProxy

from pacts.protocol_broker import TOKEN, ProtocolBroker, protocol_broker
from udckit.cli._pact import command
from udckit.conformance.pacts import broker as brokers
from udckit.fakes import FakesUp, Fault, fakes_up

ROOT = Path(__file__).parents[2]
PACTS = ROOT / "specs" / "pacts"
MINE = (str(PACTS / "droplet-registry.json"), str(PACTS / "droplet-orchestrator.json"))
CI = {"GITHUB_ACTIONS": "true", "GITHUB_SHA": "c0ffee", "GITHUB_REF_NAME": "main"}
NO_CI = dict.fromkeys(("CI", "GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL"))

DRIFT = """
- id: by-name-port-renamed
  story: The directory calls the port by another name.
  where: GET /services/by-name/*
  when: { status: 200 }
  do: [{ rename: { port: service_port } }]
  kills: [REG-SVC-001]
"""

Typed = Callable[..., click.testing.Result]


@pytest.fixture
def pact() -> Typed:
    """Type `udckit pact …` on a desk, or in the environment that is given."""

    def typed(*words: str, **environment: str | None) -> click.testing.Result:
        env = {**NO_CI, "PACT_BROKER_BASE_URL": None, "PACT_BROKER_TOKEN": TOKEN, **environment}
        result = click.testing.CliRunner().invoke(command, words, env=env)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return typed


@pytest.fixture
def broker() -> Iterator[ProtocolBroker]:
    with protocol_broker() as running:
        yield running


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakesUp]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with fakes_up() as running:
        yield running


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


def test_contracts_of_a_version_are_published_in_one_request(
    pact: Typed, broker: ProtocolBroker
) -> None:
    ran = pact("publish", *MINE, "--broker", broker.url, **CI)

    assert ran.exit_code == 0, ran.output
    assert "published droplet c0ffee of main: what it needs of registry, orchestrator" in ran.output
    assert broker.lines() == ["GET /", "POST /contracts/publish"]
    sent = broker.asked[-1][2]
    assert sent["branch"] == "main"
    assert [one["providerName"] for one in sent["contracts"]] == ["registry", "orchestrator"]


def test_dry_run_shows_what_would_be_sent_and_sends_nothing(
    pact: Typed, broker: ProtocolBroker
) -> None:
    published = pact("publish", *MINE, "--version", "7", "--broker", broker.url, "--dry-run")
    asked = pact(
        *("can-i-deploy", "--name", "droplet", "--version", "7", "--to", "production"),
        *("--broker", broker.url, "--dry-run"),
    )

    assert published.exit_code == asked.exit_code == 0
    assert "POST " + broker.url + "/contracts/publish" in published.output
    assert '"pacticipantVersionNumber": "7"' in published.output
    assert "--to-environment production" in asked.output
    assert TOKEN not in published.output + asked.output
    assert broker.asked == []


def test_pact_that_asks_for_more_is_not_published(
    pact: Typed, broker: ProtocolBroker, tmp_path: Path
) -> None:
    ran = pact("publish", str(asking_for_more(tmp_path)), "--broker", broker.url, **CI)

    assert ran.exit_code == 1
    assert "asks for 'expires_in', which the contract does not promise" in ran.output
    assert broker.asked == []


def test_recording_that_did_not_see_all_is_not_published(
    pact: Typed, broker: ProtocolBroker, tmp_path: Path
) -> None:
    raw = json.loads((PACTS / "droplet-registry.json").read_text())
    raw["metadata"]["udckit"] = {"incomplete": "no beat came", "version": "1"}
    (tmp_path / "part.json").write_text(json.dumps(raw))
    ran = pact("publish", str(tmp_path), "--broker", broker.url, "--force", **CI)

    assert ran.exit_code == 2
    assert "no beat came" in ran.output
    assert broker.asked == []


def test_changed_contract_of_a_known_version_is_refused_whole(
    pact: Typed, broker: ProtocolBroker, tmp_path: Path
) -> None:
    pact("publish", MINE[0], "--broker", broker.url, **CI)
    changed = json.loads(Path(MINE[0]).read_text())
    changed["interactions"].pop()
    (tmp_path / "changed.json").write_text(json.dumps(changed))
    before = dict(broker.contents)
    ran = pact("publish", MINE[1], str(tmp_path / "changed.json"), "--broker", broker.url, **CI)

    assert ran.exit_code == 4
    assert "publish under a new one" in ran.output
    assert "Cannot change the content" in ran.output
    assert broker.contents == before


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ({"fails_with": 500}, "answered 500"),
        ({"fails_with": 403}, "a read-only user cannot publish"),
        ({"fails_with": 500, "fails_after": 1}, "answered 500 to POST /contracts/publish"),
        ({"delay": 5.0}, "did not answer within"),
    ],
)
def test_broker_in_trouble_is_exit_code_4_and_nothing_is_published(
    trouble: dict[str, Any],
    told: str,
    pact: Typed,
    broker: ProtocolBroker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(brokers, "DEADLINE", 0.5)
    for name, value in trouble.items():
        setattr(broker, name, value)
    ran = pact("publish", *MINE, "--broker", broker.url, **CI)

    assert ran.exit_code == 4
    assert told in ran.output
    assert broker.contents == {}


def test_wrong_credentials_and_no_broker_are_exit_code_4(
    pact: Typed, broker: ProtocolBroker
) -> None:
    ask = ("can-i-deploy", "--name", "droplet", "--version", "1", "--to", "production")
    wrong = {**CI, "PACT_BROKER_TOKEN": "another"}
    runs = [
        pact("publish", *MINE, "--broker", broker.url, **wrong),
        pact(*ask, "--broker", broker.url, **wrong),
        pact("publish", *MINE, "--broker", "http://127.0.0.1:1", **CI),
        pact(*ask, "--broker", "http://127.0.0.1:1"),
    ]

    assert [ran.exit_code for ran in runs] == [4, 4, 4, 4]
    assert all("PACT_BROKER_TOKEN" in ran.output for ran in runs[:2])
    assert all("is it up?" in ran.output for ran in runs[2:])
    assert broker.contents == {}


def test_links_to_another_host_are_not_followed(
    pact: Typed, broker: ProtocolBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = {"_links": {"pb:publish-contracts": {"href": "http://192.0.2.1/contracts"}}}
    monkeypatch.setattr(ProtocolBroker, "answer", lambda *_: (200, elsewhere))
    ran = pact("publish", *MINE, "--broker", broker.url, **CI)

    assert ran.exit_code == 4
    assert "no credentials are sent" in ran.output


@pytest.mark.parametrize(
    "answer",
    [[], {"_links": 7}, {"_links": {"pb:publish-contracts": "x"}}, None, "text", {"_links": []}],
)
def test_what_is_no_broker_is_said_to_be_none(
    answer: Any, pact: Typed, broker: ProtocolBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ProtocolBroker, "answer", lambda *_: (200, answer))
    ran = pact("publish", *MINE, "--broker", broker.url, **CI)

    assert ran.exit_code == 4
    assert "Pact Broker" in ran.output


def test_broken_provider_may_not_be_deployed_and_a_right_one_may(
    pact: Typed, broker: ProtocolBroker, fakes: FakesUp
) -> None:
    def deployable() -> click.testing.Result:
        return pact(
            *("can-i-deploy", "--name", "droplet", "--version", "c0ffee", "--to", "production"),
            *("--broker", broker.url),
        )

    check = ("verify", "--provider", "registry", "--from-broker", "--publish", "--version", "9")
    pact("publish", MINE[0], "--broker", broker.url, **CI)
    untried = deployable()
    fakes.registry.faults.add(Fault.garbage(200, route="GET /auth/public-key"))
    broken = pact(*check, fakes.registry.url, "--broker", broker.url, **CI)
    forbidden = deployable()
    fakes.registry.faults.clear()
    mended = pact(*check, fakes.registry.url, "--broker", broker.url, **CI)
    allowed = deployable()

    assert [ran.exit_code for ran in (untried, broken, forbidden)] == [5, 1, 1]
    assert "not yet: droplet c0ffee to production" in untried.output
    assert "published: failure, version 9" in broken.output
    assert "✗ droplet c0ffee needs registry 9" in forbidden.output
    assert [ran.exit_code for ran in (mended, allowed)] == [0, 0], allowed.output
    assert "yes: droplet c0ffee to production" in allowed.output
    assert broker.branches == ["registry/main/9"] * 2
    tests = broker.results["droplet", "registry"][0]["testResults"]
    assert [one["requirements"] for one in tests if not one["success"]] == [["REG-KEY-001"]]


def test_run_of_some_consumers_is_never_published(pact: Typed, broker: ProtocolBroker) -> None:
    ran = pact(
        *("verify", "--provider", "registry", "http://127.0.0.1:1", "--broker", broker.url),
        *("--from-broker", "--publish", "--consumer", "droplet", "--force"),
        **CI,
    )

    assert ran.exit_code == 2
    assert "some consumers alone is never published" in ran.output
    assert broker.asked == []


def test_what_was_not_judged_is_not_published(
    pact: Typed, broker: ProtocolBroker, fakes: FakesUp
) -> None:
    raw = json.loads(Path(MINE[0]).read_text())
    raw["interactions"][2]["providerStates"] = [{"name": "the moon is full"}]
    broker.pacts["droplet", "registry"] = raw
    ran = pact(
        *("verify", "--provider", "registry", fakes.registry.url, "--broker", broker.url),
        *("--from-broker", "--publish"),
        **CI,
    )

    assert ran.exit_code == 5
    assert "no result is published for droplet: 1 of 7 interactions were not judged" in ran.output
    assert broker.results == {}


def test_broker_without_a_pact_for_the_provider_is_nothing_tested(
    pact: Typed, broker: ProtocolBroker
) -> None:
    ran = pact(
        *("verify", "--provider", "registry", "http://127.0.0.1:1", "--from-broker"),
        *("--broker", broker.url),
    )

    assert ran.exit_code == 2
    assert "nothing was tested" in ran.output


def asking_for_more(folder: Path) -> Path:
    """A pact that wants a member that no contract promises."""
    raw = json.loads((PACTS / "droplet-registry.json").read_text())
    for one in raw["interactions"]:
        if one["description"] == "a registration":
            one["response"]["body"]["content"]["expires_in"] = 3600
    path = folder / "more.json"
    path.write_text(json.dumps(raw))
    return path
