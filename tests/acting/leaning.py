"""A Registry and an Orchestrator that lean on the other side: rightly, or in one wrong way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from udckit.fakes import FakeOrchestrator, FakeRegistry, OrchestratorSettings, RegistrySettings
from udckit.fakes._client import Client, UnreachableError
from udckit.fakes._http import Answer, Request

__all__ = ["HABITS", "leaning"]

HABITS: Final = ("right", "state fails", "health waits", "health fails", "silent", "floods")
"""What comes of it that the other side is away."""

_PATIENCE = 2.0
_LONG = 4.0
_FLOOD = 600
_FAILED = Answer(500, {"error": {"code": "INTERNAL_ERROR", "message": "It failed"}})


class _LeaningRegistry(FakeRegistry):
    """Asks its Orchestrator how it is with each /state; no contract forbids that."""

    def __init__(self, habit: str, orchestrator: str, **facts: Any) -> None:
        self.habit, self.orchestrator, self.is_alone = habit, orchestrator, False
        self.client = Client(facts["clock"])
        super().__init__(**facts)

    async def _stopping(self) -> None:
        await self.client.close()
        await super()._stopping()

    async def _look(self, seconds: float) -> None:
        try:
            reply = await self.client.get(f"{self.orchestrator}/health", timeout=seconds)
            self.is_alone = reply.status >= 500
        except UnreachableError as trouble:
            self.is_alone = True
            self._log.warning("the Orchestrator is away", extra={"cause": str(trouble)})

    async def _state(self, request: Request) -> Answer:  # type: ignore[override] # the fakes await it
        await self._look(_PATIENCE)
        return _state(self, super()._state(request), alone=self.is_alone)

    async def _health(self, request: Request) -> Answer:  # type: ignore[override] # likewise
        if self.habit == "health waits":
            await self._look(_LONG)
        return _health(self, super()._health(request), alone=self.is_alone)


class _LeaningOrchestrator(FakeOrchestrator):
    """Is the kit's own but for its habit."""

    def __init__(self, habit: str, **facts: Any) -> None:
        self.habit = habit
        super().__init__(**facts)

    @property
    def is_alone(self) -> bool:
        return not self._standing.is_registered

    def _state(self, request: Request) -> Answer:
        return _state(self, super()._state(request), alone=self.is_alone)

    async def _health(self, request: Request) -> Answer:  # type: ignore[override] # the fakes await it
        if self.habit == "health waits" and self.is_alone:
            await self.clock.asleep(_LONG)
        return _health(self, super()._health(request), alone=self.is_alone)


_Leaning = _LeaningRegistry | _LeaningOrchestrator


def _state(one: _Leaning, right: Answer, *, alone: bool) -> Answer:
    return _FAILED if alone and one.habit == "state fails" else right


def _health(one: _Leaning, right: Answer, *, alone: bool) -> Answer:
    if alone and one.habit == "floods":
        for _ in range(_FLOOD):
            one._log.warning("still away")
    return _FAILED if alone and one.habit == "health fails" else right


def leaning(habit: str) -> Callable[..., _Leaning]:
    """Give what makes one of this habit from its settings."""
    if habit not in HABITS:
        raise ValueError(f"no habit is called {habit!r}; there are {', '.join(HABITS)}")

    def make(settings: RegistrySettings, **facts: Any) -> _Leaning:
        if habit == "silent":
            facts["log"] = logging.Logger("udckit.silent")  # noqa: LOG001 - nobody hears it
            facts["log"].addHandler(logging.NullHandler())
        if isinstance(settings, OrchestratorSettings):
            return _LeaningOrchestrator(
                habit, registry=settings.registry_url, **settings.facts, **facts
            )
        return _LeaningRegistry(habit, settings.orchestrator_url, **settings.facts, **facts)

    return make
