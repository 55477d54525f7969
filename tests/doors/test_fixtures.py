"""The fixtures that are there by installing udckit, as a user's own tests see them."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Mapping

from udckit.fakes import FakeDroplet, FakeOrchestrator, FakeRegistry


def test_registry_answers_and_remembers(fake_registry: FakeRegistry) -> None:
    with urllib.request.urlopen(f"{fake_registry.url}/auth/public-key") as answer:  # noqa: S310 - a fake's own
        assert json.load(answer)["public_key"].startswith("-----BEGIN PUBLIC KEY-----")

    assert fake_registry.journal.wait_for(path="/auth/public-key", timeout=1)


def test_droplet_registers_at_the_registry_of_its_test(
    fake_droplet: FakeDroplet, fake_registry: FakeRegistry
) -> None:
    fake_registry.journal.wait_for(path="/register", timeout=5)

    assert fake_droplet.url != fake_registry.url


def test_environment_names_the_fakes_of_the_test(
    droplet_environment: Mapping[str, str],
    fake_registry: FakeRegistry,
    fake_orchestrator: FakeOrchestrator,
) -> None:
    assert droplet_environment == {
        "REGISTRY_URL": fake_registry.url,
        "ORCHESTRATOR_URL": fake_orchestrator.url,
    }
    assert os.environ["REGISTRY_URL"] == fake_registry.url


def test_environment_is_as_before_where_nobody_asked_for_it() -> None:
    assert "REGISTRY_URL" not in os.environ
