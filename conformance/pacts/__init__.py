"""What each side needs of the other: consumer contracts, their verification, and the broker.

A report asks for one name of many, and a run that failed is told at once: each is imported when
it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from udckit.conformance.pacts._access import BrokerAccess
    from udckit.conformance.pacts._adapter import Verified, has_pact, verify_file, write_contract
    from udckit.conformance.pacts._contract import Contract, Need, OneWay
    from udckit.conformance.pacts._document import (
        PROVIDERS,
        PactFile,
        kit_pacts,
        pact_of,
        read_pact,
    )
    from udckit.conformance.pacts._sent import Brokered, Publication, Result, bodies_of
    from udckit.conformance.pacts._terms import (
        TOKEN,
        bearer,
        from_state,
        integer,
        json_type,
        like,
        matching,
        worded,
    )
    from udckit.conformance.pacts.broker import Broker, broker_at
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
    "worded",
    "write_contract",
    "write_recorded",
]

_WHERE = {
    "PROVIDERS": "_document",
    "TOKEN": "_terms",
    "Answer": "deployable",
    "Broker": "broker",
    "BrokerAccess": "_access",
    "Brokered": "_sent",
    "Contract": "_contract",
    "Disagreement": "two_way",
    "Finding": "verification",
    "Listened": "session",
    "Mismatch": "verification",
    "Need": "_contract",
    "OneWay": "_contract",
    "PactFile": "_document",
    "Pair": "deployable",
    "Publication": "_sent",
    "Recorded": "recording",
    "Reliance": "impact",
    "Result": "_sent",
    "Verified": "_adapter",
    "bearer": "_terms",
    "bodies_of": "_sent",
    "broker_at": "broker",
    "can_i_deploy": "deployable",
    "disagreements": "two_way",
    "exit_code_of": "verification",
    "from_state": "_terms",
    "has_pact": "_adapter",
    "integer": "_terms",
    "json_type": "_terms",
    "kit_pacts": "_document",
    "like": "_terms",
    "listen_to": "session",
    "matching": "_terms",
    "pact_files": "publishing",
    "pact_of": "_document",
    "publication_of": "publishing",
    "read_from": "session",
    "read_pact": "_document",
    "recorded": "recording",
    "reliances": "impact",
    "results_of": "publishing",
    "tool_words": "deployable",
    "unused_operations": "two_way",
    "verify": "verification",
    "verify_file": "_adapter",
    "worded": "_terms",
    "write_contract": "_adapter",
    "write_recorded": "recording",
}


def __getattr__(name: str) -> object:
    """Import what is asked for."""
    if name in _WHERE:
        return getattr(import_module(f"udckit.conformance.pacts.{_WHERE[name]}"), name)
    raise AttributeError(f"module 'udckit.conformance.pacts' has no attribute {name!r}")
