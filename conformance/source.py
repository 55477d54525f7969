"""Where a probe's exchanges come from: a live target, or the record of one."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final, Protocol

from udckit.conformance._wire import Outgoing, Returned, Wire
from udckit.conformance.errors import InvocationError, UdckitError
from udckit.conformance.exchange import Answer, Exchange, Request
from udckit.conformance.record import Recorder, RunRecord
from udckit.conformance.redaction import PLACEHOLDER, Redactor, TokenFacts
from udckit.conformance.settings import Settings
from udckit.conformance.surroundings import (
    LiveSurroundings,
    RecordedSurroundings,
    Surroundings,
)
from udckit.fakes import VerifyingKey

__all__ = ["LiveSource", "ReplaySource", "Source"]

_HUNG: Final = 2
"""Time-outs after which a route is asked no more in this run."""

_SECOND_CHANCE: Final = 2.0
"""Seconds of patience with a route that has hung once."""

_PATIENCE: Final = 30.0
"""Seconds that a run loses to time-outs before it asks the rest with short deadlines."""

_SHORT: Final = 1.0
_NEVER_ANSWERED: Final = 3
"""Time-outs after which a target that has answered nothing at all is asked no more."""

_RATE_LIMIT_PATIENCE: Final = 60.0
_ABRIDGED: Final = 64 * 1024
_RATE_LIMITED: Final = 429


class Source(Protocol):
    """What a probe asks through. `asked` collects the numbers of the current check's exchanges."""

    asked: list[int]

    @property
    def around(self) -> Surroundings:
        """What lies around the exchanges."""
        ...

    def begin(self, key: str) -> None:
        """Turn to a check (its requirement's id), or to another reader of exchanges."""
        ...

    def ask(self, outgoing: Outgoing, *, shared: str | None = None) -> Exchange:
        """Send; where `shared` names a reading that was made before, give that one instead."""
        ...

    def ask_together(self, outgoing: Sequence[Outgoing]) -> list[Exchange]:
        """Send all at the same time; the answers come back in the order of the requests."""
        ...

    def so_far(self) -> list[Exchange]:
        """Give every exchange of the run up to now."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass for the target."""
        ...

    def now(self) -> float:
        """Give the kit's clock, in seconds since the epoch."""
        ...

    def measure(self, name: str) -> float:
        """Give a figure of the machine, measured once in a run."""
        ...

    def token(self, placeholder: str) -> TokenFacts | None:
        """Give what is known of a token by what stands for it in an answer; None for no token."""
        ...

    def verifies(self, placeholder: str, pem: str) -> bool:
        """Say whether a public key verifies a token's RS256 signature."""
        ...


