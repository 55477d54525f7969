"""The stand for the other roles: a right Registry or Orchestrator behind the proxy."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from faults.fault import Fault
from faults.proxy import FaultProxy
from faults.stand import Seen
from udckit import fakes
from udckit.conformance import (
    Engine,
    LiveSource,
    Recorder,
    Redactor,
    Settings,
    TokenShelf,
)
from udckit.conformance.authority import Authority, from_registry
from udckit.conformance.scenario import FasterClock
from udckit.conformance.surroundings import LiveSurroundings
from udckit.conformance.target import launch
from udckit.specs import catalogue

__all__ = ["Make", "Role", "RoleStand", "own_rows", "role_stand"]

Role = Literal["registry", "orchestrator"]
Make = Literal["fake", "aiohttp"]

_FLEET: Final = Path(__file__).parents[1] / "fleet"
_FAMILIES: Final = {
    "registry": ("REG-REGISTER-", "REG-TOKEN-", "REG-KEY-", "REG-SVC-", "REG-HEALTH-", "REG-UDC-"),
    "orchestrator": ("ORCH-HB-", "ORCH-TASK-", "ORCH-UDC-"),
}
_DAY: Final = 86_400
_STARTUP: Final = 20.0
_SILENCE: Final = 180.0


def own_rows(role: Role, *stages: str) -> tuple[str, ...]:
    """Name the rows that only this role has, of some stages."""
    return tuple(
        row.id
        for row in catalogue().values()
        if row.id.startswith(_FAMILIES[role]) and row.stage in stages
    )


@dataclass(frozen=True, slots=True)
class RoleStand:
    """A right target of a role, reached through the proxy, with a token that it takes."""

    role: Role
    proxy: FaultProxy
    authority: Authority
    clock: fakes.Clock
    forget: Callable[[], None] | None = None
    """Makes the target as new, where that can be had."""

    def can_show(self, fault: Fault) -> bool:
        """True where the target can be what a fault needs: as new, for a name that is unused."""
        return not fault.needs or self.forget is not None

    def alone(self) -> RoleStand:
        """The same, but that the kit has a token and no Registry to register anybody at."""
        return replace(self, authority=replace(self.authority, enrol=None))

    def run(
        self,
        fault: Fault | None = None,
        *,
        only: tuple[str, ...] = (),
        stages: tuple[str, ...] = ("shape",),
        **more: Any,
    ) -> Seen:
        """Judge the target under a fault: whole stages, or only some rows with their needs.

        Where only rows are asked and time would have to pass, nobody waits: what a fault does is
        seen at once, and a right token of the other Registry differs from the one before.
        `more` are further settings.
        """
        settings = Settings(
            target=self.proxy.url,
            role=self.role,
            reached="authority",
            only=only,
            stages=stages,
            identity=self.authority.identity,
            **more,
        )
        hurried = fault is not None and bool(only) and isinstance(self.clock, fakes.SystemClock)
        recorder = Recorder()
        redactor = Redactor(
            signed_by=self.authority.signed_by,
            on_token=lambda facts: recorder.write(facts.as_json()),
        )
        shelf = self.authority.tokens
        if shelf.valid is not None:
            redactor.issued(shelf.valid, "the kit's valid token")
        source = LiveSource(
            settings,
            recorder,
            redactor,
            now=self.clock.now,
            sleep=_at_once if hurried else self.clock.sleep,
            measures={"floor": lambda: 0.01},
            around=LiveSurroundings(recorder, redactor, enrols=self.authority.enrol),
        )
        if self.forget is not None:
            self.forget()
        self.proxy.strike(fault)
        try:
            outcomes = Engine(settings, source, TokenShelf(shelf.valid), recorder).run()
        finally:
            source.close()
        return Seen(outcomes, self.proxy.struck, recorder.record())


def _at_once(seconds: float) -> None:
    """Let no time pass."""


@contextlib.contextmanager
def role_stand(
    role: Role, make: Make, *, faster: float = 1.0, **behaviour: Any
) -> Iterator[RoleStand]:
    """Bring a fake up, or the other right one in its own process; both of the same make.

    The fakes live on a clock that is moved by hand, so that nobody waits. To the other
    Orchestrator three minutes of silence are as much `faster` over. `behaviour` is a
    FakeOrchestrator's.
    """
    with contextlib.ExitStack() as stack:
        clock: fakes.Clock = fakes.SystemClock()
        forget = None
        if make == "fake":
            clock = fakes.ManualClock(time.time())
            kit = stack.enter_context(fakes.FakeRegistry(clock=clock, token_lifetime=_DAY))
            registry = url = kit.url
            forget = kit.reset
            if role == "orchestrator":
                orchestrator = fakes.FakeOrchestrator(registry=kit, clock=clock, **behaviour)
                url = stack.enter_context(orchestrator).url
                forget = orchestrator.reset
        else:
            registry = url = stack.enter_context(_launched("registry"))
            if role == "orchestrator":
                silence = f"{_SILENCE / faster:g}"
                url = stack.enter_context(
                    _launched("orchestrator", REGISTRY_URL=registry, SILENCE=silence)
                )
                if faster > 1:
                    clock = hurried = FasterClock(faster)
                    hurried.hurry()
        authority = from_registry(registry)
        proxy = stack.enter_context(FaultProxy(url, token=authority.tokens.valid))
        yield RoleStand(role, proxy, authority, clock, forget)


@contextlib.contextmanager
def _launched(role: Role, **environment: str) -> Iterator[str]:
    script = _FLEET / f"aiohttp_{role}" / f"{role}.py"
    with launch(
        f"'{sys.executable}' '{script}' {{port}}", environment, startup=_STARTUP
    ) as running:
        yield running.url
