"""A right service as generated tests need it: probes to send with, and what its authority gives."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from faults.role_stand import Make, Role, RoleStand, role_stand
from faults.stand import Stand, stand

from udckit.conformance import (
    Identity,
    LiveSource,
    Probe,
    Recorder,
    Redactor,
    Settings,
    TokenShelf,
)
from udckit.conformance.generated.exploring import Explored, explore
from udckit.conformance.surroundings import Enrol, LiveSurroundings

__all__ = ["MakeProbe", "Up", "explored", "probing", "right"]

ROLES: Final[tuple[Role, ...]] = ("registry", "orchestrator")
MakeProbe = Callable[[], Probe]
Up = Stand | RoleStand


@dataclass(frozen=True, slots=True)
class _Facts:
    role: str
    identity: Identity
    token: str | None
    enrol: Enrol | None
    now: Callable[[], float]
    sleep: Callable[[float], None]


def _facts(up: Up) -> _Facts:
    if isinstance(up, Stand):
        return _Facts("droplet", up.identity, up.token, up.enrol, up.now, up.sleep)
    of, clock = up.authority, up.clock
    return _Facts(up.role, of.identity, of.tokens.valid, of.enrol, clock.now, clock.sleep)


@contextlib.contextmanager
def right(name: str, make: Make = "fake") -> Iterator[Up]:
    """Bring up a right Registry or Orchestrator, or one of the droplets by its name."""
    role = next((each for each in ROLES if each == name), None)
    with stand(name) if role is None else role_stand(role, make) as up:
        yield up


@contextlib.contextmanager
def probing(
    up: Up, *, seed: int = 1, **more: Any
) -> Iterator[tuple[Settings, MakeProbe, Recorder]]:
    """Give settings, probes of a service through its proxy, and the record that they write.

    `more` are further settings.
    """
    facts = _facts(up)
    settings = Settings(
        target=up.proxy.url, role=facts.role, identity=facts.identity, seed=seed, **more
    )
    recorder = Recorder()
    redactor = Redactor(on_token=lambda told: recorder.write(told.as_json()))
    around = LiveSurroundings(recorder, redactor, enrols=facts.enrol)
    source = LiveSource(
        settings, recorder, redactor, now=facts.now, sleep=facts.sleep, around=around
    )
    with contextlib.closing(source):
        yield settings, lambda: Probe(settings, source, TokenShelf(facts.token)), recorder


def explored(up: Up, *, seed: int, requests: int, **how: Any) -> Explored:
    """Explore a service with one seed; it is made as new before, where that can be had."""
    if isinstance(up, RoleStand) and up.forget is not None:
        up.forget()
    with probing(up, seed=seed) as (settings, make_probe, _):
        return explore(settings, make_probe, requests=requests, seconds=60.0, **how)