class LiveSource:
    """Asks the target itself, at the pace that is allowed, and writes everything down."""

    def __init__(
        self,
        settings: Settings,
        recorder: Recorder,
        redactor: Redactor,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        measures: Mapping[str, Callable[[], float]] | None = None,
        around: LiveSurroundings | None = None,
    ) -> None:
        self.asked: list[int] = []
        self.sent = 0
        self.around: LiveSurroundings = around or LiveSurroundings(recorder, redactor)
        self._exchanges: list[Exchange] = []
        self._settings = settings
        self._recorder = recorder
        self._redactor = redactor
        self._now = now
        self._sleep = sleep
        self._measures = measures or {}
        self._measured: dict[str, float] = {}
        self._wires = {"": Wire(settings.target, ca_file=settings.ca_file)}
        self._extra = tuple(settings.headers)
        self._shared: dict[str, Exchange] = {}
        self._hung: dict[tuple[str, str], int] = {}
        self._lost = 0.0
        self._answered = False
        self._ends = time.monotonic() + settings.max_time
        self._next_turn = 0.0
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def close(self) -> None:
        """Close the clients and their threads, and what lies around."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        for wire in self._wires.values():
            wire.close()
        self.around.close()

    def begin(self, key: str) -> None:  # noqa: ARG002 - live, what is asked is not known before
        self.asked = []

    def ask(self, outgoing: Outgoing, *, shared: str | None = None) -> Exchange:
        exchange = self._shared.get(shared) if shared is not None else None
        if exchange is None:
            at, returned = self._patiently(outgoing)
            exchange = self._written(outgoing, at, returned)
            if shared is not None:
                self._shared[shared] = exchange
        self.asked.append(exchange.number)
        return exchange

    def ask_together(self, outgoing: Sequence[Outgoing]) -> list[Exchange]:
        if self._settings.rate is not None:
            return [self.ask(each) for each in outgoing]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=24, thread_name_prefix="udckit-probe")
        answers = list(self._pool.map(self._patiently, outgoing))
        exchanges = [
            self._written(each, at, returned)
            for each, (at, returned) in zip(outgoing, answers, strict=True)
        ]
        self.asked.extend(exchange.number for exchange in exchanges)
        return exchanges

    def grant(self, seconds: float) -> None:
        """Add time that went by without anything being asked through it."""
        self._ends += seconds

    def so_far(self) -> list[Exchange]:
        self._recorder.write({"kind": "so_far", "exchanges": len(self._exchanges)})
        return list(self._exchanges)

    def wait(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(min(seconds, max(0.0, self._ends - time.monotonic())))

    def now(self) -> float:
        return self._now()

    def measure(self, name: str) -> float:
        if name not in self._measured:
            self._measured[name] = round(self._measures[name](), 6)
            self._recorder.write({"kind": "measure", "name": name, "value": self._measured[name]})
        return self._measured[name]

    def token(self, placeholder: str) -> TokenFacts | None:
        return self._redactor.known(placeholder)

    def verifies(self, placeholder: str, pem: str) -> bool:
        holds = _signed(self._redactor.revealed(placeholder), pem)
        self._recorder.write(
            {"kind": "verification", "token": placeholder, "key": pem, "holds": holds}
        )
        return holds

    def _patiently(self, outgoing: Outgoing) -> tuple[float, Returned]:
        """Send at the allowed pace; wait out a 429 as far as the contract's rules ask."""
        waited, pause = 0.0, 1.0
        while True:
            self._take_turn()
            at = self._now()
            returned = self._unless_hopeless(outgoing)
            done = returned.status != _RATE_LIMITED or not outgoing.patient
            if done or waited >= _RATE_LIMIT_PATIENCE:
                return at, returned
            asked_for = next((v for k, v in returned.headers if k.lower() == "retry-after"), "")
            delay = min(
                float(asked_for) if asked_for.isdigit() else pause, _RATE_LIMIT_PATIENCE - waited
            )
            self.wait(max(delay, 0.1))
            waited, pause = waited + max(delay, 0.1), pause * 2

    def _unless_hopeless(self, outgoing: Outgoing) -> Returned:
        left = self._ends - time.monotonic()
        if left <= 0:
            limit = f"{self._settings.max_time:g} s of --max-time are over"
            return Returned(0.0, trouble="unsent", detail=f"the {limit}")
        route = (f"{outgoing.instance} {outgoing.method}", outgoing.target.split("?")[0])
        hung = self._hung.get(route, 0)
        if not self._answered and sum(self._hung.values()) >= _NEVER_ANSWERED:
            return Returned(0.0, trouble="unsent", detail="it has not answered anything so far")
        if hung >= _HUNG:
            return Returned(0.0, trouble="unsent", detail=f"{hung} requests to it hung before")
        deadline = min(outgoing.deadline, left, max(_SHORT, _PATIENCE - self._lost))
        if hung:
            deadline = min(deadline, _SECOND_CHANCE)
        with self._lock:
            self.sent += 1
        headers = (*(self._revealed(*each) for each in outgoing.headers), *self._extra)
        wire = self._wire_to(outgoing.instance)
        returned = wire.send(replace(outgoing, headers=headers, deadline=deadline))
        with self._lock:
            if returned.trouble == "timeout" and not outgoing.as_it_is:
                self._hung[route] = self._hung.get(route, 0) + 1
                self._lost += returned.seconds
            elif returned.trouble is None:
                self._answered = True
        return returned

    def _wire_to(self, instance: str) -> Wire:
        with self._lock:
            if instance not in self._wires:
                self._wires[instance] = Wire(self.around.url_of(instance))
            return self._wires[instance]

    def _revealed(self, name: str, value: str | bytes) -> tuple[str, str | bytes]:
        """A check knows a token that the target gave by its placeholder only."""
        return name, self._redactor.revealed(value) if isinstance(value, str) else value

    def _take_turn(self) -> None:
        if self._settings.rate is None:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next_turn)
            self._next_turn = turn + 1.0 / self._settings.rate
        if turn > now:
            self._sleep(turn - now)

    def _clean_bytes(self, body: bytes) -> str:
        """What is not UTF-8 may hold a token all the same."""
        clean = self._redactor.text(body.decode("latin-1"))
        return base64.b64encode(clean.encode("latin-1", "replace")).decode("ascii")

    def _written(self, outgoing: Outgoing, at: float, returned: Returned) -> Exchange:
        clean = self._redactor.text
        body, encoding = _as_text(outgoing.body)
        if body is not None and len(body) > _ABRIDGED:
            body, encoding = f"{body[:200]}… ({len(outgoing.body or b'')} bytes in all)", "abridged"
        answer = None
        if returned.trouble is None:
            text, how = _as_text(returned.body)
            answer = Answer(
                status=returned.status,
                headers=tuple((name, clean(value)) for name, value in returned.headers),
                body=clean(text or "") if how == "text" else self._clean_bytes(returned.body),
                encoding=how,
                truncated=returned.truncated,
            )
        target = self.around.url_of(outgoing.instance) if outgoing.instance else None
        exchange = Exchange(
            number=len(self._exchanges) + 1,
            base=(target or self._settings.target) + outgoing.prefix,
            request=Request(
                method=outgoing.method,
                target=clean(outgoing.target),
                headers=tuple(
                    (name, clean(value if isinstance(value, str) else _shown(value)))
                    for name, value in outgoing.headers
                ),
                body=clean(body) if body is not None and encoding != "base64" else body,
                encoding=encoding,
            ),
            at=round(at, 6),
            seconds=round(returned.seconds, 6),
            answer=answer,
            trouble=returned.trouble,
            detail=clean(returned.detail),
        )
        self._exchanges.append(exchange)
        self._recorder.write(exchange.as_json())
        return exchange


