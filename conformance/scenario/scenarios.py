"""The scenarios of a droplet, as data: what is done to it, and which rows that shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
    Until,
    Visit,
    Wait,
)
from udckit.fakes import Fault

__all__ = ["BEAT", "REGISTER", "SCENARIOS"]

REGISTER: Final = "POST /register"
BEAT: Final = "POST /heartbeat"
_KEY: Final = "GET /auth/public-key"

_UDC: Final = ("/health", "/capabilities", "/state", "/dependencies")
_LOOKS: Final = (
    Probe("health", "/health", "none"),
    Probe("capabilities", "/capabilities"),
    Probe("state", "/state"),
    Probe("dependencies", "/dependencies"),
)
_UNREGISTERED: Final = 60.0
"""Seconds in which a droplet registers once the Registry is back (REG-CLIENT-008)."""


def _rows(families: Mapping[str, str]) -> frozenset[str]:
    return frozenset(
        f"{name}-{each}" for name, each_of in families.items() for each in each_of.split()
    )


def _beats(times: int, within: float, what: str, **more: object) -> Await:
    return Await(what, "orchestrator", BEAT, times, within, **more)  # type: ignore[arg-type] # by name


CALM: Final = Scenario(
    name="calm",
    story="Nothing goes wrong: registration, four beats, keys, a message and a quiet end.",
    script=(
        Launch(),
        Await("registered", "registry", REGISTER, within=30.0),
        Visit(),
        *_LOOKS,
        _beats(1, 66.0, "first beat"),
        Note("fifty valid"),
        Probe("valid", "/state", "fresh", times=50),
        Note("after fifty valid"),
        Message("message"),
        Note("sampled"),
        _beats(3, 132.0, "third beat", watching=("/health",), every=0.2),
        _beats(4, 67.0, "fourth beat", watching=("/health",), every=5.0),
        *_LOOKS,
        Note("fifty invalid"),
        Probe("invalid", "/state", "stranger", times=50),
        Note("after fifty invalid"),
        Stop(),
    ),
    serves=_rows(
        {
            "REG-CLIENT": "001 014 002 015 003 004 005 006 013",
            "UDC-CAP": "005",
            "ORCH-CLIENT": "001 002 013 003 004 014 005 006 011 012",
            "AUTH": "019 020 031",
            "UDC-MSG": "010 012",
            "UDC-CB": "001",
            "ORCH-UDC": "001",
            "OPS-ENV": "001 002",
            "OPS-LOG": "001",
            "UDC-HEALTH": "020 008",
        }
    ),
    length=230.0,
)

ENVIRONMENTS: Final = Scenario(
    name="environments",
    story="Five starts under other settings, one of which no contract knows.",
    script=(
        Launch(
            "development",
            (("ENVIRONMENT", "development"), ("LOG_LEVEL", "DEBUG")),
            slashes=True,
        ),
        Await("registered", "registry", REGISTER, within=30.0),
        *_LOOKS,
        Wait(1.0),
        Stop(),
        Launch("staging", (("ENVIRONMENT", "staging"), ("LOG_LEVEL", "WARNING"))),
        Await("registered again", "registry", REGISTER, within=30.0, since="staging"),
        *_LOOKS,
        Stop(),
        Launch("production", (("ENVIRONMENT", "production"), ("LOG_LEVEL", "ERROR"))),
        Await("registered once more", "registry", REGISTER, within=30.0, since="production"),
        *_LOOKS,
        Wait(1.0),
        Stop(),
        Launch("bad environment", (("ENVIRONMENT", "udckit-moon"),)),
        Stop(),
        Launch("bad level", (("LOG_LEVEL", "UDCKIT-LOUD"),)),
        Stop(),
    ),
    serves=_rows(
        {
            "OPS-ENV": "003 006",
            "UDC-STATE": "008",
            "OPS-LOG": "002",
        }
    ),
    length=60.0,
)

REGISTRY_DOWN: Final = Scenario(
    name="registry-down",
    story="The Registry is away at the start; then it gives no key; then it goes and comes back.",
    script=(
        Strike("registry", (Fault.refuse(),)),
        Launch(answers=False),
        Wait(15.0, ("/health",), 1.0),
        Note("unregistered"),
        *_LOOKS,
        Message("message", replies=False),
        Note("registry back"),
        Heal("registry"),
        Strike("registry", (Fault.status(503, route=_KEY),)),
        Launch(
            "relaunch",
            only_if_exited=True,
            answers=False,
            cured=(Fault.status(503, route=_KEY),),
        ),
        Await("registered", "registry", REGISTER, within=_UNREGISTERED, watching=("/health",)),
        Note("no key"),
        *_LOOKS,
        Message("message", replies=False),
        Note("key back"),
        Heal("registry"),
        Until("accepted", "/state", within=75.0),
        Note("away again"),
        Strike("registry", (Fault.refuse(),)),
        Wait(3.0, ("/health",), 1.0),
        *_LOOKS,
        Message("message", replies=False),
        Heal("registry"),
        Note("all well"),
        Stop(),
    ),
    serves=_rows(
        {
            "REG-CLIENT": "007 016 008",
            "AUTH": "022 030 023",
        }
    ),
    length=170.0,
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
        Await(
            "first attempt",
            "registry",
            REGISTER,
            within=40.0,
            taken=False,
        ),
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
        Await("registered", "registry", REGISTER, within=30.0, since="relaunch"),
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
    serves=_rows(
        {
            "REG-CLIENT": "009 010 011 012",
        }
    ),
    length=290.0,
)

ORCHESTRATOR_FAILS: Final = Scenario(
    name="orchestrator-fails",
    story="Two beats meet an Orchestrator that answers nonsense, then 500; the third is taken.",
    script=(
        Strike("orchestrator", (Fault.malformed_json(route=BEAT, times=1),)),
        Launch(),
        Await("registered", "registry", REGISTER, within=30.0),
        _beats(1, 66.0, "first attempt", taken=False),
        Note("failing"),
        Strike("orchestrator", (Fault.status(500, route=BEAT),)),
        Wait(65.0, _UDC, 5.0),
        Heal("orchestrator"),
        Note("orchestrator back"),
        _beats(1, 70.0, "next beat", since="orchestrator back", watching=("/health",), every=5.0),
        Stop(),
    ),
    serves=_rows(
        {
            "ORCH-CLIENT": "007",
        }
    ),
    length=180.0,
)

ORCHESTRATOR_HANGS: Final = Scenario(
    name="orchestrator-hangs",
    story="The first beat is never answered, the second meets a closed door, the third is taken.",
    script=(
        Strike("orchestrator", (Fault.hang(route=BEAT),)),
        Launch(),
        Await("registered", "registry", REGISTER, within=30.0),
        _beats(1, 66.0, "first attempt", taken=False),
        Note("hanging"),
        Wait(35.0, ("/health",), 1.0),
        Heal("orchestrator"),
        Strike("orchestrator", (Fault.refuse(),)),
        Note("refusing"),
        Wait(31.0, _UDC, 5.0),
        Heal("orchestrator"),
        Note("orchestrator back"),
        _beats(1, 66.0, "next beat", since="orchestrator back", watching=("/health",), every=5.0),
        Stop(),
    ),
    serves=_rows(
        {
            "ORCH-CLIENT": "008",
        }
    ),
    length=180.0,
)

TOKEN_REFUSED: Final = Scenario(
    name="token-refused",
    story="A beat is refused with 401, callbacks meet a 503 and a slow peer, the key is rotated.",
    script=(
        Strike("orchestrator", (Fault.status(401, route=BEAT, times=1),)),
        Strike("peer", (Fault.status(503, route="POST /callback", times=1),)),
        Launch(),
        Await("registered", "registry", REGISTER, within=30.0),
        _beats(1, 66.0, "refused beat", taken=False),
        Message("message"),
        Await("called back twice", "peer", "POST /callback", 2, within=15.0, taken=False),
        Await("registered again", "registry", REGISTER, times=2, within=70.0),
        _beats(1, 70.0, "beat taken"),
        Strike("peer", (Fault.delay(15.0, route="POST /callback"),)),
        Message("slow message"),
        Message("plain message", replies=False),
        Wait(16.0),
        Heal("peer"),
        Probe("before rotation", "/state"),
        Rotate(),
        Until("after rotation", "/state", within=300.0, every=10.0),
        Note("settled"),
        Stop(),
    ),
    serves=_rows(
        {
            "ORCH-CLIENT": "009",
            "ERR": "018 008 009",
            "AUTH": "021",
            "UDC-MSG": "009 019",
        }
    ),
    length=470.0,
)

_ALL: Final = (
    CALM,
    ENVIRONMENTS,
    REGISTRY_DOWN,
    REGISTRY_ODD,
    ORCHESTRATOR_FAILS,
    ORCHESTRATOR_HANGS,
    TOKEN_REFUSED,
)
SCENARIOS: Final[Mapping[str, Scenario]] = {each.name: each for each in _ALL}
