"""What each side needs of the other: consumer contracts, their verification, and the broker."""

from udckit.conformance.pacts._adapter import Verified, has_pact, verify_file, write_contract
from udckit.conformance.pacts._contract import Contract, Need, OneWay
from udckit.conformance.pacts._document import PROVIDERS, PactFile, kit_pacts, pact_of, read_pact
from udckit.conformance.pacts._terms import (
    TOKEN,
    bearer,
    from_state,
    integer,
    json_type,
    like,
    matching,
)
from udckit.conformance.pacts.broker import (
    Broker,
    BrokerAccess,
    Brokered,
    Publication,
    Result,
    bodies_of,
    broker_at,
)
from udckit.conformance.pacts.deployable import Answer, Pair, can_i_deploy, tool_words
from udckit.conformance.pacts.impact import Reliance, reliances
from udckit.conformance.pacts.publishing import pact_files, publication_of, results_of
from udckit.conformance.pacts.recording import Recorded, recorded, write_recorded
from udckit.conformance.pacts.session import Listened, listen_to, read_from
from udckit.conformance.pacts.two_way import Disagreement, disagreements, unused_operations
from udckit.conformance.pacts.verification import Finding, Mismatch, exit_code_of, verify

__all__ = [
    "PROVIDERS",
    "TOKEN",
    "Answer",
    "Broker",
    "BrokerAccess",
    "Brokered",
    "Contract",
    "Disagreement",
    "Finding",
    "Listened",
    "Mismatch",
    "Need",
    "OneWay",
    "PactFile",
    "Pair",
    "Publication",
    "Recorded",
    "Reliance",
    "Result",
    "Verified",
    "bearer",
    "bodies_of",
    "broker_at",
    "can_i_deploy",
    "disagreements",
    "exit_code_of",
    "from_state",
    "has_pact",
    "integer",
    "json_type",
    "kit_pacts",
    "like",
    "listen_to",
    "matching",
    "pact_files",
    "pact_of",
    "publication_of",
    "read_from",
    "read_pact",
    "recorded",
    "reliances",
    "results_of",
    "tool_words",
    "unused_operations",
    "verify",
    "verify_file",
    "write_contract",
    "write_recorded",
]
