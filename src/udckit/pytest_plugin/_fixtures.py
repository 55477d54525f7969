"""Fixtures that are there by installing udckit: fakes, fresh for each test.

The names of their types are strings: nothing of the kit is imported before a test asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from udckit.fakes import FakeDroplet, FakeOrchestrator, FakeRegistry

__all__ = ["droplet_environment", "fake_droplet", "fake_orchestrator", "fake_registry"]


@pytest.fixture
def fake_registry() -> Iterator[FakeRegistry]:
    """A Registry that keeps the contract, at `.url`; `.journal` holds what came to it."""
    from udckit.fakes import FakeRegistry  # noqa: PLC0415 - imported when a test asks for it

    with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def fake_orchestrator(fake_registry: FakeRegistry) -> Iterator[FakeOrchestrator]:
    """An Orchestrator beside the test's Registry."""
    from udckit.fakes import FakeOrchestrator  # noqa: PLC0415 - imported when a test asks for it

    with FakeOrchestrator(registry=fake_registry) as orchestrator:
        yield orchestrator


@pytest.fixture
def fake_droplet(
    fake_registry: FakeRegistry, fake_orchestrator: FakeOrchestrator
) -> Iterator[FakeDroplet]:
    """A peer that is right, registered at the test's Registry."""
    from udckit.fakes import FakeDroplet  # noqa: PLC0415 - imported when a test asks for it

    with FakeDroplet(registry=fake_registry, orchestrator=fake_orchestrator) as droplet:
        yield droplet


@pytest.fixture
def droplet_environment(
    monkeypatch: pytest.MonkeyPatch,
    fake_registry: FakeRegistry,
    fake_orchestrator: FakeOrchestrator,
) -> Mapping[str, str]:
    """REGISTRY_URL and ORCHESTRATOR_URL, set to the test's fakes for as long as the test lasts."""
    environment = {"REGISTRY_URL": fake_registry.url, "ORCHESTRATOR_URL": fake_orchestrator.url}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment
