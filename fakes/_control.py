"""The control API under /__udckit__/: the fakes for tests in any language."""

import asyncio
import ipaddress
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from udckit import __version__
from udckit.fakes._http import Answer, Refusal, Request, is_json, read_body
from udckit.fakes._redaction import Redaction
from udckit.fakes._router import Route, Router, routes_on
from udckit.fakes._running import LIFE, running
from udckit.fakes.clock import ManualClock
from udckit.fakes.faults import KINDS, Fault
from udckit.fakes.journal import NotSeenError
from udckit.specs import Surface

if TYPE_CHECKING:
    from udckit.fakes._fake import Fake

__all__ = ["Control", "document"]


_LONGEST_QUERY = 1000


class Control:
    """Answers the control API for one fake."""

    def __init__(self, fake: "Fake", access: str) -> None:
        self._fake = fake
        self._access = access
        self._router = Router(self._routes())

    async def answer(self, request: Request, receive: Any) -> Answer:
        """What the control API says; never raises."""
        try:
            request.body = await read_body(receive)
            self._admit(request)
            wanted = parse_qs(request.query[:_LONGEST_QUERY]).get("fake", [""])[-1]
            return await (_neighbour(wanted) if wanted else self).dispatch(request)
        except Refusal as refusal:
            return refusal.answer()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the fake's own fault
            self._fake.journal.blame_self(request.time, f"{request.path}: {error!r}")
            return Refusal(500, "INTERNAL_ERROR", "The control API failed.").answer()

    async def dispatch(self, request: Request) -> Answer:
        """Answer a request that was let in. Raises Refusal."""
        found, request.params = self._router.find(request.method, request.path)
        if found.takes_body:
            request.json = _body(request, found)
        answer: Answer = await found.handler(request) if found.awaits else found.handler(request)
        return answer

    def _admit(self, request: Request) -> None:
        if self._access == "nobody":
            raise Refusal(404, "NOT_FOUND", "There is nothing at this path.")
        names = dict(request.headers)
        if b"origin" in names:
            raise Refusal(403, "FORBIDDEN", "The control API is not for pages of a browser.")
        if self._access == "loopback" and not (
            _is_loopback(request.client) and _is_address(names.get(b"host", b""))
        ):
            why = "The control API answers on loopback only, unless the fake is told otherwise."
            raise Refusal(403, "FORBIDDEN", why)

    def _routes(self) -> list[Route]:
        handlers: dict[str, Callable[..., Any]] = {
            "describe": self._describe,
            "document": self._document,
            "readJournal": self._read_journal,
            "clearJournal": self._clear_journal,
            "waitForEntry": self._wait,
            "readFaults": self._read_faults,
            "addFault": self._add_fault,
            "clearFaults": self._clear_faults,
            "mintToken": self._mint,
            "readKey": self._key,
            "rotateKey": self._rotate,
            "reset": self._reset,
            "readClock": self._read_clock,
            "moveClock": self._move_clock,
        }
        return [
            replace(one, takes_body=one.operation.request_example is not None)
            for one in routes_on(_surface(), handlers)
            if one.operation is not None
        ]

    # The operations

    def _describe(self, _: Request) -> Answer:
        beside = [_told(fake) for fake in running()]
        return Answer(
            200,
            {
                "udckit": __version__,
                "pid": os.getpid(),
                "life": LIFE,
                "fake": _told(self._fake),
                "fakes": beside,
                "clock": self._clock_kind(),
            },
        )

    def _document(self, _: Request) -> Answer:
        return Answer(200, document())

    def _read_journal(self, request: Request) -> Answer:
        since = _whole(request, "since", 0, 0, 10**12)
        limit = _whole(request, "limit", 1000, 1, 10_000)
        return Answer(200, self._fake.export(since=since, limit=limit))

    def _clear_journal(self, _: Request) -> Answer:
        self._fake.journal.clear()
        return _DONE

    async def _wait(self, request: Request) -> Answer:
        wanted = dict(request.json)
        timeout = wanted.pop("timeout", 5.0)
        try:
            entry = await self._fake.journal.await_for(timeout=timeout, **wanted)
        except NotSeenError as error:
            raise Refusal(404, "NOT_SEEN", str(error)) from None
        redaction = self._redaction()
        return Answer(200, {"entry": redaction.entry(entry), "tokens": redaction.tokens})

    def _read_faults(self, _: Request) -> Answer:
        kinds = [
            {"kind": one.name, "story": one.story, "params": dict(one.params)}
            for one in KINDS.values()
            if self._fake.role in one.roles
        ]
        return Answer(200, {"faults": [one.as_json() for one in self._fake.faults], "kinds": kinds})

    async def _add_fault(self, request: Request) -> Answer:
        try:
            self._fake.faults.add(Fault.from_json(request.json))
        except ValueError as error:
            raise Refusal(400, "INVALID_FAULT", f"{error}.") from None
        await self._fake.settled()
        return Answer(201, {"done": True})

    async def _clear_faults(self, _: Request) -> Answer:
        self._fake.faults.clear()
        await self._fake.settled()
        return _DONE

    def _mint(self, request: Request) -> Answer:
        asked = dict(request.json)
        claims = {**asked.pop("claims", {}), **dict.fromkeys(asked.pop("without", ()), ...)}
        return Answer(201, {"token": self._fake.mint(**asked, claims=claims)})

    def _key(self, _: Request) -> Answer:
        key = self._fake.key
        pair = {"public_key": key.public_pem, "private_key": key.private_pem}
        return Answer(200, {"name": key.name, **pair})

    def _rotate(self, _: Request) -> Answer:
        return Answer(200, {"public_key": self._fake.rotate_key().public_pem})

    async def _reset(self, _: Request) -> Answer:
        self._fake.faults.clear()
        await self._fake.settled()
        self._fake.reset()
        return _DONE

    def _read_clock(self, _: Request) -> Answer:
        return Answer(200, {"clock": self._clock_kind(), "now": self._fake.clock.now()})

    async def _move_clock(self, request: Request) -> Answer:
        clock = self._fake.clock
        if not isinstance(clock, ManualClock):
            raise Refusal(409, "CLOCK_NOT_MANUAL", "This fake lives by the machine's clock.")
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, clock.advance, float(request.json["advance"]))
        return self._read_clock(request)

    def _clock_kind(self) -> str:
        return "manual" if isinstance(self._fake.clock, ManualClock) else "system"

    def _redaction(self) -> Redaction:
        return Redaction(self._fake.signed_by, self._fake.issued_as)


