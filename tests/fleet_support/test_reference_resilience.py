"""The reference droplet repeats what may be repeated, and stops asking who fails."""

from __future__ import annotations

import asyncio
import importlib
from types import SimpleNamespace
from typing import Any

import pytest

from fleet_support import member, require


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the droplet's own classes, from examples/."""
    require("reference_droplet")
    monkeypatch.syspath_prepend(str(member("reference_droplet").folder.parent))
    names = ("calls", "resilience")
    return SimpleNamespace(
        **{name: importlib.import_module(f"reference_droplet.{name}") for name in names}
    )


class Peer:
    """Gives what it is told to, and counts."""

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome
        self.asked = 0

    async def __call__(self) -> Any:
        self.asked += 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def test_five_failures_open_the_circuit_and_a_minute_later_one_call_tries(
    parts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(parts.resilience.time, "monotonic", lambda: now[0])
    circuit, peer = parts.resilience.Circuit("a peer"), Peer(parts.calls.Answer(500, None))

    async def ask(times: int) -> int:
        refused = 0
        for _ in range(times):
            try:
                await circuit.call(peer)
            except parts.resilience.CircuitOpenError:
                refused += 1
        return refused

    assert (asyncio.run(ask(8)), peer.asked) == (3, 5)
    now[0] += 61.0
    assert (asyncio.run(ask(2)), peer.asked) == (1, 6)
    now[0] += 61.0
    peer.outcome = parts.calls.Answer(200, {})
    assert (asyncio.run(ask(3)), peer.asked) == (0, 9)


@pytest.mark.parametrize(
    ("safe", "late", "status"), [(False, False, 0), (True, True, 0), (True, False, 404)]
)
def test_what_may_not_be_repeated_is_asked_once(
    parts: Any, safe: bool, late: bool, status: int
) -> None:
    lost = parts.calls.CallFailedError("lost", is_late=late)
    peer = Peer(parts.calls.Answer(status, None) if status else lost)

    async def ask() -> None:
        try:
            await parts.resilience.with_retries(peer, is_safe=safe)
        except parts.calls.CallFailedError:
            assert not status

    asyncio.run(ask())

    assert peer.asked == 1


def test_an_open_circuit_is_not_knocked_at_again(parts: Any) -> None:
    peer = Peer(parts.resilience.CircuitOpenError())

    with pytest.raises(parts.resilience.CircuitOpenError):
        asyncio.run(parts.resilience.with_retries(peer, is_safe=True))

    assert peer.asked == 1
