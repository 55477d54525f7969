"""The reading: what each answer to a generated request must be, whoever thought of the request.

It reads exchanges in their order and keeps a model of the target, so that it knows which names are
registered and which tasks were given. It sends nothing: over a record it comes to the same.

What could also be a lockout, an outage or a limit is held back until a twin, a request that must
be accepted, was accepted on both sides; at most eight such claims lie between two twins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from udckit.conformance.exchange import Exchange
from udckit.conformance.generated.claims import (
    OF_THE_SERVER,
    Asked,
    Claim,
    Model,
    asked_of,
    is_framed,
    shown,
)
from udckit.conformance.generated.evidence import Breach, Evidence
from udckit.conformance.generated.model_callbacks import CallbackModel
from udckit.conformance.generated.model_droplet import DropletModel
from udckit.conformance.generated.model_orchestrator import OrchestratorModel
from udckit.conformance.generated.model_registry import RegistryModel
from udckit.conformance.generated.model_tokens import TokenModel
from udckit.conformance.generated.model_work import WorkModel
from udckit.conformance.heard import Heard
from udckit.conformance.redaction import TokenFacts
from udckit.conformance.settings import Settings

__all__ = ["BRACKET", "Reading"]

BRACKET: Final = 8
"""Claims between two accepted twins (catalogue, *Before you probe*)."""

_OF_THE_APPLICATION: Final = frozenset({400, 401, 403, 404, 422, 500, 503})
_SERVER_ERROR: Final = 500
_UNAVAILABLE: Final = 503
_SIZES: Final = ("long", "integer past", "beyond every", "many", "deep")

_Held = tuple[Asked, Claim]


class Reading:
    """Reads the exchanges of generated cases in turn, and what came to the kit's peers.

    `tokens` gives what is known of a token by what stands for it.
    """

    def __init__(
        self, settings: Settings, tokens: Callable[[str], TokenFacts | None] = lambda _: None
    ) -> None:
        self.evidence = Evidence()
        self.exchanges: dict[int, Exchange] = {}
        """What was read, by number."""
        self._role = settings.role
        self._models: list[Model] = [DropletModel(settings)]
        if settings.role == "registry":
            self._models.insert(0, RegistryModel(settings))
        if settings.role == "orchestrator":
            self._models.insert(0, OrchestratorModel(settings))
        self._tokens = TokenModel(tokens)
        self._work = WorkModel()
        self._following: WorkModel | CallbackModel = self._work
        if settings.role == "droplet":
            self._following = CallbackModel()
        self._held: dict[str, list[_Held]] = {}
        self._twins: set[str] = set()
        self._fine: dict[tuple[str, str, str | None], int] = {}
        """Requests that were answered below 500, and where: the same may not fare worse again."""

    def read(self, exchange: Exchange) -> list[Breach]:
        """Read the next exchange; give the breaches that are certain with it."""
        if exchange.trouble == "unsent":
            return []
        self.exchanges[exchange.number] = exchange
        self._work.note(exchange)
        asked = asked_of(exchange, self._role)
        if asked is None:
            return []
        before = len(self.evidence.breaches)
        twin = any(model.is_twin(asked) for model in self._models)
        if twin:
            self._meet_twin(asked)
        claims = [*self._server_error(asked), *self._form(asked)]
        for model in (*self._models, self._tokens, self._following):
            claims += model.claims(asked)
        for claim in claims:
            if claim.held:
                self._hold(asked, claim)
            else:
                self._settle(asked, claim)
        return self.evidence.breaches[before:]

    def hear(self, call: Heard) -> list[Breach]:
        """Read the next call that came to a peer; give the breaches that are certain with it."""
        return self._followed(self._following.hear(call))

    def waited(self, number: int) -> list[Breach]:
        """Read that enough was waited after an exchange for what should follow it."""
        return self._followed(self._following.waited(number))

    def _followed(self, told: Iterator[_Held]) -> list[Breach]:
        before = len(self.evidence.breaches)
        for asked, claim in told:
            self._settle(asked, claim)
        return self.evidence.breaches[before:]

    def is_twin(self, exchange: Exchange) -> bool:
        """Say whether an exchange is one that must be accepted."""
        asked = asked_of(exchange, self._role)
        return asked is not None and any(model.is_twin(asked) for model in self._models)

    def _hold(self, asked: Asked, claim: Claim) -> None:
        if self._door(asked) in self._twins:
            self._held.setdefault(self._door(asked), []).append((asked, claim))

    def _door(self, asked: Asked) -> str:
        """Name the operation whose twin speaks for an exchange."""
        return next((door for each in self._models if (door := each.door(asked)) is not None), "")

    def _meet_twin(self, twin: Asked) -> None:
        """Settle what waited for a twin, or let it go where the twin was not accepted."""
        door = self._door(twin)
        held = self._held.pop(door, [])
        if twin.status is not None and twin.status in twin.operation.success:
            for asked, claim in held[:BRACKET] if door in self._twins else ():
                self._settle(asked, claim)
            self._twins.add(door)
        elif twin.exchange.trouble == "refused" and held:
            asked, _ = held[-1]
            gone = Claim(
                self._rows(asked),
                holds=False,
                expected="a service that still answers afterwards",
                observed=f"the connection was refused from then on {shown(asked)}",
            )
            self._settle(asked, gone)

    def _settle(self, asked: Asked, claim: Claim) -> None:
        for row in claim.rows:
            self.evidence.judged.setdefault(row, set()).add(asked.number)
        if not claim.holds:
            breach = Breach(
                claim.rows, claim.expected, claim.observed or shown(asked),
                (*claim.steps, asked.number),
            )  # fmt: skip
            self.evidence.breaches.append(breach)

    def _server_error(self, asked: Asked) -> Iterator[Claim]:
        """No input causes a server error, and none goes without an answer."""
        status, rows = asked.status, self._rows(asked)
        if status is None:
            yield self._unanswered(asked, rows)
        elif status not in OF_THE_SERVER:
            fine = status < _SERVER_ERROR
            request = asked.exchange.request
            known = (request.method, request.target, request.body)
            before = self._fine.setdefault(known, asked.number) if fine else self._fine.get(known)
            steps = () if fine or before is None else (before,)
            held = status == _UNAVAILABLE
            yield Claim(rows, fine, "a status below 500", held=held, steps=steps)

    def _unanswered(self, asked: Asked, rows: tuple[str, ...]) -> Claim:
        late = asked.exchange.trouble == "timeout"
        framed = is_framed(asked.exchange)
        refusing = asked.closed and (asked.body.odd is not None or framed)
        holds = refusing or (late and framed) or asked.exchange.trouble in {"refused", "tls"}
        expected = "an answer in bounded time" if late else "an answer"
        return Claim((*rows, "SEC-001") if late else rows, holds, expected, held=True)

    def _rows(self, asked: Asked) -> tuple[str, ...]:
        """Name the rows that a server error breaks."""
        rows = next((found for each in self._models if (found := each.rows(asked))), ())
        size = asked.body.odd is not None and any(word in asked.body.odd for word in _SIZES)
        return (*rows, "SEC-001") if size else rows

    def _form(self, asked: Asked) -> Iterator[Claim]:
        """What an error sends as JSON is a JSON object."""
        if (
            asked.status in _OF_THE_APPLICATION
            and asked.seen.claims_json
            and asked.seen.text.strip()
        ):
            if asked.status == _UNAVAILABLE and asked.operation.id == "getHealth":
                return
            yield Claim(
                ("ERR-001",),
                isinstance(asked.seen.json, dict),
                "a JSON object, for it says Content-Type: application/json",
            )
