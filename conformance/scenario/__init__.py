"""Scenarios: what a droplet sends, and how it fails, observed over time."""

from udckit.conformance.scenario._words import BEAT, CALLBACK, REGISTER
from udckit.conformance.scenario.acts import Act, Scenario
from udckit.conformance.scenario.attached import WATCH
from udckit.conformance.scenario.attachment import Attachment
from udckit.conformance.scenario.belief import subjects_in, subjects_of
from udckit.conformance.scenario.clock import FasterClock
from udckit.conformance.scenario.company import Company
from udckit.conformance.scenario.judging import (
    Given,
    attempts,
    beats,
    by_token,
    callbacks,
    fetches,
    gaps,
    given,
    hold,
    lately,
    launched,
    played,
    registered,
    strangers,
)
from udckit.conformance.scenario.outage_scenario import outage_scenario
from udckit.conformance.scenario.outages import is_up, listed
from udckit.conformance.scenario.pulls import Pulled, pulled, pulled_once, pulled_well
from udckit.conformance.scenario.recording import (
    Call,
    Exit,
    Logged,
    Look,
    Noted,
    Recording,
    Recordings,
)
from udckit.conformance.scenario.roles import fitted, scenarios_for, scenarios_of
from udckit.conformance.scenario.runner import Runner
from udckit.conformance.scenario.scenarios import SCENARIOS
from udckit.conformance.scenario.stand import (
    PEER,
    REPLY_TO,
    ProcessTarget,
    Surround,
    Target,
    surround,
)
from udckit.conformance.scenario.watcher import AttachedTo

__all__ = [
    "BEAT",
    "CALLBACK",
    "PEER",
    "REGISTER",
    "REPLY_TO",
    "SCENARIOS",
    "WATCH",
    "Act",
    "AttachedTo",
    "Attachment",
    "Call",
    "Company",
    "Exit",
    "FasterClock",
    "Given",
    "Logged",
    "Look",
    "Noted",
    "ProcessTarget",
    "Pulled",
    "Recording",
    "Recordings",
    "Runner",
    "Scenario",
    "Surround",
    "Target",
    "attempts",
    "beats",
    "by_token",
    "callbacks",
    "fetches",
    "fitted",
    "gaps",
    "given",
    "hold",
    "is_up",
    "lately",
    "launched",
    "listed",
    "outage_scenario",
    "played",
    "pulled",
    "pulled_once",
    "pulled_well",
    "registered",
    "scenarios_for",
    "scenarios_of",
    "strangers",
    "subjects_in",
    "subjects_of",
    "surround",
]
