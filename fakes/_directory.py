"""Who is registered, and where: asked of the Registry over HTTP, and remembered for a while."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from udckit.fakes._client import Client, UnreachableError
from udckit.specs import surface

__all__ = ["Directory", "Peer"]

PATIENCE = 5.0  # seconds that a caller waits for the Registry (IG §3.1)
KEPT = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Peer:
    """A registered service, as far as its Registry tells."""

    name: str
    host: str
    port: int
    capabilities: tuple[str, ...] = ()
    service_id: int | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


class Directory:
    """Look-ups with a memory; an endpoint that failed is dropped from it."""

    def __init__(
        self,
        url: Callable[[], str],
        client: Client,
        token: Callable[[], str | None],
        *,
        kept: float = KEPT,
        patience: float = PATIENCE,
        outlives: bool = False,
        encoded: bool = True,
    ) -> None:
        self._url = url
        self._client = client
        self._token = token
        self._kept = kept
        self._patience = patience
        self._outlives = outlives
        self._encoded = encoded
        self._known: dict[str, tuple[Peer | None, float]] = {}
        self._all: tuple[tuple[Peer, ...], float] | None = None

    async def find(self, name: str) -> Peer | None:
        """The service of this name, None where there is none. Raises UnreachableError."""
        known = self._known.get(name)
        if known is not None and known[1] > self._client.clock.monotonic():
            return known[0]
        segment = quote(name, safe="" if self._encoded else "/?#")
        try:
            value = await self._ask(f"/services/by-name/{segment}")
        except UnreachableError:
            if known is not None and self._outlives:
                return known[0]
            raise
        peer = None if value is None else _peer({**value, "name": name})
        if peer is not None:
            self._known[name] = (peer, self._client.clock.monotonic() + self._kept)
        return peer

    async def everybody(self) -> tuple[Peer, ...]:
        """Every service that the listing shows with an address. Raises UnreachableError."""
        if self._all is not None and self._all[1] > self._client.clock.monotonic():
            return self._all[0]
        value = await self._ask("/services")
        listed = value.get("services") if isinstance(value, dict) else value
        found = [_peer(one) for one in listed if isinstance(one, dict)] if listed else []
        peers = tuple(one for one in found if one is not None)
        self._all = (peers, self._client.clock.monotonic() + self._kept)
        return peers

    async def knows(self, host: str, port: int, *, sender: str) -> bool:
        """Whether some service, first of all the sender, is registered at this address."""
        peer = await self.find(sender)
        if peer is not None and _same(peer, host, port):
            return True
        if any(_same(one, host, port) for one in await self.everybody()):
            return True
        self._all = None
        return any(_same(one, host, port) for one in await self.everybody())

    def drop(self, name: str) -> None:
        """Forget where `name` was: it does not answer there."""
        self._known.pop(name, None)
        self._all = None

    async def _ask(self, path: str) -> Any:
        reply = await self._client.get(
            self._url() + path, token=self._token(), timeout=self._patience
        )
        if reply.status == 404:  # noqa: PLR2004 - Not Found
            return None
        if reply.status != 200:  # noqa: PLR2004 - OK
            raise UnreachableError(f"the Registry answered {reply.status}")
        return reply.value


def _peer(value: Mapping[str, Any]) -> Peer | None:
    if surface("registry").component_problems("Service", value) or "name" not in value:
        return None
    return Peer(
        name=value["name"],
        host=value["host"],
        port=value["port"],
        capabilities=tuple(value.get("capabilities") or ()),
        service_id=value.get("service_id"),
    )


def _same(peer: Peer, host: str, port: int) -> bool:
    return peer.port == port and _plain(peer.host) == _plain(host)


def _plain(host: str) -> str:
    name = host.lower().strip("[]").rstrip(".")
    return "127.0.0.1" if name == "localhost" else name
