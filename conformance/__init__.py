"""How it is judged: target, probe, expectation, verdict, engine, run record; suites by surface."""

from udckit.conformance._curl import curl
from udckit.conformance.battery import LockoutError, bracketed, dressed, refused, served, shown
from udckit.conformance.certify import RECORD_NAME, Reached, certify, reach
from udckit.conformance.check import Check, all_checks, verifies
from udckit.conformance.doors import Door, door, doors, listed_routes
from udckit.conformance.ending import EXIT, exit_code, wanted_rows
from udckit.conformance.engine import Engine, Outcomes, rejudge
from udckit.conformance.errors import (
    BrokerError,
    InvocationError,
    NotApplicable,
    NotObserved,
    Outcome,
    UdckitError,
    UnreachableError,
    Violation,
)
from udckit.conformance.exchange import Answer, Exchange, Request
from udckit.conformance.expect import Expectation, expect, operation_of
from udckit.conformance.gates import BoxResult, StageResult, box_results, stage_results
from udckit.conformance.heard import Heard, Line, Sender
from udckit.conformance.judge import root_cause
from udckit.conformance.known_failures import KnownFailure
from udckit.conformance.observation import MISSING, Observation, quote
from udckit.conformance.options import (
    BUILT_STAGES,
    DECLARABLE,
    Options,
    certifiable,
    read_configuration,
)
from udckit.conformance.probe import ANONYMOUS, UDC_PATHS, VALID, Ask, Probe, TokenShelf
from udckit.conformance.record import Recorder, RunRecord, dump, read_record
from udckit.conformance.redaction import Redactor, TokenFacts
from udckit.conformance.ruling import Ruling, rule
from udckit.conformance.settings import ROLES, STAGES, Identity, Safety, Settings
from udckit.conformance.sofar import VerdictsSoFar
from udckit.conformance.source import LiveSource, ReplaySource, Source
from udckit.conformance.trigger import Trigger, read_trigger
from udckit.conformance.verdict import VERDICTS, Verdict

__all__ = [
    "ANONYMOUS",
    "BUILT_STAGES",
    "DECLARABLE",
    "EXIT",
    "MISSING",
    "RECORD_NAME",
    "ROLES",
    "STAGES",
    "UDC_PATHS",
    "VALID",
    "VERDICTS",
    "Answer",
    "Ask",
    "BoxResult",
    "BrokerError",
    "Check",
    "Door",
    "Engine",
    "Exchange",
    "Expectation",
    "Heard",
    "Identity",
    "InvocationError",
    "KnownFailure",
    "Line",
    "LiveSource",
    "LockoutError",
    "NotApplicable",
    "NotObserved",
    "Observation",
    "Options",
    "Outcome",
    "Outcomes",
    "Probe",
    "Reached",
    "Recorder",
    "Redactor",
    "ReplaySource",
    "Request",
    "Ruling",
    "RunRecord",
    "Safety",
    "Sender",
    "Settings",
    "Source",
    "StageResult",
    "TokenFacts",
    "TokenShelf",
    "Trigger",
    "UdckitError",
    "UnreachableError",
    "Verdict",
    "VerdictsSoFar",
    "Violation",
    "all_checks",
    "box_results",
    "bracketed",
    "certifiable",
    "certify",
    "curl",
    "door",
    "doors",
    "dressed",
    "dump",
    "exit_code",
    "expect",
    "listed_routes",
    "operation_of",
    "quote",
    "reach",
    "read_configuration",
    "read_record",
    "read_trigger",
    "refused",
    "rejudge",
    "root_cause",
    "rule",
    "served",
    "shown",
    "stage_results",
    "verifies",
    "wanted_rows",
]
