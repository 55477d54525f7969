"""What lies around the exchanges: further senders and instances, peers that listen, the log.

Live, each call does something and writes down what it was told; over a record it is told again.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from udckit.conformance._peers import Call, Peer
from udckit.conformance.heard import Heard, Line, Sender
from udckit.conformance.record import Recorder, RunRecord
from udckit.conformance.redaction import Redactor

__all__ = ["Enrol", "LiveSurroundings", "RecordedSurroundings", "Start", "Surroundings"]

Enrol = Callable[[str, Mapping[str, Any]], tuple[str, int] | None]
"""Registers a service of this name, with these members, for a token and a service_id."""

Start = Callable[[Mapping[str, str | None]], contextlib.AbstractContextManager[str]]
"""Starts another instance of the target under a changed environment, and gives its URL."""


class Surroundings(Protocol):
    """What a probe has around it; see the probe's methods of the same names."""

    def label(self, token: str, what: str) -> None:
        """Say what a token was made for."""
        ...

    def enrol(
        self, name: str, *, listens: bool, fails: bool, facts: Mapping[str, Any]
    ) -> Sender | None:
        """Register a further service."""
        ...

    def peer(self, name: str, host: str) -> str | None:
        """Give the URL of a peer that listens."""
        ...

    def heard(self, name: str, mark: str, within: float) -> tuple[Heard, ...]:
        """Give what came to a peer."""
        ...

    def start(self, instance: str, environment: Mapping[str, str | None]) -> str | None:
        """Start another instance; say what was in the way."""
        ...

    def url_of(self, instance: str) -> str:
        """Give the URL of an instance that was started."""
        ...

    def log(self) -> tuple[Line, ...] | None:
        """Give what the target wrote."""
        ...


@dataclass(slots=True)
class LiveSurroundings:
    """The real ones. `listens` is false where the target cannot reach this machine's loopback."""

    recorder: Recorder
    redactor: Redactor
    enrols: Enrol | None = None
    starts: Start | None = None
    reads: Callable[[], Sequence[Line]] | None = None
    listens: bool = True
    _senders: dict[str, Sender | None] = field(default_factory=dict)
    _peers: dict[str, Peer | None] = field(default_factory=dict)
    _urls: dict[str, str] = field(default_factory=dict)
    _heard: dict[tuple[str, int], Heard] = field(default_factory=dict)
    _lines: int = 0
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def close(self) -> None:
        """Stop what was started, and listen no more."""
        self._stack.close()
        for peer in self._peers.values():
            if peer is not None:
                peer.close()

    def label(self, token: str, what: str) -> None:
        self.redactor.issued(token, what)

    def enrol(
        self, name: str, *, listens: bool, fails: bool, facts: Mapping[str, Any]
    ) -> Sender | None:
        if name not in self._senders:
            self._senders[name] = self._enrolled(name, listens=listens, fails=fails, facts=facts)
        sender = self._senders[name]
        self._told(f"enrol {name}", None if sender is None else [sender.token, sender.service_id])
        return sender

    def peer(self, name: str, host: str) -> str | None:
        if name not in self._peers:
            self._peers[name] = self._opened(host)
        peer = self._peers[name]
        url = None if peer is None else peer.url
        self._told(f"peer {name}", url)
        return url

    def heard(self, name: str, mark: str, within: float) -> tuple[Heard, ...]:
        peer = self._peers.get(name)
        calls = [] if peer is None else peer.wait_for(mark, within)
        entries = tuple(self._written(name, call) for call in calls)
        self._told(f"heard {name} {mark}", [each.number for each in entries])
        return entries

    def start(self, instance: str, environment: Mapping[str, str | None]) -> str | None:
        trouble: str | None = "the kit did not launch the target, and starts no other instance"
        if self.starts is not None:
            try:
                self._urls[instance] = self._stack.enter_context(self.starts(environment))
                trouble = None
            except Exception as failed:  # noqa: BLE001 - whatever keeps it from starting is told
                trouble = self.redactor.text(str(failed).splitlines()[0])
        self._told(f"start {instance}", trouble)
        return trouble

    def url_of(self, instance: str) -> str:
        return self._urls[instance]

    def log(self) -> tuple[Line, ...] | None:
        if self.reads is None:
            self._told("log", None)
            return None
        lines = tuple(Line(round(at, 3), self.redactor.text(text)) for at, text in self.reads())
        for number in range(self._lines, len(lines)):
            at, text = lines[number]
            self.recorder.write({"kind": "log", "n": number + 1, "at": at, "text": text})
        self._lines = max(self._lines, len(lines))
        self._told("log", len(lines))
        return lines

    def _told(self, asked: str, told: Any) -> None:
        self.recorder.write({"kind": "surroundings", "asked": asked, "told": told})

    def _enrolled(
        self, name: str, *, listens: bool, fails: bool, facts: Mapping[str, Any]
    ) -> Sender | None:
        where: dict[str, Any] = {}
        if listens:
            self._peers.setdefault(name, self._opened("127.0.0.1", fails=fails))
            peer = self._peers[name]
            if peer is None:
                return None
            where = {"host": peer.host, "port": peer.port}
        admitted = None if self.enrols is None else self.enrols(name, {**where, **facts})
        if admitted is None:
            return None
        token, number = admitted
        self.redactor.issued(token, f"registration of {name}")
        return Sender(name, self.redactor.text(token), number)

    def _opened(self, host: str, *, fails: bool = False) -> Peer | None:
        if not self.listens:
            return None
        try:
            return Peer(host, fails=fails)
        except OSError:
            return None

    def _written(self, name: str, call: Call) -> Heard:
        known = self._heard.get((name, id(call)))
        if known is None:
            clean = self.redactor.text
            known = Heard(
                number=len(self._heard) + 1,
                peer=name,
                at=round(call.at, 3),
                method=call.method,
                target=clean(call.target),
                headers=tuple((key, clean(value)) for key, value in call.headers),
                body=clean(call.body.decode("utf-8", "replace")),
            )
            self._heard[name, id(call)] = known
            self.recorder.write(known.as_json())
        return known


