"""What is played with the operator's trigger: peers found, moved, failing and gone."""

from __future__ import annotations

from typing import Final

from udckit.conformance.scenario._words import LOOK_UP, REGISTER, rows
from udckit.conformance.scenario.acts import (
    Await,
    Heal,
    Launch,
    Move,
    Note,
    Pull,
    PullOthers,
    Scenario,
    Stop,
    Strike,
    Triggered,
    Wait,
)
from udckit.fakes import Fault

__all__ = ["CIRCUIT", "PEERS"]

_FAILURES: Final = 8
_RESTED: Final = 61.0
_SETTLES: Final = 65.0
"""Seconds in which a trigger works again: a breaker rests for 60 (ERR-012)."""
_LONGEST_LIFE: Final = 300.0
"""Seconds after which an address that was remembered is asked for again (CONF-20)."""

CIRCUIT: Final = (
    Launch("circuit"),
    Await("registered for the circuit", "registry", REGISTER, within=30.0, since="circuit"),
    Pull("circuit closed", within=_SETTLES),
    Strike("peer", (Fault.reset(),)),
    Pull("lost", times=_FAILURES),
    Note("circuit rests"),
    Wait(_RESTED),
    Pull("trial that fails"),
    Pull("right after it"),
    Heal("peer"),
    Wait(_RESTED),
    Pull("trial that succeeds"),
    Pull("closed again"),
    Strike("peer", (Fault.status(500),)),
    Pull("failed with 500", times=_FAILURES),
    Note("circuit over"),
    Heal("peer"),
    Stop(),
)
"""Five connections lost in a row open the circuit, and so should five answers of 500."""

PEERS: Final = Scenario(
    name="peers",
    story="A peer is unknown, found, asked often, fails in every way, moves, and is gone.",
    script=(
        Triggered(
            (
                Strike("registry", (Fault.status(404, route=LOOK_UP),)),
                Launch(),
                Await("registered", "registry", REGISTER, within=30.0),
                Pull("unknown peer"),
                Heal("registry"),
                Pull("first call", within=_SETTLES),
                Pull("call", times=20),
                PullOthers(),
                Pull("odd name", to="udckit odd?\u00e4#b", known=True),
                Strike("registry", (Fault.refuse(),)),
                Pull("known peer, no Registry"),
                Heal("registry"),
                Strike("peer", (Fault.status(503, times=2),)),
                Pull("peer flaky"),
                Heal("peer"),
                Strike("peer", (Fault.status(400),)),
                Pull("peer refuses the request"),
                Heal("peer"),
                Strike("peer", (Fault.status(401, times=1),)),
                Pull("peer refuses the token"),
                Heal("peer"),
                Pull("settled", within=_SETTLES),
                Strike("peer", (Fault.refuse(),)),
                Pull("peer down"),
                Heal("peer"),
                Strike("peer", (Fault.hang(),)),
                Pull("peer hangs"),
                Pull("message that hangs", which=1),
                Heal("peer"),
                Strike("peer", (Fault.malformed_json(),)),
                Pull("peer talks nonsense"),
                Heal("peer"),
                Pull("recovered", within=_SETTLES),
                Move(),
                Pull("peer moved", within=_LONGEST_LIFE, every=5.0),
                Stop(),
                Launch("nothing known"),
                Await("registered again", "registry", REGISTER, within=30.0, since="nothing known"),
                Strike("registry", (Fault.hang(route=LOOK_UP),)),
                Pull("look-up hangs"),
                Heal("registry"),
                Strike("registry", (Fault.refuse(),)),
                Pull("Registry down"),
                Heal("registry"),
                Pull("Registry back", within=_SETTLES),
                Stop(),
            )
        ),
    ),
    serves=rows(
        {
            "DISC": "001 002 003 004 005 006 007 008 009 010 011",
            "ERR": "007 008 009 010 016",
            "SEC": "010",
            "UDC-CB": "001",
        }
    ),
    length=240.0,
)
