"""What came, what was answered and what was wrong with it, in the order in which it came."""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, replace
from typing import Any

from udckit.fakes._expectation import Expectation, NotSeenError
from udckit.fakes._http import Headers
from udckit.fakes._strict_json import JsonError, strict_loads
from udckit.specs import Problem

__all__ = ["Journal", "JournalEntry", "NotSeenError", "OwnFault"]

Predicate = Callable[["JournalEntry"], bool]

MOST_ENTRIES = 50_000
MOST_BYTES = 64 << 20
_ROW_COST = 1200  # bytes that an entry costs beside what it holds

Row = tuple[Any, ...]
"""The fields of JournalEntry without `number` and `fake`, and the headers packed."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One request that a fake was sent, and what became of it."""

    number: int
    """1 for the first; never reused, so that a gap shows what was dropped."""
    time: float
    """Epoch seconds on the fake's clock, when the request line had come."""
    fake: str
    method: str
    path: str
    """As sent: percent-encoded, without the query."""
    query: str
    headers: Headers
    body: bytes
    operation: str | None
    """The contract's operationId; None for what the contract does not know."""
    problems: tuple[Problem, ...]
    """Where the body is not what the schema says."""
    answered: int | None
    """The status; None while, or because, nothing was answered."""
    identity: Mapping[str, Any] | None
    """The claims of the token, if it was one that counts."""
    client: str | None = None
    refusal: str | None = None
    """Why the fake refused, in its own words."""
    response: bytes = b""
    fault: str | None = None
    """The fault that struck this exchange."""
    released: float | None = None
    """When the client gave up on a request that was not answered."""

    @property
    def json(self) -> Any:
        """The body as a JSON value; None where it is none."""
        try:
            return strict_loads(self.body)
        except JsonError:
            return None

    @property
    def answer(self) -> Any:
        """The response body as a JSON value; None where it is none."""
        try:
            return strict_loads(self.response)
        except JsonError:
            return None

    @property
    def token(self) -> str | None:
        """The bearer token as sent, whether it counts or not."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None

    @property
    def is_client_fault(self) -> bool:
        """Whether the client did something that the contract does not allow.

        To ask for a service or a task that is not there is no fault; an unknown path is one.
        """
        if self.problems:
            return True
        if self.fault is not None or self.answered is None:
            return False
        if self.answered == 404:  # noqa: PLR2004 - Not Found
            return self.operation is None
        return 400 <= self.answered < 500  # noqa: PLR2004 - the 4xx

    def __str__(self) -> str:
        target = f"{self.path}?{self.query}" if self.query else self.path
        outcome = "unanswered" if self.answered is None else str(self.answered)
        return f"#{self.number} {self.method} {target} → {outcome}"


@dataclass(frozen=True, slots=True)
class OwnFault:
    """Something that the fake itself did wrong; never the client's."""

    time: float
    what: str
    entry: int | None = None


