"""The Registry or the Orchestrator as a process of its own."""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

from udckit.fakes.registry import FakeRegistry
from udckit.fakes.settings import OrchestratorSettings, RegistrySettings, logging_to

if TYPE_CHECKING:
    from udckit.fakes.orchestrator import FakeOrchestrator

__all__ = ["platform_fake", "run_platform"]


def platform_fake(settings: RegistrySettings, **facts: Any) -> "FakeRegistry | FakeOrchestrator":
    """Make the fake that settings are of; `facts` are those of its class."""
    if isinstance(settings, OrchestratorSettings):
        from udckit.fakes.orchestrator import FakeOrchestrator  # noqa: PLC0415 - seldom asked

        return FakeOrchestrator(registry=settings.registry_url, **settings.facts, **facts)
    return FakeRegistry(**settings.facts, **facts)


@contextlib.contextmanager
def run_platform(
    settings: RegistrySettings, *, out: TextIO | None = None, **facts: Any
) -> Iterator["FakeRegistry | FakeOrchestrator"]:
    """Run a Registry or an Orchestrator; one JSON object a line goes to `out` (standard error).

    `facts` are those of the fake. Raises OSError where the port is taken.
    """
    log = logging_to(out or sys.stderr, settings)
    with platform_fake(settings, log=log, **facts) as fake:
        log.info("ready", extra={"url": fake.url})
        yield fake
    log.info("stopped")
