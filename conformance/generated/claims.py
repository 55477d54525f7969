"""One generated exchange as the models read it, and the claims that they make of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from udckit.conformance.exchange import Exchange
from udckit.conformance.generated.bodies import Body, parse
from udckit.conformance.generated.contract import Kind, fault_in, kind_of
from udckit.conformance.observation import Observation, Tally
from udckit.specs import Match, Operation, surface

__all__ = ["OF_THE_SERVER", "Asked", "Claim", "Model", "asked_of", "is_framed", "refusal", "shown"]

OF_THE_SERVER: Final = frozenset(
    {405, 408, 411, 413, 414, 415, 417, 426, 429, 431, 501, 502, 504, 505}
)
"""What an HTTP server, a limit or a gateway says before the application (CONF-45)."""

_NOT_LET_IN: Final = frozenset({401, 403, 407})
_REFUSED: Final = frozenset({400, 422})
_SHOWN: Final = 120
_CLOSED: Final = frozenset({"reset", "protocol"})
_GET: Final = "GET"
_FRAMES: Final = frozenset({"transfer-encoding", "content-length"})


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that should be so of an exchange. `held` waits for a twin that is accepted."""

    rows: tuple[str, ...]
    holds: bool
    expected: str
    observed: str = ""
    held: bool = False
    steps: tuple[int, ...] = ()
    """Numbers of earlier exchanges without which it could not be seen."""


class Model(Protocol):
    """What is known of one surface of the target, and what follows for the next answer."""

    def door(self, asked: Asked) -> str | None:
        """Name the operation whose twin speaks for an exchange; None: it is no concern."""
        ...

    def is_twin(self, asked: Asked) -> bool:
        """Say whether it is a request that nobody may refuse."""
        ...

    def rows(self, asked: Asked) -> tuple[str, ...]:
        """Name the rows that a server error breaks."""
        ...

    def claims(self, asked: Asked) -> Iterator[Claim]:
        """Say what should be so of an answer, and remember it."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """An exchange with what the contract says of it. `plain` is a twin: it must be accepted."""

    exchange: Exchange
    operation: Operation
    params: Mapping[str, str]
    body: Body
    kind: Kind
    seen: Observation = field(repr=False)

    @property
    def status(self) -> int | None:
        """The status code; None without an answer."""
        return self.seen.status

    @property
    def number(self) -> int:
        """The exchange's place in the record."""
        return self.exchange.number

    @property
    def closed(self) -> bool:
        """True where the connection was closed, or no HTTP came, instead of an answer."""
        return self.exchange.trouble in _CLOSED

    @property
    def told_off(self) -> bool:
        """True where a limit, a gateway or a lockout spoke: nothing is judged by it."""
        return self.status in OF_THE_SERVER or self.status in _NOT_LET_IN

    @property
    def target(self) -> str:
        """The path with its query, as it was sent."""
        return self.exchange.request.target


def asked_of(exchange: Exchange, role: str) -> Asked | None:
    """Read an exchange; None for what is no operation of the target's role."""
    request = exchange.request
    names = ("udc",) if role == "droplet" else (role, "udc")
    found: Match | None = None
    for name in names:
        found = found or surface(name).match(request.method, request.target.partition("?")[0])
    if found is None:
        return None
    body = parse(request.body, is_text=request.encoding == "text")
    kind: Kind = "open"
    if request.method != _GET and _is_ordinary(exchange):
        kind = kind_of(found.operation, body)
    return Asked(
        exchange, found.operation, found.params, body, kind, Observation(exchange, Tally())
    )


def _is_ordinary(exchange: Exchange) -> bool:
    """Say whether nothing but the body could be objected to."""
    named = {name.lower(): value for name, value in exchange.request.headers}
    return named.get("content-type") == "application/json" and not is_framed(exchange)


def is_framed(exchange: Exchange) -> bool:
    """Say whether a request says by itself how long it is: it was written by hand."""
    return any(name.lower() in _FRAMES for name, _ in exchange.request.headers)


def refusal(asked: Asked, *rows: str) -> Claim | None:
    """Claim that what is wrong is refused with 400 or 422; None where nothing was said of it."""
    if asked.kind != "wrong" or asked.told_off or asked.status is None or asked.status >= 500:  # noqa: PLR2004 - the 5xx
        return None
    return Claim(
        rows,
        asked.status in _REFUSED,
        f"status 400 or 422 to {fault_in(asked.operation, asked.body)}",
        shown(asked),
        held=True,
    )


def shown(asked: Asked) -> str:
    """Say what came, and to what."""
    call = f"[{asked.seen.call}]"
    if asked.status is None:
        return f"{asked.exchange.trouble_in_words} {call}"
    body = " ".join(asked.seen.text[: _SHOWN + 1].split())
    cut = f"{body[:_SHOWN]}…" if len(body) > _SHOWN else body
    return f"status {asked.status}{f', body {cut}' if cut else ', no body'} {call}"


def value_of(asked: Asked, name: str) -> Any:
    """Give a member of the answer; None where it is not there."""
    body = asked.seen.json
    return body.get(name) if isinstance(body, Mapping) else None
