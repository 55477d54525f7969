"""A fake that lives with a Registry: it calls out, and has work in the background."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Unpack

from udckit.fakes._client import Client, UnreachableError
from udckit.fakes._fake import Facts, Fake
from udckit.fakes._udc import UdcFake
from udckit.fakes.clock import SystemClock
from udckit.fakes.registry import FakeRegistry

__all__ = ["Member", "address"]


class Member(UdcFake):
    """A fake with an HTTP client of its own and tasks that end with it."""

    def __init__(
        self,
        *,
        registry: FakeRegistry | str | None,
        name: str,
        droplet_id: int,
        **facts: Unpack[Facts],
    ) -> None:
        shared = registry.clock if isinstance(registry, FakeRegistry) else SystemClock()
        self._registry = registry
        self._client = Client(facts.get("clock") or shared)
        self._background: set[asyncio.Task[Any]] = set()
        facts["clock"] = self._client.clock
        super().__init__(name=name, droplet_id=droplet_id, **facts)

    @property
    def registry_url(self) -> str:
        """Where its Registry is. Raises UnreachableError where it has none that runs."""
        return address(self._registry, "Registry")

    def signed_by(self, token: str) -> str | None:
        """The name of the Registry's key, where that is what signed the token."""
        if isinstance(self._registry, FakeRegistry):
            return self._registry.signed_by(token)
        key = self._identities.key
        return "registry" if key is not None and key.signed(token) else None

    def issued_as(self, token: str) -> str | None:
        """What the Registry of the same process issued a token for."""
        registry = self._registry
        return registry.issued_as(token) if isinstance(registry, FakeRegistry) else None

    async def _stopping(self) -> None:
        tasks = tuple(self._background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.close()

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run `work` beside everything else; what it raises is a fault of this fake."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._done)
        self.clock.follow(task)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.journal.blame_self(self.clock.now(), f"in the background: {error!r}")


def address(place: object, role: str, *, careful: bool = True) -> str:
    """The base URL of a fake or of a URL; `careful` takes a trailing slash away.

    Raises UnreachableError.
    """
    if isinstance(place, str):
        return place.rstrip("/") if careful else place
    if isinstance(place, Fake) and place.is_running:
        return place.url
    why = "was given none" if place is None else "is not running"
    raise UnreachableError(f"the {role} {why}")
