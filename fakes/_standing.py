"""How an Orchestrator stands with its Registry: in the same process, or over HTTP."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from udckit.fakes._beats import DropletSeen
from udckit.fakes._client import Client
from udckit.fakes._directory import Directory, Peer
from udckit.fakes._membership import Membership
from udckit.fakes.behaviour import Behaviour
from udckit.fakes.registry import FakeRegistry

__all__ = ["Inside", "Outside", "Standing"]

Facts = Callable[[], dict[str, Any]]
Spawn = Callable[[Any], Any]


class Standing(Protocol):
    """Being registered, and knowing who else is."""

    @property
    def is_registered(self) -> bool:
        """Whether there is a token."""
        ...

    async def begin(self, spawn: Spawn) -> None:
        """Register, at once or in the background."""
        ...

    async def token(self) -> str | None:
        """A token that holds, None while there is none."""
        ...

    async def renew(self, refused: str) -> str | None:
        """Another token after a 401."""
        ...

    async def everybody(self) -> Iterable[Peer]:
        """Who is registered. Raises UnreachableError."""
        ...


class Inside:
    """A Registry of the same process is asked without HTTP."""

    def __init__(self, registry: FakeRegistry, facts: Facts) -> None:
        self._registry = registry
        self._facts = facts
        self._token: str | None = None
        self._until = 0.0

    @property
    def is_registered(self) -> bool:
        return self._token is not None

    async def begin(self, spawn: Spawn) -> None:
        del spawn
        self._register()

    async def token(self) -> str | None:
        if self._registry.clock.now() >= self._until:
            self._register()
        return self._token

    async def renew(self, refused: str) -> str | None:
        if self._token == refused:
            self._register()
        return self._token

    async def everybody(self) -> Iterable[Peer]:
        return [
            Peer(one.name, one.host, one.port, one.capabilities, one.service_id)
            for one in self._registry.services
        ]

    def _register(self) -> None:
        self._token = self._registry.register(**self._facts()).token
        self._until = self._registry.clock.now() + 0.8 * self._registry.token_lifetime


class Outside:
    """Any other Registry is asked as every droplet asks it."""

    def __init__(
        self,
        url: Callable[[], str],
        facts: Facts,
        client: Client,
        log: logging.Logger,
        seen: Callable[[], Iterable[DropletSeen]],
    ) -> None:
        said = lambda: {**facts(), "udc_compliant": True}  # noqa: E731 - facts, and one more
        self._membership = Membership(url, said, client, log, Behaviour())
        self._directory = Directory(url, client, lambda: self._membership.token, kept=5.0)
        self._seen = seen

    @property
    def is_registered(self) -> bool:
        return self._membership.is_registered

    async def begin(self, spawn: Spawn) -> None:
        spawn(self._live())

    async def token(self) -> str | None:
        return self._membership.token

    async def renew(self, refused: str) -> str | None:
        await self._membership.renew(refused)
        return self._membership.token

    async def everybody(self) -> Iterable[Peer]:
        """The listing; for a Registry without one, those who beat, each looked up by name."""
        listed = await self._directory.everybody()
        if listed:
            return listed
        seen = tuple(self._seen())
        found = await asyncio.gather(*(self._directory.find(one.service_name) for one in seen))
        return [
            Peer(one.service_name, peer.host, peer.port, one.capabilities, one.service_id)
            for one, peer in zip(seen, found, strict=True)
            if peer is not None
        ]

    async def _live(self) -> None:
        await self._membership.join()
        await self._membership.keep()
