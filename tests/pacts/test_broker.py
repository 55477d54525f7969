"""What goes to a Pact Broker, what it says, and how it ends where the broker is in trouble."""

import json
from pathlib import Path
from typing import Any

import click.testing
import pytest

from pacts.protocol_broker import TOKEN, ProtocolBroker
from pacts.typing_pact import CI, MINE, PACTS, Typed, asking_for_more
from udckit.conformance import BrokerError
from udckit.conformance.pacts import BrokerAccess, Result, bodies_of, broker_at
from udckit.conformance.pacts import broker as brokers
from udckit.fakes import FakesUp, Fault


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


def test_broker_that_is_lost_in_between_shows_no_provider_better_than_it_is(
    broker: ProtocolBroker,
) -> None:
    for name in ("kept", "broken"):
        broker.pacts[name, "registry"] = {**json.loads(Path(MINE[0]).read_text()), "x": name}
    with broker_at(BrokerAccess(broker.url, TOKEN)) as speaking:
        kept, broken = speaking.pacts_for("registry", None)
        results = [Result(kept, success=True), Result(broken, success=False)]
        broker.fails_with, broker.fails_after = 503, len(broker.asked) + 1
        with pytest.raises(BrokerError, match="1 of 2 results were sent; run it again"):
            speaking.send("registry", "2", None, bodies_of(results, "2", None, "0"))

    assert [(pair[0], one["success"]) for pair, (one,) in broker.results.items()] == [
        ("broken", False)
    ]


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
