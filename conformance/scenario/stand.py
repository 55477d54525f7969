"""Where a scenario is played: one target, its Registry and Orchestrator, and a peer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from udckit.conformance.heard import Line
from udckit.conformance.target import Launched
from udckit.fakes import Behaviour, Clock, FakeDroplet, FakeOrchestrator, FakeRegistry

__all__ = ["PEER", "REPLY_TO", "WORK", "ProcessTarget", "Surround", "Target", "surround"]

PEER: Final = "udckit-peer"
REPLY_TO: Final = "/callback?for=udckit"
"""Path and query of the peer's address: a callback goes to exactly that."""
WORK: Final = "udckit-work"
"""What the peer is capable of: the type of the tasks that an Orchestrator is given."""
_PEER_ID: Final = 990_002
_QUIET: Final = Behaviour(registers=False, beats=False, fetches_key=False)
"""The peer asks the Registry nothing, so that its journal holds the target's calls alone."""


class Target(Protocol):
    """A droplet that can be started anew under an environment, as a supervisor does it."""

    @property
    def url(self) -> str:
        """Where it listens."""
        ...

    @property
    def exit_status(self) -> int | None:
        """The exit status; None while it runs."""
        ...

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it; the one that ran before has ended."""
        ...

    def stop(self) -> int | None:
        """End it and give its exit status, where it has one."""
        ...

    def take_lines(self) -> Sequence[Line]:
        """Give what it wrote since the last time, stamped by the machine's clock."""
        ...

    def at_own_speed(self) -> contextlib.AbstractContextManager[None]:
        """Let it live at the machine's speed as long as the context lasts."""
        ...


class ProcessTarget:
    """A launched command."""

    def __init__(self, command: str, environment: Mapping[str, str | None]) -> None:
        self._command = command
        self._environment = environment
        self._running: Launched | None = None
        self._taken = 0

    @property
    def url(self) -> str:
        return "" if self._running is None else self._running.url

    @property
    def exit_status(self) -> int | None:
        return None if self._running is None else self._running.exit_status

    def start(self, environment: Mapping[str, str]) -> None:
        self.stop()
        self._taken = 0
        self._running = Launched(self._command, {**self._environment, **environment})

    def stop(self) -> int | None:
        if self._running is None:
            return None
        self._running.stop()
        return self._running.exit_status

    def take_lines(self) -> Sequence[Line]:
        if self._running is None:
            return ()
        lines = list(self._running.lines.copy())[self._taken :]
        self._taken += len(lines)
        return lines

    def at_own_speed(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


@dataclass(frozen=True, slots=True)
class Surround:
    """The other side, all of one scenario's own, on one clock."""

    registry: FakeRegistry
    orchestrator: FakeOrchestrator
    peer: FakeDroplet
    clock: Clock
    token: str
    """The peer's own, as which the kit asks."""
    peer_number: int
    """The peer's service_id."""

    @property
    def fakes(self) -> dict[str, FakeRegistry | FakeOrchestrator | FakeDroplet]:
        return {
            "registry": self.registry,
            "orchestrator": self.orchestrator,
            "peer": self.peer,
        }

    @property
    def registration(self) -> dict[str, Any]:
        """How the peer would register with a Registry that is itself the target."""
        return {
            "name": PEER,
            "droplet_id": _PEER_ID,
            "host": "127.0.0.1",
            "port": self.peer.port,
            "health_endpoint": "/health",
            "capabilities": [WORK],
            "version": self.peer.version,
            "udc_compliant": True,
        }


@contextlib.contextmanager
def surround(clock: Clock) -> Iterator[Surround]:
    """Bring the other side up, with a peer that the Registry knows."""
    registry = FakeRegistry(clock=clock)
    orchestrator = FakeOrchestrator(registry=registry)
    peer = FakeDroplet(name=PEER, droplet_id=_PEER_ID, registry=registry, behaviour=_QUIET)
    with registry, orchestrator, peer:
        admitted = registry.register(
            PEER,
            _PEER_ID,
            host="127.0.0.1",
            port=peer.port,
            capabilities=("task_processing", WORK),
        )
        yield Surround(registry, orchestrator, peer, clock, admitted.token, admitted.service_id)