class ReplaySource:
    """Gives back what a record holds, check by check; nothing is sent and nobody waits."""

    def __init__(self, record: RunRecord) -> None:
        self.asked: list[int] = []
        self.around = RecordedSurroundings(record)
        self._so_far = [line["exchanges"] for line in reversed(list(record.lines("so_far")))]
        self._exchanges = record.exchanges
        self._measures = {line["name"]: line["value"] for line in record.lines("measure")}
        self._tokens = record.tokens
        self._verified = {
            (line["token"], line["key"]): line["holds"] for line in record.lines("verification")
        }
        self._asked_by = {each.id: each.exchanges for each in record.verdicts.values()}
        for line in record.lines("capability"):
            self._asked_by[f"capability {line['name']}"] = tuple(line["exchanges"])
        self._waiting: list[int] = []

    def begin(self, key: str) -> None:
        self.asked = []
        self._waiting = list(reversed(self._asked_by.get(key, ())))

    def ask(self, outgoing: Outgoing, *, shared: str | None = None) -> Exchange:  # noqa: ARG002 - a shared reading was recorded like any other
        if not self._waiting:
            raise UdckitError(
                f"the record holds no answer to {outgoing.method} {outgoing.target} here: "
                "it was written by another version of this check"
            )
        number = self._waiting.pop()
        self.asked.append(number)
        if number not in self._exchanges:
            raise InvocationError(f"The record lacks exchange {number}: it is damaged.")
        return self._exchanges[number]

    def ask_together(self, outgoing: Sequence[Outgoing]) -> list[Exchange]:
        return [self.ask(each) for each in outgoing]

    def so_far(self) -> list[Exchange]:
        return [self._exchanges[number] for number in range(1, self._so_far.pop() + 1)]

    def wait(self, seconds: float) -> None:
        """Nobody waits for a recorded target."""

    def now(self) -> float:
        return 0.0

    def measure(self, name: str) -> float:
        return float(self._measures[name])

    def token(self, placeholder: str) -> TokenFacts | None:
        found = PLACEHOLDER.fullmatch(placeholder)
        line = None if found is None else self._tokens.get(found.group(1))
        return None if line is None else TokenFacts.from_json(line)

    def verifies(self, placeholder: str, pem: str) -> bool:
        return bool(self._verified[placeholder, pem])


def _signed(token: str, pem: str) -> bool:
    try:
        return VerifyingKey(pem).signed(token)
    except ValueError:
        return False


def _shown(value: bytes) -> str:
    """A header's bytes as text; what is not UTF-8 as the letters that HTTP takes it for."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _as_text(body: bytes | None) -> tuple[str | None, str]:
    if body is None:
        return None, "text"
    try:
        return body.decode("utf-8"), "text"
    except UnicodeDecodeError:
        return base64.b64encode(body).decode("ascii"), "base64"