_DONE = Answer(200, {"done": True})


@cache
def document() -> Mapping[str, Any]:
    """The OpenAPI document of the control API."""
    loaded: dict[str, Any] = json.loads((Path(__file__).parent / "control.json").read_bytes())
    return loaded


@cache
def _surface() -> Surface:
    return Surface("control", document())


def _body(request: Request, found: Route) -> Any:
    """The body; a page of a browser cannot send this type unasked. Raises Refusal."""
    if not is_json(request.media_type or b""):
        raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/json.")
    value = request.value()
    problems = found.operation.request_problems(value) if found.operation is not None else ()
    if problems:
        raise Refusal(400, "INVALID_REQUEST", str(problems[0]))
    return value


def _neighbour(wanted: str) -> Control:
    """The control of another fake of this process, by its role or its name."""
    for fake in running():
        if wanted in {fake.role, fake.name}:
            return fake.control
    raise Refusal(404, "NO_SUCH_FAKE", "No fake of this role or name runs beside this one.")


def _told(fake: "Fake") -> dict[str, Any]:
    return {"role": fake.role, "name": fake.name, "url": fake.url, "port": fake.port}


def _whole(request: Request, name: str, default: int, least: int, most: int) -> int:
    """A whole number from the query. Raises Refusal."""
    if len(request.query) > _LONGEST_QUERY:
        raise Refusal(400, "INVALID_REQUEST", "The query is too long.")
    text = parse_qs(request.query).get(name, [str(default)])[-1]
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise Refusal(400, "INVALID_REQUEST", f"{name} is a number from {least} to {most}.")
    return int(text)


def _is_loopback(client: str | None) -> bool:
    if client is None:
        return True
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_address(host: bytes) -> bool:
    """Whether a Host header names an address or localhost: a rebound name is neither."""
    text = host.decode("latin-1").strip()
    name = text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