class RecordedSurroundings:
    """What was told then, in the same order."""

    def __init__(self, record: RunRecord) -> None:
        self._told: defaultdict[str, deque[Any]] = defaultdict(deque)
        for line in record.lines("surroundings"):
            self._told[line["asked"]].append(line["told"])
        self._journal = {
            line["n"]: Heard.from_json(line) for line in record.lines("journal") if "fake" in line
        }
        self._log = [Line(line["at"], line["text"]) for line in record.lines("log")]

    def label(self, token: str, what: str) -> None:
        """Nothing is sent."""

    def enrol(
        self,
        name: str,
        *,
        listens: bool,  # noqa: ARG002 - the record knows
        fails: bool,  # noqa: ARG002 - the record knows
        facts: Mapping[str, Any],  # noqa: ARG002 - the record knows
    ) -> Sender | None:
        told = self._told[f"enrol {name}"].popleft()
        return None if told is None else Sender(name, told[0], told[1])

    def peer(self, name: str, host: str) -> str | None:  # noqa: ARG002 - the record knows
        url: str | None = self._told[f"peer {name}"].popleft()
        return url

    def heard(self, name: str, mark: str, within: float) -> tuple[Heard, ...]:  # noqa: ARG002 - nobody waits for a record
        return tuple(self._journal[each] for each in self._told[f"heard {name} {mark}"].popleft())

    def start(self, instance: str, environment: Mapping[str, str | None]) -> str | None:  # noqa: ARG002 - the record knows
        trouble: str | None = self._told[f"start {instance}"].popleft()
        return trouble

    def url_of(self, instance: str) -> str:
        return instance

    def log(self) -> tuple[Line, ...] | None:
        until = self._told["log"].popleft()
        return None if until is None else tuple(self._log[:until])
