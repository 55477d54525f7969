"""The kit's consumer contracts are what real client code does, and are committed as it does it."""

from pathlib import Path

import pytest

from pacts.consumers import client_of
from pacts.contracts import CONTRACTS
from udckit.conformance.pacts import Contract, write_contract

COMMITTED = Path(__file__).parents[2] / "specs" / "pacts"


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: one.file_name)
def test_contract_written_by_its_consumer_is_the_committed_one(
    contract: Contract, tmp_path: Path
) -> None:
    written = write_contract(contract, tmp_path, client_of(contract))

    assert written.read_text("utf-8") == (COMMITTED / contract.file_name).read_text("utf-8"), (
        "the contract changed: look at the difference, then `python -m pacts` in tests/ writes it"
    )
