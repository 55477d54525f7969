"""Watches a droplet that somebody else started; see `attached`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast
from urllib.parse import urlsplit

from udckit.conformance.errors import UnreachableError
from udckit.conformance.heard import Line
from udckit.conformance.scenario._followed import BEFORE, Followed
from udckit.conformance.scenario._remote import RemoteJournal, RemoteRegistry
from udckit.conformance.scenario.acts import Act, Await, Message, Scenario, Visit
from udckit.conformance.scenario.attached import FACTS, WATCH
from udckit.conformance.scenario.recording import Recording
from udckit.conformance.scenario.runner import Runner
from udckit.conformance.scenario.stand import PEER, WORK, Surround
from udckit.conformance.surroundings import Enrol
from udckit.fakes import (
    Behaviour,
    Clock,
    ControlError,
    FakeDroplet,
    FakeOrchestrator,
    FakeRegistry,
    JournalEntry,
    RunningFakes,
    token_ref,
)

__all__ = ["AttachedTo", "Watcher", "attached_to"]

_ALIKE: Final = 2.5
"""Seconds by which uptime may differ from the time that passed: it is told in whole ones."""
_EVERY: Final = 1.0
_REGISTERED: Final = {"SERVICE_NAME": "name", "DROPLET_ID": "droplet_id", "SERVICE_PORT": "port"}
_PEER_ID: Final = 990_002
_LISTENS: Final = Behaviour(registers=False, beats=False, verifies_tokens=False)
"""The peer asks the Registry nothing: whose token a callback carries is judged from its journal."""


@dataclass(frozen=True, slots=True)
class AttachedTo:
    """A droplet that runs, and the fakes that it was started against.

    `settings` is what it was told to be; `are_sure` that it surely was. `declared` says that the
    operator vouches for its having been started against them.
    """

    url: str
    fakes: RunningFakes
    settings: Mapping[str, str]
    are_sure: bool = False
    declared: bool = False


class _Theirs:
    """A target that the kit neither starts nor stops, and whose output goes elsewhere."""

    exit_status: int | None = None

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self, environment: Mapping[str, str]) -> None:
        """It runs."""

    def stop(self) -> int | None:
        return None

    def take_lines(self) -> Sequence[Line]:
        return ()

    def at_own_speed(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


@dataclass(slots=True)
class _Side:
    """A fake as a scenario reads it: its calls from this droplet."""

    followed: Followed
    name: str

    @property
    def journal(self) -> Iterator[JournalEntry]:
        return iter(self.followed.calls(self.name))


@contextlib.contextmanager
def attached_to(to: AttachedTo, clock: Clock, enrol: Enrol, **how: Any) -> Iterator[Watcher]:
    """Attach: a peer that listens, known to the Registry that runs; `how` goes to the runner.

    Raises:
        UnreachableError: the fakes do not answer, or do not take the peer.
    """
    registry, orchestrator = (
        RemoteJournal(each) for each in (to.fakes.registry, to.fakes.orchestrator)
    )
    remote = RemoteRegistry(to.fakes.registry, registry, orchestrator)
    peer = FakeDroplet(
        name=PEER,
        droplet_id=_PEER_ID,
        registry=to.fakes.registry.url,
        behaviour=_LISTENS,
        clock=clock,
    )
    with peer:
        where = {"host": "127.0.0.1", "port": peer.port, "capabilities": [WORK]}
        admitted = enrol(PEER, where)
        if admitted is None:
            raise UnreachableError("the Registry of the fakes did not take the kit's peer")
        token, number = admitted
        around = Surround(
            cast("FakeRegistry", remote),  # it has what a watcher asks of one
            cast("FakeOrchestrator", None),  # nothing is done to it
            peer,
            clock,
            token,
            number,
        )
        followed = Followed(
            registry, orchestrator, urlsplit(to.url).port, clock.now(), any_port=to.declared
        )
        yield Watcher(to, around, followed, **how)


class Watcher(Runner):
    """Plays `WATCH`, and writes the note `attached` of what it knows of the droplet.

    That is `registered`; `known`, whether its start is, after that of the fakes; `restarted`
    meanwhile; `visited`, whether the port that it registered is the kit's; `names` and `port`,
    whether it had these settings; `vouched`, whether it surely was told where both fakes are;
    `local`, `others`, `stray` and `faulty` as in `Life`.
    """

    def __init__(
        self,
        to: AttachedTo,
        around: Surround,
        followed: Followed,
        *,
        script: Scenario = WATCH,
        **how: Any,
    ) -> None:
        super().__init__(script, _Theirs(to.url), around, names=token_ref, **how)
        self._to = to
        self._followed = followed
        self._visited = False
        self._skips = False
        self._due = 0.0
        self._first: tuple[float, float] | None = None
        self._sides = {name: _Side(followed, name) for name in ("registry", "orchestrator")}

    def play(self) -> Recording:
        self._first = self._uptime()
        if self._first is not None:
            self._followed.started = self._first[0] - self._first[1]
        self._read()
        since = self._followed.life.since
        self._book.note("answers", at=since)
        self._book.note("history", at=max(since, self._followed.came - BEFORE))
        return super().play()

    def recording(self) -> Recording:
        """Give what was seen, with what the journals of the fakes tell of this droplet."""
        with contextlib.suppress(ControlError):
            self._followed.refresh()
        seen = self._book.recording({**self._sides, "peer": self._around.peer}, self._trouble)
        told = {**self._followed.registry.tokens, **self._followed.orchestrator.tokens}
        used = {call.token for call in seen.calls} | {
            value for call in seen.calls if isinstance(value := call.given("token"), str)
        }
        kept = {name: facts for name, facts in told.items() if name in used}
        return replace(seen, tokens={**seen.tokens, **kept})

    def _end(self) -> None:
        if self._trouble is None:
            self._take_stock()
        super()._end()

    def _do(self, act: Act) -> None:
        if self._skips:
            return
        match act:
            case Visit():
                self._visit(act)
            case Message(replies=True) if not self._followed.life.local:
                self._note("no message", why="its callback would not arrive")
            case Await():
                super()._do(act)
                self._skips = act.what == "registered" and self._followed.life.name is None
            case _:
                super()._do(act)

    def _journal(self, fake: str) -> Iterable[JournalEntry]:
        """Read on now and then: whoever waits asks again four times a second."""
        if self._now() >= self._due:
            self._read()
        return self._followed.calls(fake)

    def _visit(self, act: Visit) -> None:
        """Ask at the address that the kit knows, where the droplet registered that port."""
        declared = self._registration()
        path = declared.get("health_endpoint")
        self._visited = self._to.are_sure or declared.get("port") == self._followed.port
        if self._to.are_sure:
            super()._visit(act)
        elif self._visited and isinstance(path, str) and path.startswith("/"):
            self._asker.ask(act.name, "GET", path, "none")

    def _read(self) -> None:
        self._due = self._now() + _EVERY
        try:
            self._followed.refresh()
        except ControlError as silent:
            raise ConnectionError(str(silent)) from silent

    def _uptime(self) -> tuple[float, float] | None:
        """Ask /health; give the moment, and the uptime that it tells."""
        self._asker.ask("uptime", "GET", "/health", "none")
        look = self._book.last_look
        uptime = look.member("uptime_seconds")
        if isinstance(uptime, bool) or not isinstance(uptime, int | float):
            return None
        return self._around.clock.now() - look.seconds / 2, float(uptime)

    def _take_stock(self) -> None:
        """Look once more, and write down what is known."""
        last = self._uptime()
        first = self._first
        restarted = False
        if first is not None and last is not None:
            passed, more = last[0] - first[0], last[1] - first[1]
            restarted = more < 0 < passed
            if abs(passed - more) > _ALIKE:
                self._followed.started = None
        else:
            self._followed.started = None
        self._read()
        life, started = self._followed.life, self._followed.started
        names, port = self._tell_settings()
        faults = [*self._to.fakes.registry.faults(), *self._to.fakes.orchestrator.faults()]
        self._note(
            FACTS,
            registered=life.name is not None,
            known=life.is_known and started is not None and started >= self._to.fakes.started - 1,
            restarted=restarted,
            visited=self._visited,
            names=names,
            vouched=names or self._to.declared,
            port=port,
            local=life.local,
            others=sorted(life.others),
            stray=life.stray,
            faulty=life.faulty or bool(faults),
        )

    def _tell_settings(self) -> tuple[bool, bool]:
        """Note the settings that it surely had; say whether names and port are among them.

        It had those that it registered with: nobody has that name and number by chance.
        """
        declared, told = self._registration(), self._to.settings
        had = {
            variable: value
            for variable, value in told.items()
            if self._to.are_sure or str(declared.get(_REGISTERED.get(variable, ""))) == value
        }
        names = {"SERVICE_NAME", "DROPLET_ID"} <= set(had)
        if names:
            self._note("launch", **had)
        return names, names and "SERVICE_PORT" in had

    def _registration(self) -> Mapping[str, Any]:
        """Give the body of its last registration that was taken; an empty one without any."""
        bodies = [
            entry.json
            for entry in self._journal("registry")
            if entry.operation == "registerService" and entry.answered == 201  # noqa: PLR2004 - Created
        ]
        return bodies[-1] if bodies and isinstance(bodies[-1], Mapping) else {}
