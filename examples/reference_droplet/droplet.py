"""Puts the parts together, once, in the order in which they need each other."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from reference_droplet.auth import Verifier
from reference_droplet.cache import Cache
from reference_droplet.calls import Calls
from reference_droplet.database import Database
from reference_droplet.dependencies import Dependency, Watch, answers, answers_health, service
from reference_droplet.discovery import Discovery
from reference_droplet.jobs import Jobs
from reference_droplet.messages import Desk
from reference_droplet.orchestrator import Orchestrator
from reference_droplet.peers import Peers
from reference_droplet.public_key import PublicKey
from reference_droplet.registry import Registry
from reference_droplet.service_calls import ServiceCalls
from reference_droplet.settings import Settings
from reference_droplet.state import Activity


class Background:
    """Tasks that belong to the droplet, not to a request."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it; the set keeps it from being collected half-way, which create_task does not."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


class Droplet:
    """The parts of a running droplet."""

    def __init__(self, settings: Settings, activity: Activity) -> None:
        registry = service("registry", settings.registry_url)
        orchestrator = service("orchestrator", settings.orchestrator_url, "no tasks, no beats")
        self.settings = settings
        self.activity = activity
        self.background = Background()
        self._calls = Calls()
        self._database = Database(settings.database_url)
        self._cache = Cache(settings.cache_url)
        self.jobs = Jobs(self._database, self._cache)
        self.watch = Watch()
        self.watch.add(registry, answers_health(self._calls, settings.registry_url))
        self.watch.add(orchestrator, answers_health(self._calls, settings.orchestrator_url))
        self._watch_stores()
        self.registry = Registry(settings, self._calls, registry)
        self.verifier = Verifier(PublicKey(self._calls, settings.registry_url))
        calls = ServiceCalls(self._calls, self.registry)
        self.orchestrator = Orchestrator(settings, calls, self.registry, activity, orchestrator)
        self.discovery = Discovery(settings.registry_url, calls)
        self.peers = Peers(settings, self.discovery, calls)
        self.desk = Desk(settings, self.jobs, self.discovery, calls)

    def _watch_stores(self) -> None:
        """Watch the database, Redis and the external API, as far as there are any."""
        settings = self.settings
        if not self._database.is_memory:
            kept = Dependency("database", "database", self._database.place, is_critical=True)
            self.watch.add(kept, self._database.check)
        if settings.cache_url is not None:
            cache = service("redis", settings.cache_url, "the list of jobs is computed each time")
            cache.kind = "cache"
            self.watch.add(cache, self._cache.check)
        if settings.external_api_url is not None:
            api = service("external_api", settings.external_api_url, "nothing yet")
            api.kind = "external"
            self.watch.add(api, answers(self._calls, settings.external_api_url))

    async def prepare(self) -> None:
        """What is quick and our own comes before the first request; the rest is watched."""
        if self._database.is_memory:
            await self._database.check()

    def start(self) -> None:
        """Begin what runs for ever. It never raises: it serves while it tries (CONF-13)."""
        self.background.spawn(self.registry.stay_registered())
        self.background.spawn(self.orchestrator.beat_for_ever())
        self.background.spawn(self.watch.watch_for_ever())

    async def stop(self) -> None:
        await self.background.stop()
        await self._calls.close()
        await self._cache.close()
        await self._database.close()
