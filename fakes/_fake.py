"""What every fake is: an ASGI application with a socket, a journal, faults and a clock."""

import logging
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict

from udckit.fakes import _running
from udckit.fakes._armed import Faults
from udckit.fakes._exchange import Exchange
from udckit.fakes._http import Answer, Refusal, Request
from udckit.fakes._identity import Identities, KeySource
from udckit.fakes._refusal import Refusals
from udckit.fakes._router import Route, Router
from udckit.fakes._server import RunningServer, serve_asgi
from udckit.fakes._tokens import SigningKey
from udckit.fakes._traffic import Traffic
from udckit.fakes.clock import Clock, SystemClock
from udckit.fakes.journal import Journal

if TYPE_CHECKING:
    from udckit.fakes._control import Control

__all__ = ["Access", "Facts", "Fake"]

_QUIET = logging.getLogger("udckit.fakes")
_QUIET.addHandler(logging.NullHandler())

Access = Literal["loopback", "anyone", "nobody"]
"""Who may use the control API."""


class Facts(TypedDict, total=False):
    """What every fake may be told; each has a default."""

    version: str
    host: str
    """The address to listen on, not the one that is announced."""
    port: int
    """0 for a free one."""
    clock: Clock | None
    environment: str
    journal_entries: int
    control: Access
    log: logging.Logger | None
    """Where it writes, if not to the library's own logger."""


class Fake(Exchange):
    """The common part; a role gives its routes and its keys."""

    def __init__(
        self,
        *,
        name: str,
        droplet_id: int,
        version: str = "1.0.0",
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        environment: str = "production",
        journal_entries: int = 50_000,
        control: Access = "loopback",
        log: logging.Logger | None = None,
    ) -> None:
        self.name = name
        self.droplet_id = droplet_id
        self.version = version
        self.environment = environment
        self.clock = clock or SystemClock()
        self.journal = Journal(self.role, entries=journal_entries)
        self._refusals = Refusals(self.clock)
        self.faults = Faults(self.role, self.clock, self._refusals.changed)
        self._refusals.faults = self.faults
        self._log = log or _QUIET.getChild(self.role)
        self._host = host
        self._wanted_port = port
        self._server: RunningServer | None = None
        self._traffic = Traffic()
        self._born = self.clock.monotonic()
        self._router = Router(self._routes())
        self._access = control
        self._control: Control | None = None
        self._used = False
        self._fresh()

    # What a role says of itself

    def _routes(self) -> list[Route]:
        raise NotImplementedError

    def _key_source(self) -> KeySource:
        raise NotImplementedError

    def _fresh(self) -> None:
        """Forget what a process forgets when it ends."""
        self._identities = Identities(self._key_source())

    async def _started(self) -> None:
        """Runs on the loop once the socket listens."""

    async def _stopping(self) -> None:
        """Runs on the loop before the socket closes."""

    # Life

    @property
    def port(self) -> int:
        """The port that it listens on; 0 while it does not and none was asked for."""
        return self._server.port if self._server is not None else self._wanted_port

    @property
    def url(self) -> str:
        """Its base URL, without a trailing slash. Raises RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError(f"the fake {self.role} has no address before it is started")
        return self._server.url

    @property
    def is_running(self) -> bool:
        return self._server is not None

    def start(self) -> Self:
        """Listen. Raises OSError where the port is taken."""
        if self._server is None:
            if self._used:
                self._fresh()
            self._used = True
            self._born = self.clock.monotonic()
            down = self._refusals.in_force
            self._server = serve_asgi(
                self, self._host, self._wanted_port, lifespan="off", paused=down
            )
            self._server.loop.call(self._started())
            self._refusals.watch(self._server)
            _running.note(self, runs=True)
        return self

    def stop(self) -> None:
        """Close the socket and end what runs in the background; the journal stays readable."""
        if self._server is not None:
            _running.note(self, runs=False)
            self._refusals.watch(None)
            self._server.loop.call(self._stopping())
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        where = self._server.url if self._server is not None else "not running"
        return f"<{type(self).__name__} {self.name}: {where}>"

    @property
    def control(self) -> "Control":
        """The control API, made when it is first asked."""
        from udckit.fakes._control import Control  # noqa: PLC0415 - not before it is asked

        if self._control is None:
            self._control = Control(self, self._access)
        return self._control

    async def _identify(self, request: Request) -> None:
        try:
            await self._verify(request)
        except Refusal as refusal:
            self._log.warning("token refused", extra=self._refused(request, refusal))
            raise

    def _refused(self, request: Request, refusal: Refusal) -> dict[str, Any]:
        """What the log says of a refusal: never a token."""
        return {"path": request.path, "cause": refusal.message}

    async def _controlled(self, request: Request, receive: Any) -> Answer:
        return await self.control.answer(request, receive)

    # What only a Registry can, and what each role adds to

    @property
    def key(self) -> SigningKey:
        """The key that signs now. Raises Refusal where the role signs nothing."""
        raise self._no_registry()

    def rotate_key(self, key: SigningKey | None = None) -> SigningKey:
        """Sign with another key from now on. Raises Refusal where the role signs nothing."""
        del key
        raise self._no_registry()

    def mint(self, **facts: Any) -> str:
        """A token. Raises Refusal where the role signs nothing."""
        del facts
        raise self._no_registry()

    def signed_by(self, token: str) -> str | None:
        """The name of a key that this fake knows to have signed a token."""
        del token
        return None

    def issued_as(self, token: str) -> str | None:
        """What a token was issued for; None for one that did not come from here."""
        del token
        return None

    def export(self, *, since: int = 0, limit: int | None = None) -> dict[str, Any]:
        """The journal as JSON without a usable secret: entries, and what each token in them is.

        `since` leaves out the entries up to that number, `limit` those beyond so many.
        """
        from udckit.fakes._redaction import Redaction  # noqa: PLC0415 - not before an export

        kept = [entry for entry in self.journal if entry.number > since][:limit]
        redaction = Redaction(self.signed_by, self.issued_as)
        return {
            "entries": [redaction.entry(entry) for entry in kept],
            "tokens": redaction.tokens,
            "next": kept[-1].number if kept else since,
            "total": self.journal.total,
            "dropped": self.journal.dropped,
            "client_faults": [entry.number for entry in kept if entry.is_client_fault],
            "own_faults": [
                {"time": one.time, "what": redaction.text(one.what), "entry": one.entry}
                for one in self.journal.own_faults
            ],
        }

    def reset(self) -> None:
        """Forget what was learnt; a role has more to forget."""
        self.journal.clear()

    async def settled(self) -> None:
        """Wait on the loop until a change of faults has taken effect."""
        await self._refusals.settled()

    def _no_registry(self) -> Refusal:
        why = f"This is the fake {self.role}; only a Registry has a key to sign with."
        return Refusal(409, "NO_REGISTRY", why)
