"""`python -m pacts` in tests/: writes the kit's consumer contracts to specs/pacts/."""

import sys
from pathlib import Path

from pacts.consumers import client_of
from pacts.contracts import CONTRACTS
from udckit.conformance.pacts import write_contract

for contract in CONTRACTS:
    path = write_contract(contract, Path(__file__).parents[2] / "specs/pacts", client_of(contract))
    sys.stdout.write(f"{path.name}\n")
