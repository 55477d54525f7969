"""What each side needs of the other: consumer contracts, their verification, and the broker."""

from udckit.conformance.pacts._adapter import Verified, has_pact, verify_file, write_contract
from udckit.conformance.pacts._contract import Contract, Need, OneWay
from udckit.conformance.pacts._document import PactFile, kit_pacts, read_pact
from udckit.conformance.pacts._terms import (
    TOKEN,
    bearer,
    from_state,
    integer,
    json_type,
    like,
    matching,
)
from udckit.conformance.pacts.two_way import Disagreement, disagreements, unused_operations
from udckit.conformance.pacts.verification import Finding, Mismatch, exit_code_of, verify

__all__ = [
    "TOKEN",
    "Contract",
    "Disagreement",
    "Finding",
    "Mismatch",
    "Need",
    "OneWay",
    "PactFile",
    "Verified",
    "bearer",
    "disagreements",
    "exit_code_of",
    "from_state",
    "has_pact",
    "integer",
    "json_type",
    "kit_pacts",
    "like",
    "matching",
    "read_pact",
    "unused_operations",
    "verify",
    "verify_file",
    "write_contract",
]
