"""What each side needs of the other: consumer contracts, their verification, and the broker."""

from udckit.conformance.pacts._adapter import Verified, has_pact, verify_file, write_contract
from udckit.conformance.pacts._contract import Contract, Need, OneWay
from udckit.conformance.pacts._terms import (
    TOKEN,
    bearer,
    from_state,
    integer,
    json_type,
    like,
    matching,
)

__all__ = [
    "TOKEN",
    "Contract",
    "Need",
    "OneWay",
    "Verified",
    "bearer",
    "from_state",
    "has_pact",
    "integer",
    "json_type",
    "like",
    "matching",
    "verify_file",
    "write_contract",
]
