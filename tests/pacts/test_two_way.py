"""Pacts and OpenAPI documents agree, both ways; what does not agree is found."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pacts.contracts import DROPLET_ORCHESTRATOR, DROPLET_REGISTRY
from udckit.conformance.pacts import (
    Contract,
    Need,
    disagreements,
    kit_pacts,
    like,
    matching,
    read_pact,
    unused_operations,
    write_contract,
)


def found(contract: Contract, folder: Path, **changes: Any) -> list[str]:
    """What is found in the first interaction of a contract, changed."""
    need = contract.needs[0]
    assert isinstance(need, Need)
    changed = replace(contract, needs=(replace(need, **changes),))
    return [str(one) for one in disagreements(read_pact(write_contract(changed, folder)))]


def test_kit_s_own_contracts_ask_for_what_is_promised_and_nothing_more() -> None:
    assert [str(one) for pact in kit_pacts() for one in disagreements(pact)] == []


def test_operations_that_no_consumer_uses_are_told() -> None:
    pacts = list(kit_pacts())

    assert unused_operations(pacts, "registry") == (
        "getCapabilities",
        "getDependencies",
        "getMetrics",
        "getService",
        "getState",
        "listServices",
        "postCallback",
        "postMessage",
    )
    assert "postHeartbeat" not in unused_operations(pacts, "orchestrator")
    assert unused_operations(pacts, "droplet") == ("getDependencies", "getMetrics", "getState")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"answer": {"token": like("a.b.c"), "expires_in": like(7)}}, "asks for 'expires_in'"),
        ({"answer": {"service_id": 999}}, "asks for exactly 999"),
        ({"status": 200}, "wants 200"),
        ({"status": 409, "answer": None, "body": {"name": "x"}}, "expected"),
        ({"path": "/registry/register"}, "no operation of the contract"),
        ({"requirements": ("REG-REGISTER-999",)}, "the catalogue does not have"),
    ],
)
def test_contract_that_asks_for_more_is_found(
    changes: dict[str, Any], told: str, tmp_path: Path
) -> None:
    assert any(told in one for one in found(DROPLET_REGISTRY, tmp_path, **changes))


def test_beat_without_a_token_is_found(tmp_path: Path) -> None:
    assert any("wants a token" in one for one in found(DROPLET_ORCHESTRATOR, tmp_path, headers={}))


def test_consumer_that_takes_too_few_words_is_found(tmp_path: Path) -> None:
    health = Need(
        "a look",
        "GET",
        "/health",
        200,
        ("UDC-HEALTH-002",),
        answer={"status": matching("healthy", "healthy")},
    )
    contract = Contract("orchestrator", "droplet", (health,))
    told = [str(one) for one in disagreements(read_pact(write_contract(contract, tmp_path)))]

    assert told == [
        "orchestrator → droplet, a look: body.status: "
        "does not take degraded, unhealthy, which the contract allows"
    ]
