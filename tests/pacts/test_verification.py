"""Every pact is verified by fakes and by the reference droplet; what drifts fails by name."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from faults.role_stand import Role, role_stand
from fleet_support import launch

from udckit.conformance import Options
from udckit.conformance.pacts import Finding, _states, exit_code_of, kit_pacts, verify
from udckit.fakes import FakeDroplet, FakeOrchestrator, FakeRegistry, FakesUp, Fault

ROOT = Path(__file__).parents[2]


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
    assert time.monotonic() - started < 60  # the pact core would try again for 127 s
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


def test_provider_that_falls_silent_is_not_the_kit_s_error(
    fakes: FakesUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object) -> tuple[int, Any]:
        raise OSError("POST /tasks: nobody answered")

    monkeypatch.setattr(_states.Stage, "ask", silent)
    findings = verified(fakes.orchestrator.url, "orchestrator")

    (finding,) = broken(findings)
    assert (finding.description, finding.verdict) == (
        "a question how a task stands",
        "not_observed",
    )
    assert "nobody answered" in finding.reason


def test_interactions_of_one_description_are_told_apart(fakes: FakesUp) -> None:
    (pact,) = kit_pacts("registry")
    found, unknown = (
        next(one for one in pact.interactions if one.description == name)
        for name in ("a look-up of a service", "a look-up of an unknown service")
    )
    wrong = {**unknown.raw, "response": {"status": 200}, "description": found.description}
    twins = replace(pact, interactions=(found, replace(unknown, raw=wrong)))
    findings = verify(Options(url=fakes.registry.url, role="registry"), [twins])

    assert [one.verdict for one in findings] == ["pass", "fail"]


@pytest.mark.parametrize(
    ("key", "verdict"),
    [
        (ROOT / "fakes/keys/not-a-secret-udckit-test-key.pem", "pass"),
        (None, "not_observed"),
    ],
    ids=["its-key", "no-key"],
)
def test_expired_token_is_signed_with_the_registry_s_key_where_it_is_given(
    key: Path | None, verdict: str
) -> None:
    with FakeRegistry(control="nobody") as registry:
        findings = verified(registry.url, "registry", signing_key=key)

    assert words(findings)["droplet: a look-up with an expired token"] == verdict


def test_key_that_is_not_the_registry_s_shows_nothing(fakes: FakesUp) -> None:
    strange = ROOT / "conformance/forge/keys/not-a-secret-udckit-attacker-key.pem"
    findings = verified(fakes.orchestrator.url, "orchestrator", signing_key=strange)

    (finding,) = broken(findings)
    assert finding.verdict == "not_observed"
    assert "not that of the Registry" in finding.reason


@pytest.mark.parametrize("role", ["registry", "orchestrator"])
def test_other_right_one_keeps_every_pact(role: Role) -> None:
    with role_stand(role, "aiohttp") as stand:
        token = stand.authority.tokens.valid if role == "orchestrator" else None
        findings = verified(stand.proxy.url, role, token=token)

    assert {one.description for one in broken(findings)} <= {
        "a look-up with an expired token",
        "a beat with an expired token",
    }
    assert {one.verdict for one in broken(findings)} == {"not_observed"}
