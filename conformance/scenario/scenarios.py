"""The scenarios of a droplet, as data: what is done to it, and which rows that shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from udckit.conformance.scenario._keyless import KEYLESS
from udckit.conformance.scenario._with_peers import CIRCUIT, PEERS
from udckit.conformance.scenario._words import BEAT, CALLBACK, KEY, LOOKS, REGISTER, rows
from udckit.conformance.scenario.acts import (
    Await,
    Heal,
    Launch,
    Message,
    Note,
    Probe,
    Rotate,
    Scenario,
    Stop,
    Strike,
    Triggered,
    Until,
    Visit,
    Wait,
)
from udckit.fakes import Fault

__all__ = ["SCENARIOS"]

_UDC: Final = ("/health", "/capabilities", "/state", "/dependencies")
_KEY_KEPT: Final = 310.0
"""Seconds for which a key may be kept, one of a wrong type too (CONF-15), and a little."""
_EACH_WORKER: Final = 20
"""Requests after which each of a few workers has been asked, and has a key of its own."""
_OLD: Final = "old"
_UNREGISTERED: Final = 60.0
"""Seconds in which a droplet registers once the Registry is back (REG-CLIENT-008)."""


def _beats(times: int, within: float, what: str, **more: object) -> Await:
    return Await(what, "orchestrator", BEAT, times, within, **more)  # type: ignore[arg-type] # by name


CALM: Final = Scenario(
    name="calm",
    story="Nothing goes wrong: registration, four beats, keys, a message and a quiet end.",
    script=(
        Launch(),
        Await("registered", "registry", REGISTER, within=30.0),
        Visit(),
        *LOOKS,
        _beats(1, 66.0, "first beat"),
        Note("fifty valid"),
        Probe("valid", "/state", "fresh", times=50),
        Note("after fifty valid"),
        Message("message"),
        Note("sampled"),
        _beats(3, 132.0, "third beat", watching=("/health",), every=0.2),
        _beats(4, 67.0, "fourth beat", watching=("/health",), every=5.0),
        *LOOKS,
        Note("fifty invalid"),
        Probe("invalid", "/state", "stranger", times=50),
        Note("after fifty invalid"),
        Stop(),
    ),
    serves=rows(
        {
            "REG-CLIENT": "001 014 002 015 003 004 005 006 009 013",
            "UDC-CAP": "005",
            "ORCH-CLIENT": "001 002 013 003 004 014 005 006 007 011 012",
            "AUTH": "019 020 031",
            "UDC-MSG": "010 012",
            "ORCH-UDC": "001",
            "OPS-ENV": "001 002",
            "OPS-LOG": "001",
            "UDC-HEALTH": "020 008",
            "ERR": "015",
        }
    ),
    length=230.0,
)

SETTINGS: Final = Scenario(
    name="settings",
    story="Five starts under other settings, one of which no contract knows; then a peer fails.",
    script=(
        Launch(
            "development",
            (("ENVIRONMENT", "development"), ("LOG_LEVEL", "DEBUG")),
            slashes=True,
        ),
        Await("registered", "registry", REGISTER, within=30.0),
        *LOOKS,
        Wait(1.0),
        Stop(),
        Launch("staging", (("ENVIRONMENT", "staging"), ("LOG_LEVEL", "WARNING"))),
        Await("registered again", "registry", REGISTER, within=30.0, since="staging"),
        *LOOKS,
        Stop(),
        Launch("production", (("ENVIRONMENT", "production"), ("LOG_LEVEL", "ERROR"))),
        Await("registered once more", "registry", REGISTER, within=30.0, since="production"),
        *LOOKS,
        Wait(1.0),
        Stop(),
        Launch("bad environment", (("ENVIRONMENT", "udckit-moon"),)),
        Stop(),
        Launch("bad level", (("LOG_LEVEL", "UDCKIT-LOUD"),)),
        Stop(),
        Triggered(CIRCUIT),
    ),
    serves=rows(
        {
            "OPS-ENV": "003 006",
            "UDC-STATE": "008",
            "OPS-LOG": "002",
            "ERR": "011 012 013",
        }
    ),
    length=230.0,
)

REGISTRY_DOWN: Final = Scenario(
    name="registry-down",
    story="The Registry is away at the start, then gives no key at another, then goes for a while.",
    script=(
        Strike("registry", (Fault.refuse(),)),
        Launch(answers=False),
        Wait(15.0, ("/health",), 1.0),
        Note("unregistered"),
        *LOOKS,
        Message("message", replies=False),
        Note("registry back"),
        Heal("registry"),
        Launch("relaunch", only_if_exited=True, answers=False),
        Await("registered", "registry", REGISTER, within=_UNREGISTERED, watching=("/health",)),
        Wait(1.0),
        Stop(),
        Strike("registry", (Fault.garbage(200, route=KEY, times=3), Fault.status(503, route=KEY))),
        Launch("keyless", answers=False),
        Await("registered keyless", "registry", REGISTER, within=30.0, since="keyless"),
        Wait(2.0),
        Note("no key"),
        *LOOKS,
        Probe("stranger", "/state", "stranger"),
        *LOOKS,
        Message("message", replies=False),
        *KEYLESS,
        Note("key back"),
        Heal("registry"),
        Launch("relaunch with a key", only_if_exited=True),
        Until("accepted", "/state", within=_KEY_KEPT),
        Probe("warmed", "/state", times=_EACH_WORKER),
        Note("away again"),
        Strike("registry", (Fault.refuse(),)),
        Wait(3.0, ("/health",), 1.0),
        Probe("state", "/state", "fresh"),
        Probe("dependencies", "/dependencies", "fresh"),
        Probe("capabilities", "/capabilities"),
        Message("message", replies=False),
        Heal("registry"),
        Note("all well"),
        Stop(),
    ),
    serves=rows(
        {
            "REG-CLIENT": "007 016 008",
            "AUTH": "022 030 023",
            "ERR": "014 015",
            "UDC-HEALTH": "013",
        }
    ),
    length=500.0,
)

REGISTRY_ODD: Final = Scenario(
    name="registry-odd",
    story="The Registry hangs, then fails in six ways, then gives a token that soon expires.",
    script=(
        Strike(
            "registry",
            (
                Fault.hang(route=REGISTER, times=1),
                Fault.status(500, route=REGISTER, times=1),
                Fault.garbage(201, route=REGISTER, times=1),
                Fault.missing_token(times=1),
                Fault.redirect(route=REGISTER, times=1),
                Fault.status(400, route=REGISTER, times=1),
                Fault.short_lived_token(45.0, times=1),
            ),
        ),
        Launch(answers=False),
        Await("first attempt", "registry", REGISTER, within=40.0, taken=False),
        Until("awake", "/health", within=2.0, every=0.5),
        Note("hanging"),
        Probe("unregistered health", "/health", "none"),
        Probe("unregistered state", "/state"),
        Await(
            "second attempt",
            "registry",
            REGISTER,
            times=2,
            within=45.0,
            taken=False,
            watching=("/health",),
            every=1.0,
        ),
        Note("failing"),
        Await(
            "seventh attempt",
            "registry",
            REGISTER,
            times=7,
            within=90.0,
            taken=False,
            watching=("/health",),
            every=2.0,
        ),
        Note("relaunch is due"),
        Launch("relaunch", only_if_exited=True, cured=(Fault.short_lived_token(45.0, times=1),)),
        Await("registered", "registry", REGISTER, within=30.0, since="relaunch is due"),
        Note("short-lived"),
        Await(
            "registered again",
            "registry",
            REGISTER,
            within=115.0,
            since="short-lived",
            watching=("/health",),
            every=5.0,
        ),
        Wait(3.0),
        Stop(),
    ),
    serves=rows(
        {
            "REG-CLIENT": "007 016 009 010 011 012",
            "UDC-HEALTH": "007 013",
            "SEC": "010",
        }
    ),
    length=290.0,
)

ORCHESTRATOR_AWAY: Final = Scenario(
    name="orchestrator-away",
    story="Nobody listens at the start, a beat is never answered, one meets 500, one is taken.",
    script=(
        Strike("orchestrator", (Fault.refuse(),)),
        Launch(),
        Await("registered", "registry", REGISTER, within=30.0),
        Wait(8.0, _UDC, 4.0),
        Message("message", replies=False),
        Heal("orchestrator"),
        Strike("orchestrator", (Fault.hang(route=BEAT),)),
        Note("hanging"),
        _beats(1, 66.0, "hung beat", taken=False, watching=_UDC, every=10.0),
        Wait(46.0, ("/health",), 1.0),
        Heal("orchestrator"),
        Strike("orchestrator", (Fault.status(500, route=BEAT),)),
        Note("failing"),
        _beats(1, 30.0, "failed beat", taken=False, since="failing", watching=_UDC, every=10.0),
        Heal("orchestrator"),
        Note("orchestrator back"),
        _beats(1, 66.0, "next beat", since="orchestrator back", watching=("/health",), every=5.0),
        Stop(),
    ),
    serves=rows(
        {
            "ORCH-CLIENT": "007 008",
            "UDC-HEALTH": "007 013",
            "ERR": "014 015",
            "SEC": "010",
        }
    ),
    length=250.0,
)

TOKEN_REFUSED: Final = Scenario(
    name="token-refused",
    story="A beat is refused, one is answered in no JSON, callbacks fail, the key is rotated.",
    script=(
        Strike("orchestrator", (Fault.status(401, route=BEAT, times=1),)),
        Strike("peer", (Fault.status(503, route=CALLBACK),)),
        Launch(),
        Await("registered", "registry", REGISTER, within=30.0),
        Message("message"),
        _beats(1, 66.0, "refused beat", taken=False),
        Await("called back twice", "peer", CALLBACK, 2, within=15.0, taken=False),
        Await("registered again", "registry", REGISTER, times=2, within=70.0),
        _beats(1, 70.0, "beat taken"),
        Wait(5.0),
        Heal("peer"),
        Strike("peer", (Fault.delay(15.0, route=CALLBACK),)),
        Message("slow message"),
        Message("plain message", replies=False),
        Wait(16.0),
        Heal("peer"),
        Strike("peer", (Fault.status(400, route=CALLBACK),)),
        Message("refused message"),
        Wait(5.0),
        Heal("peer"),
        Note("answers in no JSON"),
        Strike("orchestrator", (Fault.malformed_json(route=BEAT),)),
        _beats(1, 66.0, "beat answered in no JSON", since="answers in no JSON"),
        Heal("orchestrator"),
        Note("answers in JSON"),
        _beats(1, 66.0, "beat after that", since="answers in JSON"),
        Probe("before rotation", "/state"),
        Rotate(),
        Until("after rotation", "/state", within=300.0, every=10.0),
        Until("old token", "/state", 401, within=300.0, every=5.0, token=_OLD),
        Note("settled"),
        Stop(),
    ),
    serves=rows(
        {
            "ORCH-CLIENT": "009 007",
            "ERR": "007 018 008 009",
            "AUTH": "021",
            "UDC-MSG": "009 019",
        }
    ),
    length=910.0,
)

_ALL: Final = (
    CALM,
    SETTINGS,
    REGISTRY_DOWN,
    REGISTRY_ODD,
    ORCHESTRATOR_AWAY,
    TOKEN_REFUSED,
    PEERS,
)
SCENARIOS: Final[Mapping[str, Scenario]] = {each.name: each for each in _ALL}
"""All of them, by name."""