class Journal:
    """Every request to one fake, unknown paths included; bounded, and it says what it dropped.

    Iterate over it for what is kept. `client_faults` and `own_faults` are its two ledgers.
    """

    def __init__(self, fake: str, *, entries: int = MOST_ENTRIES, size: int = MOST_BYTES) -> None:
        self._fake = fake
        self._rows: deque[Row | JournalEntry] = deque()
        self._sizes: deque[int] = deque()
        self._first = 1
        self._own: deque[OwnFault] = deque(maxlen=1000)
        self._lock = threading.Lock()
        self._waiting: list[tuple[Predicate, Future[JournalEntry]]] = []
        self._told: tuple[Callable[[], None], ...] = ()
        self._most_entries = entries
        self.most_bytes = size
        self._bytes = 0
        self.dropped = 0
        """How many entries gave way to newer ones."""

    def __iter__(self) -> Iterator[JournalEntry]:
        with self._lock:
            first, kept = self._first, tuple(self._rows)
        return (self._entry(number, row) for number, row in enumerate(kept, first))

    def __len__(self) -> int:
        return len(self._rows)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<Journal of {self._fake}: {len(self)} entries, {self.dropped} dropped>"

    @property
    def total(self) -> int:
        """How many requests came since the start or the last `clear`."""
        return self.dropped + len(self._rows)

    @property
    def entries(self) -> tuple[JournalEntry, ...]:
        return tuple(self)

    @property
    def client_faults(self) -> tuple[JournalEntry, ...]:
        """Requests that the contract does not allow: schema problems, refusals, unknown paths."""
        return tuple(entry for entry in self if entry.is_client_fault)

    @property
    def own_faults(self) -> tuple[OwnFault, ...]:
        """What the fake did wrong: an answer that its own schema refuses, an exception."""
        with self._lock:
            return tuple(self._own)

    def find(
        self, predicate: Predicate | None = None, /, **wanted: Any
    ) -> tuple[JournalEntry, ...]:
        """The entries that match; `wanted` as for `wait_for`."""
        expectation = Expectation(predicate, wanted)
        return tuple(entry for entry in self if expectation.met_by(entry))

    def wait_for(
        self, predicate: Predicate | None = None, /, *, timeout: float = 5.0, **wanted: Any
    ) -> JournalEntry:
        """The first entry that matches, waiting up to `timeout` real seconds for it.

        `wanted` names fields of the entry (`method="POST"`, `path="/heartbeat"`, `answered=200`);
        `json={…}` asks that the body have these members. Raises NotSeenError, which shows the
        nearest request that did come.
        """
        expectation = Expectation(predicate, wanted)
        future = self._expect(expectation.met_by)
        try:
            return future.result(timeout)
        except FutureTimeoutError:
            raise NotSeenError(expectation.explain(self.entries, timeout, self.dropped)) from None
        finally:
            self._give_up(future)

    async def await_for(
        self,
        predicate: Predicate | None = None,
        /,
        *,
        timeout: float = 5.0,  # noqa: ASYNC109 - it is part of the message when it is over
        **wanted: Any,
    ) -> JournalEntry:
        """As `wait_for`, for a test that must not block its own loop."""
        expectation = Expectation(predicate, wanted)
        future = self._expect(expectation.met_by)
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise NotSeenError(expectation.explain(self.entries, timeout, self.dropped)) from None
        finally:
            self._give_up(future)

    @contextlib.contextmanager
    def told(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call back at each request from now on, before its answer can be read; it may not wait."""
        with self._lock:
            self._told = (*self._told, callback)
        try:
            yield
        finally:
            with self._lock:
                self._told = tuple(each for each in self._told if each != callback)

    def clear(self) -> None:
        """Forget everything; numbers go on."""
        with self._lock:
            self._first += len(self._rows)
            self._rows.clear()
            self._sizes.clear()
            self._own.clear()
            self._bytes = self.dropped = 0

    def record(self, row: Row, size: int) -> int:
        """Take an exchange in and give its number; the fake's own business."""
        with self._lock:
            self._rows.append(row)
            number = self._first + len(self._rows) - 1
            self._bytes += size + _ROW_COST
            self._sizes.append(size)
            while self._bytes > self.most_bytes or len(self._rows) > self._most_entries:
                self._drop_oldest()
        for each in self._told:
            each()
        if self._waiting:
            self._tell(self._entry(number, row))
        return number

    def amend(self, number: int, **facts: Any) -> None:
        """Replace an entry by one that knows more; the fake's own business."""
        with self._lock:
            index = number - self._first
            if not 0 <= index < len(self._rows):
                return
            changed = replace(self._entry(number, self._rows[index]), **facts)
            self._rows[index] = changed
        self._tell(changed)

    def blame_self(self, time: float, what: str, entry: int | None = None) -> None:
        """Note a fault of the fake itself; the fake's own business."""
        with self._lock:
            self._own.append(OwnFault(time, what, entry))

    def _tell(self, entry: JournalEntry) -> None:
        """Wake those who waited for this; what a predicate raises is theirs."""
        with self._lock:
            waiting = tuple(self._waiting)
        for predicate, future in waiting:
            with contextlib.suppress(InvalidStateError):
                try:
                    if predicate(entry):
                        future.set_result(entry)
                except Exception as error:  # noqa: BLE001 - it goes to whom it belongs
                    future.set_exception(error)

    def _expect(self, predicate: Predicate) -> Future[JournalEntry]:
        future: Future[JournalEntry] = Future()
        with self._lock:
            self._waiting.append((predicate, future))
        for entry in self:
            if predicate(entry):
                with contextlib.suppress(InvalidStateError):
                    future.set_result(entry)
                break
        return future

    def _entry(self, number: int, row: "Row | JournalEntry") -> JournalEntry:
        if isinstance(row, JournalEntry):
            return row
        moment, method, path, query, packed, *rest = row
        headers = Headers.unpacked(packed)
        return JournalEntry(number, moment, self._fake, method, path, query, headers, *rest)

    def _drop_oldest(self) -> None:
        self._rows.popleft()
        self._bytes -= self._sizes.popleft() + _ROW_COST
        self._first += 1
        self.dropped += 1

    def _give_up(self, future: Future[JournalEntry]) -> None:
        with self._lock:
            self._waiting = [one for one in self._waiting if one[1] is not future]
