"""Every interaction of the kit's pacts is shown to fail for each thing that it asks.

A proxy stands before a right provider, and breaks one thing in the answers to every interaction of
a pact at once: the status, the media type, then one member after the other, taken away or turned.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from faults.fault import read_faults
from faults.proxy import FaultProxy

from pacts.typing_pact import ROOT
from udckit.conformance.authority import from_registry
from udckit.conformance.pacts import PROVIDERS, Finding, PactFile, kit_pacts
from udckit.conformance.pacts._document import Interaction
from udckit.conformance.pacts._listener import Listener
from udckit.conformance.pacts._promises import leaves_of
from udckit.conformance.pacts._states import Stage
from udckit.conformance.pacts.verification import _verified
from udckit.fakes import FakeDroplet, FakeOrchestrator, FakeRegistry, SigningKey
from udckit.specs import catalogue

KEY = ROOT / "fakes/keys/not-a-secret-udckit-test-key.pem"
PACTS = [pytest.param(pact, id=f"{pact.consumer}-{pact.provider}") for pact in kit_pacts()]
Stages = Mapping[str, tuple[FaultProxy, Stage]]


@pytest.fixture(scope="module")
def stages() -> Iterator[Stages]:
    """Each right provider behind a proxy; who signs tokens is not behind it."""
    with ExitStack() as stack:
        registry = stack.enter_context(FakeRegistry())
        orchestrator = stack.enter_context(FakeOrchestrator(registry=registry))
        droplet = stack.enter_context(FakeDroplet(registry=registry, orchestrator=orchestrator))
        listener = stack.enter_context(Listener())
        authority = from_registry(registry.url)
        around = (authority, listener, registry.url, orchestrator.url)
        key = SigningKey.from_pem(KEY.read_bytes())
        made = {}
        for role, fake in zip(PROVIDERS, (registry, orchestrator, droplet), strict=True):
            proxy = stack.enter_context(FaultProxy(fake.url))
            made[role] = (proxy, Stage(proxy.url, role, *around, key))
        orchestrator.journal.wait_for(path="/heartbeat")
        yield made


def places(one: Interaction) -> list[str]:
    """The members of a body that it asks for; what is one-way passes no proxy."""
    if one.is_message:
        return []
    return [".".join(steps) for steps, _ in leaves_of(one.wanted) if steps]


def is_struck(one: Interaction, action: str) -> bool:
    if one.is_message:
        return False
    if "media_type" in action:
        return "Content-Type" in one.response.get("headers", {})
    found = re.search(r"\{ (?:delete: |set: \{ )(\w+)", action)
    return found is None or found[1] in places(one)


def actions(pact: PactFile) -> Iterator[str]:
    yield "{ status: 500 }"
    yield "{ media_type: text/plain }"
    for name in dict.fromkeys(each for one in pact.interactions for each in places(one)):
        yield f"{{ delete: {name} }}"
        yield f"{{ set: {{ {name}: [{{ odd: 1 }}] }} }}"


def fault(pact: PactFile, action: str) -> str:
    """Strike every operation that the pact asks, but for what brings a state about."""
    asked = [one.operation for one in pact.interactions if not one.is_message]
    lines = {f"{one.method} {re.sub('{.*', '*', one.path)}" for one in asked if one is not None}
    where = ", ".join(sorted(lines))
    when = "" if "status:" in action else "  when: { status: [200, 201] }\n"
    head = f"- id: a\n  story: s\n  where: [{where}]\n{when}"
    return f"{head}  do: [{action}]\n  kills: [UDC-ALL-001]\n"


@pytest.mark.parametrize("pact", PACTS)
def test_interaction_fails_under_a_requirement_for_each_thing_that_it_asks(
    pact: PactFile, stages: Stages, tmp_path: Path
) -> None:
    proxy, stage = stages[pact.provider]

    def judged(action: str | None) -> list[Finding]:
        proxy.strike(None)
        if action is not None:
            (tmp_path / "fault.yaml").write_text(fault(pact, action))
            (proxy_fault,) = read_faults(tmp_path / "fault.yaml")
            return _verified(pact, stage, lambda _: proxy.strike(proxy_fault))
        return _verified(pact, stage, lambda _: None)

    assert {one.verdict for one in judged(None)} <= {"pass", "not_applicable"}
    broken = set()
    for action in actions(pact):
        for one, finding in zip(pact.interactions, judged(action), strict=True):
            if finding.verdict == "fail":
                broken.add(one.description)
                ids = finding.mismatches[0].requirements
                assert ids, (action, one.description)
                assert all(pact.provider in catalogue()[each].roles for each in ids), ids
            elif is_struck(one, action):
                assert finding.verdict == "not_observed", (action, one.description)
    assert broken == {one.description for one in pact.interactions if not one.is_message}
