"""Finding the fakes that a droplet was started against by somebody else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from udckit import fakes
from udckit.conformance.authority import Authority, from_registry, knows, with_key
from udckit.conformance.ending import wanted_rows
from udckit.conformance.errors import InvocationError
from udckit.conformance.record import Recorder
from udckit.conformance.scenario import AttachedTo, Attachment
from udckit.conformance.settings import Settings
from udckit.fakes import FakeOrchestrator, FakeRegistry, RemoteFake, RunningFakes

__all__ = ["found_beside", "in_process", "watching"]

_TOLD: Final = ("SERVICE_NAME", "DROPLET_ID", "SERVICE_PORT")


def found_beside(url: str, *, declared: bool) -> tuple[Authority, AttachedTo] | None:
    """Find the fakes of this machine that know the droplet at a URL; None where none does.

    `declared` takes the only ones that are up, whether it registered or not.

    Raises:
        InvocationError: it was declared, and there is not the one pair that it could be.
    """
    found = fakes.find_running_fakes()
    for running in found:
        registry = running.registry.url
        authority = with_key(from_registry(registry, kind="fakes"), running.registry.key())
        alone = declared and len(found) == 1
        if alone or knows(registry, authority, urlsplit(url).port):
            return authority, AttachedTo(url, running, running.settings, declared=declared)
    if declared and found:
        raise InvocationError(
            f"{len(found)} pairs of fakes are up, and none of them knows the droplet: leave up the "
            "one that it was started against."
        )
    if declared:
        raise InvocationError("--attached needs fakes that are up: start `udckit fakes up`.")
    return None


def in_process(
    url: str,
    registry: FakeRegistry,
    orchestrator: FakeOrchestrator,
    environment: Mapping[str, str],
) -> AttachedTo:
    """An app of this process is watched as a droplet is that runs elsewhere: it starts once."""
    running = RunningFakes(
        pid=os.getpid(),
        registry=RemoteFake(registry.url),
        orchestrator=RemoteFake(orchestrator.url),
        started=time.time() - _A_WHILE,
    )
    settings = {name: environment[name] for name in _TOLD}
    return AttachedTo(url, running, settings, are_sure=True, declared=True)


_A_WHILE: Final = 60.0
"""Seconds by which the fakes of this process are surely older than the app that it serves."""


def watching(
    to: AttachedTo | None,
    authority: Authority,
    settings: Settings,
    recorder: Recorder,
    waited: Callable[[float], None],
) -> Attachment | None:
    """Give what watches the droplet; None where the kit may not say anything to it."""
    enrol = authority.enrol
    if to is None or enrol is None or settings.role != "droplet" or settings.safety == "read-only":
        return None
    return Attachment(to, recorder, enrol, wanted=wanted_rows(settings), waited=waited)
