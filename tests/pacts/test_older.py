"""Pacts that other tools wrote, in the specification before this one."""

import json
from pathlib import Path

import pytest
from pact import Pact, match

from udckit.conformance import InvocationError, Options
from udckit.conformance.pacts import disagreements, read_pact, verify
from udckit.fakes import FakeRegistry, FakesUp, Fault


@pytest.fixture
def v3(tmp_path: Path) -> Path:
    """A pact as a tool of another language writes it."""
    pact = Pact("java-service", "registry").with_specification("V3")
    key = match.regex(FakeRegistry().public_key_pem, regex="^[\\s\\S]*BEGIN[\\s\\S]*$")
    asked = pact.upon_receiving("its key").with_request("GET", "/auth/public-key")
    asked.will_respond_with(200).with_body({"public_key": key}, "application/json")
    body = {
        "name": match.str("java-service"),
        "droplet_id": match.int(77),
        "port": 8010,
        "health_endpoint": "/health",
        "capabilities": ["work"],
        "version": "1.0.0",
    }
    sent = pact.upon_receiving("its registration").given("a name that nobody holds")
    sent.with_request("POST", "/register").with_body(body, "application/json")
    sent.will_respond_with(201).with_body(
        {"token": match.str("x.y.z"), "service_id": match.int(1)}, "application/json"
    )
    pact.write_file(tmp_path)
    (path,) = tmp_path.glob("java-service*.json")
    assert json.loads(path.read_text())["metadata"]["pactSpecification"]["version"] == "3.0.0"
    return path


def test_pact_of_v3_is_verified(v3: Path, fakes: FakesUp) -> None:
    pact = read_pact(v3)
    options = Options(url=fakes.registry.url, role="registry")
    right = verify(options, [pact])
    fakes.registry.faults.add(Fault.garbage(200, route="GET /auth/public-key"))
    wrong = verify(options, [pact])

    assert disagreements(pact) == []
    assert [one.verdict for one in right] == ["pass", "pass"]
    assert {one.description: one.verdict for one in wrong} == {
        "its key": "fail",
        "its registration": "pass",
    }


@pytest.mark.parametrize("version", ["2.0.0", "1.0.0", "5"])
def test_other_specification_is_said_to_be_none_that_is_read(version: str, v3: Path) -> None:
    raw = json.loads(v3.read_text())
    raw["metadata"]["pactSpecification"]["version"] = version
    v3.write_text(json.dumps(raw))

    with pytest.raises(InvocationError, match="udckit reads V4 and V3"):
        read_pact(v3)
