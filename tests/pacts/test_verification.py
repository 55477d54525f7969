"""Every pact is verified by fakes and by the reference droplet; what drifts fails by name."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fleet_support import launch

from udckit.conformance import Options
from udckit.conformance.pacts import Finding, _states, exit_code_of, kit_pacts, verify
from udckit.fakes import FakeDroplet, FakeOrchestrator, FakeRegistry, FakesUp, Fault, fakes_up


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakesUp]:
    """Fakes that are announced in a folder of the test's own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with fakes_up() as running:
        yield running


def verified(url: str, role: str, **more: Any) -> list[Finding]:
    return verify(Options(url=url, role=role, **more), kit_pacts(role))


def words(findings: list[Finding]) -> dict[str, str]:
    return {f"{one.consumer}: {one.description}": one.verdict for one in findings}


def broken(findings: list[Finding]) -> list[Any]:
    return [one for one in findings if one.verdict != "pass"]


def test_fake_registry_is_a_verified_fake(fakes: FakesUp) -> None:
    findings = verified(fakes.registry.url, "registry")

    assert broken(findings) == []
    assert len(findings) == 7
    assert exit_code_of(findings) == 0


def test_fake_orchestrator_is_a_verified_fake(fakes: FakesUp) -> None:
    findings = verified(fakes.orchestrator.url, "orchestrator")

    assert broken(findings) == []
    assert len(findings) == 6


def test_fake_droplet_is_a_verified_fake_and_what_it_sends_is_judged(fakes: FakesUp) -> None:
    with FakeDroplet(registry=fakes.registry, orchestrator=fakes.orchestrator) as droplet:
        fakes.orchestrator.journal.wait_for(path="/heartbeat")
        findings = verified(droplet.url, "droplet")

    told = words(findings)
    assert told["orchestrator: a beat that it sends"] == "pass"
    assert [(one.verdict, one.reason) for one in broken(findings)] == [
        ("not_applicable", "it completed at once, and owes no outcome")
    ]
    assert exit_code_of(findings) == 0


def test_reference_droplet_keeps_every_contract(fakes: FakesUp) -> None:
    urls = fakes.environment
    with launch(
        "reference_droplet",
        registry_url=urls["REGISTRY_URL"],
        orchestrator_url=urls["ORCHESTRATOR_URL"],
    ) as running:
        fakes.orchestrator.journal.wait_for(path="/heartbeat", timeout=10)
        findings = verified(running.url, "droplet")

    assert broken(findings) == []
    assert len(findings) == 11


def test_registry_without_the_member_is_blamed_under_its_requirement(fakes: FakesUp) -> None:
    fakes.registry.faults.add(Fault.garbage(200, route="GET /auth/public-key"))
    findings = verified(fakes.registry.url, "registry")

    (finding,) = broken(findings)
    assert finding.verdict == "fail"
    assert finding.mismatches[0].requirements == ("REG-KEY-001",)
    assert finding.mismatches[0].expected == "a member public_key"
    assert exit_code_of(findings) == 1


def test_state_that_fails_is_the_kit_s_own_error_within_seconds(
    fakes: FakesUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> dict[str, Any]:
        raise RuntimeError("out of order")

    monkeypatch.setattr(_states, "STATES", {**_states.STATES, "a registered droplet": fails})
    started = time.monotonic()
    findings = verified(fakes.registry.url, "registry")

    told = words(findings)
    assert time.monotonic() - started < 10
    assert told["droplet: a look-up of a service"] == "error"
    assert told["droplet: a look at the public key"] == "pass"
    assert exit_code_of(findings) == 3


def test_registry_that_is_no_fake_is_not_asked_for_expired_tokens() -> None:
    with FakeRegistry(control="nobody") as registry:
        findings = verified(registry.url, "registry")

    (finding,) = broken(findings)
    assert finding.verdict == "not_observed"
    assert "expired" in finding.reason


def test_droplet_without_authority_is_not_observed_and_never_a_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with (
        FakeRegistry() as registry,
        FakeOrchestrator(registry=registry) as orchestrator,
        FakeDroplet(registry=registry, orchestrator=orchestrator) as droplet,
    ):
        findings = verified(droplet.url, "droplet")

    told = words(findings)
    assert told.pop("orchestrator: a look at its health") == "pass"
    assert set(told.values()) == {"not_observed"}


def test_finding_of_an_unknown_state_names_those_that_are_known(fakes: FakesUp) -> None:
    (pact,) = kit_pacts("registry")
    raw = {**pact.interactions[0].raw, "providerStates": [{"name": "the moon is full"}]}
    strange = replace(pact, interactions=(replace(pact.interactions[0], raw=raw),))
    (finding,) = verify(Options(url=fakes.registry.url, role="registry"), [strange])

    assert finding.verdict == "not_observed"
    assert "a registered droplet" in finding.reason
