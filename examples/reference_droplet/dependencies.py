"""What this droplet needs, and whether it is there: looked at in the background."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from reference_droplet.calls import CallFailedError, Calls
from reference_droplet.state import now

# UDC §2.4 wants real statuses, 30 to 60 s old at most; UDC §2.1 wants /health in 100 ms. Both hold
# only with checks in the background (CONF-27). Whatever else of yours can be away becomes one more
# Dependency in droplet.py.

EVERY = 15.0
PATIENCE = 5.0

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Dependency:
    """One thing that this droplet needs."""

    name: str
    kind: Literal["service", "database", "cache", "external"]
    host: str
    """host:port; never a URL with credentials in it."""
    is_up: bool | None = None
    """None until somebody looked."""
    impact: str | None = None
    """What is lost without it; None for what is required."""
    is_critical: bool = False
    """Whether nothing works without it: then its loss is unhealthy, any other is degraded."""
    looked_at: str | None = None

    def note(self, *, is_up: bool) -> None:
        if self.is_up is not None and self.is_up != is_up:
            logger.warning("%s is %s", self.name, "back" if is_up else "gone")
        self.is_up = is_up
        self.looked_at = now()

    def as_json(self) -> dict[str, Any]:
        words = {True: "connected", False: "disconnected", None: "unknown"}
        shown = {
            "name": self.name,
            "type": self.kind,
            "status": words[self.is_up],
            "host": self.host,
        }
        return shown if self.impact is None else shown | {"impact": self.impact}

    def as_external_api(self) -> dict[str, Any]:
        """The item of `external_apis`, whose words are those of /health."""
        words = {True: "healthy", False: "unhealthy", None: "unknown"}
        shown: dict[str, Any] = {"name": self.name, "status": words[self.is_up]}
        return shown if self.looked_at is None else shown | {"last_check": self.looked_at}


Check = Callable[[], Awaitable[bool]]


class Watch:
    """Looks at every dependency, again and again."""

    def __init__(self) -> None:
        self._checks: list[tuple[Dependency, Check]] = []

    @property
    def dependencies(self) -> list[Dependency]:
        return [dependency for dependency, _ in self._checks]

    @property
    def down(self) -> list[Dependency]:
        """Those that are known to be away."""
        return [dependency for dependency in self.dependencies if dependency.is_up is False]

    @property
    def misses_what_is_critical(self) -> bool:
        """Whether it can do no work now: /health says unhealthy then, and /state error."""
        return any(each.is_critical for each in self.down)

    def add(self, dependency: Dependency, check: Check) -> None:
        self._checks.append((dependency, check))

    async def watch_for_ever(self) -> None:
        while True:
            await asyncio.gather(*(self._look(*each) for each in self._checks))
            await asyncio.sleep(EVERY)

    async def _look(self, dependency: Dependency, check: Check) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                is_up = await check()
        except Exception as error:  # noqa: BLE001 - whatever a check raises, the thing is not there
            logger.warning("%s does not answer: %s", dependency.name, error)
            is_up = False
        dependency.note(is_up=is_up)

    def as_json(self) -> dict[str, Any]:
        """The body of /dependencies."""
        services = [each for each in self.dependencies if each.kind != "external"]
        apis = [each for each in self.dependencies if each.kind == "external"]
        return {
            "required_services": [each.as_json() for each in services if each.impact is None],
            "optional_services": [each.as_json() for each in services if each.impact is not None],
            "external_apis": [each.as_external_api() for each in apis],
        }


def service(name: str, url: str, impact: str | None = None) -> Dependency:
    """A dependency on a service that is reached by URL."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Dependency(name, "service", f"{parts.hostname}:{port}", impact=impact)


def answers_health(calls: Calls, url: str) -> Check:
    """Whether GET /health of that service gives 200."""

    return answers(calls, f"{url}/health")


def answers(calls: Calls, url: str) -> Check:
    """Whether GET of that URL gives 200."""

    async def check() -> bool:
        try:
            return (await calls.send("GET", url, within=PATIENCE)).status == 200  # noqa: PLR2004 - healthy or degraded
        except CallFailedError as error:
            logger.warning("GET %s failed: %s", url, error)
            return False

    return check
