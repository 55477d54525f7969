"""How one exchange is carried to the droplet and back, and struck on the way."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from faults.actions import Struck
from faults.fault import Fault, Strike
from faults.verifying import Trust
from faults.wire import HEAD_LIMIT, Message, read_answer
from udckit.conformance.heard import Line

__all__ = ["ClosedError", "InForce", "Link", "carry"]

_QUEUE: Final = 0.03
"""Seconds that an exchange is held where a fault looks for others under way beside it."""


class ClosedError(Exception):
    """The fault closes the connection."""


class Hit:
    """One strike of the fault in force: its turns, what it remembers, what is under way."""

    def __init__(self, strike: Strike, trust: Trust | None) -> None:
        self.strike = strike
        self.trust = trust
        self.turn = 0
        self.under_way = 0
        self.memory: dict[str, Any] = {}

    def concerns(self, request: Message) -> bool:
        """True where a request is of the kind that is struck."""
        path = request.target.partition("?")[0]
        return self.strike.concerns(request.method, path) and self.strike.when.fits(
            request, self.trust
        )

    async def takes(self, request: Message) -> bool:
        """Take a turn; True where it is one to strike."""
        if self._came_before(request) < self.strike.when.again:
            return False
        self.turn += 1
        turn, beside = self.turn, self.strike.when.concurrent
        if beside is not None:
            await asyncio.sleep(_QUEUE)
            return self.under_way >= beside
        return self.strike.when.is_turn(turn)

    def _came_before(self, request: Message) -> int:
        if not self.strike.when.again:
            return 0
        known: Counter[tuple[str, str, bytes]] = self.memory.setdefault("came", Counter())
        key = (request.method, request.target, request.body)
        known[key] += 1
        return known[key] - 1


class InForce:
    """A fault while it is in force."""

    def __init__(self, fault: Fault | None, trust: Trust | None = None) -> None:
        self.hits = [] if fault is None else [Hit(strike, trust) for strike in fault.strikes]
        self.struck = 0
        self.trust = trust
        self.noted: list[str] = []
        self.logged: list[Line] = []
        self.over = asyncio.Event()

    @contextlib.contextmanager
    def under_way(self, request: Message) -> Iterator[list[Hit]]:
        """Give the strikes that concern a request, and count it as under way meanwhile."""
        hits = [hit for hit in self.hits if hit.concerns(request)]
        for hit in hits:
            hit.under_way += 1
        try:
            yield hits
        finally:
            for hit in hits:
                hit.under_way -= 1


class Link:
    """The kept connection to the droplet that belongs to one connection of a client."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Message) -> tuple[bytes, Message]:
        """Send, and read the answer with what came before it; replace a kept link that ended."""
        kept = self._streams is not None
        try:
            return await self._ask(request)
        except (asyncio.IncompleteReadError, ConnectionError) as lost:
            self.close()
            if not kept or (isinstance(lost, asyncio.IncompleteReadError) and lost.partial):
                raise
            return await self._ask(request)

    async def _ask(self, request: Message) -> tuple[bytes, Message]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=HEAD_LIMIT)
        reader, writer = self._streams
        if writer.is_closing():
            raise ConnectionResetError("the droplet had closed the kept connection")
        writer.write(request.as_bytes())
        before, answer = await read_answer(reader, request.method)
        if answer.closes or request.closes:
            self.close()
        return before, answer

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def carry(
    request: Message, link: Link, writer: asyncio.StreamWriter, force: InForce, token: str | None
) -> bool:
    """Carry one exchange through; False where the connection ends with it.

    Raises:
        ClosedError: the fault closes the connection without an answer.
    """
    with force.under_way(request) as concerned:
        hits = [hit for hit in concerned if await hit.takes(request)]
        if not hits:
            before, answer = await link.ask(request)
            writer.write(before + answer.as_bytes())
            await writer.drain()
            return not (answer.closes or request.closes)
        struck = Struck(request, token, force.trust, noted=force.noted, logged=force.logged)
        return await _struck(struck, hits, link, writer, force)


async def _struck(
    struck: Struck, hits: list[Hit], link: Link, writer: asyncio.StreamWriter, force: InForce
) -> bool:
    before = b""
    closes = struck.request.closes
    early = [hit for hit in hits if not hit.strike.when.status]
    for hit in early:
        _run(hit, struck, force, "request")
    await _effects(struck, force)
    if not any(hit.strike.answers_alone for hit in early):
        before, struck.answer = await link.ask(struck.request)
        closes = closes or struck.answer.closes
    status = 0 if struck.answer is None else struck.answer.status
    for hit in hits:
        if hit in early:
            _run(hit, struck, force, "answer")
        elif hit.strike.when.is_answered(status):
            _run(hit, struck, force, "request")
            _run(hit, struck, force, "answer")
    await _effects(struck, force)
    head, body = struck.answered.as_parts()
    writer.write(before + head)
    if struck.body_wait:
        await asyncio.sleep(struck.body_wait)
    if struck.request.method != "HEAD":
        writer.write(body if struck.cut is None else body[: struck.cut])
    await writer.drain()
    return not closes and struck.cut is None


def _run(hit: Hit, struck: Struck, force: InForce, half: str) -> None:
    struck.turn, struck.memory = hit.turn, hit.memory
    for action in hit.strike.actions:
        if action.verb.stage == half:
            action.verb.run(struck, action.told)
            force.struck += 1


async def _effects(struck: Struck, force: InForce) -> None:
    """Wait, hang or close, where a verb asked for it."""
    if struck.hang:
        await force.over.wait()
        raise ClosedError
    if struck.close:
        raise ClosedError
    if struck.wait:
        await asyncio.sleep(struck.wait)
        struck.wait = 0.0
