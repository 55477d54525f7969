"""Plays one scenario against one target, and gives what it saw."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from udckit.conformance.errors import InvocationError
from udckit.conformance.redaction import Redactor
from udckit.conformance.scenario._asking import Asker
from udckit.conformance.scenario._pace import EndedError, Pace
from udckit.conformance.scenario._pulling import Puller
from udckit.conformance.scenario._taken import Notebook
from udckit.conformance.scenario._words import BEAT
from udckit.conformance.scenario.acts import (
    Act,
    Await,
    Enrol,
    Heal,
    Launch,
    Message,
    Move,
    Note,
    Probe,
    Pull,
    PullOthers,
    Rotate,
    Scenario,
    Stop,
    Strike,
    Task,
    Token,
    Triggered,
    Until,
    Visit,
    Wait,
)
from udckit.conformance.scenario.behind import Behind
from udckit.conformance.scenario.outage_acts import Notice, Outage, Recovery, Slowly
from udckit.conformance.scenario.outages import Outages
from udckit.conformance.scenario.recording import Look, Recording
from udckit.conformance.scenario.stand import PEER, REPLY_TO, WORK, Surround, Target
from udckit.conformance.trigger import Trigger
from udckit.fakes import JournalEntry

__all__ = ["Runner"]

_POLL: Final = 0.25
_TELL_EVERY: Final = 5.0
_FIRST_ID: Final = 4711
_TASK: Final = {"task_type": WORK, "data": {"udckit": "calm"}, "priority": "normal"}

Tell = Callable[[str], None]


class Runner:
    """Plays a scenario. Whatever becomes of it, `recording` gives what was seen until then."""

    def __init__(
        self,
        scenario: Scenario,
        target: Target,
        around: Surround,
        *,
        startup: float = 40.0,
        ended: threading.Event | None = None,
        tell: Tell = lambda _: None,
        number: int = 0,
        triggers: Sequence[Trigger] = (),
        declares_peers: bool = False,
        behind: Behind | None = None,
        names: Callable[[str], str] | None = None,
    ) -> None:
        self.scenario = scenario
        self._target = target
        self._around = around
        self._startup = startup
        self._tell = tell
        self._declares_peers = declares_peers
        self._pace = Pace(around.clock, ended or threading.Event())
        self._redactor = redactor = Redactor(
            signed_by=lambda token: "authority" if around.registry.signed_by(token) else "unknown",
            names=names,
        )
        self._book = Notebook(scenario.name, around.clock, redactor, around.registry.issued_as)
        self._asker = Asker(target, around, self._pace, self._book)
        self._puller = Puller(triggers, around, self._asker, self._book)
        self._droplet_id = _FIRST_ID + 10 * number
        self._starts = 0
        self._exited = False
        self._told = 0.0
        self._trouble: str | None = None
        self._outages = Outages(
            behind=behind or Behind(),
            look=self._look_at,
            note=self._note,
            rest=self._rest,
            now=self._now,
            say=self._progress,
            slowly=target.at_own_speed,
        )

    def play(self) -> Recording:
        """Play it to its end, or to where the target or the run ended it."""
        try:
            for act in self.scenario.script:
                self._look_after()
                self._do(act)
            self._note("end")
        except EndedError:
            self._trouble = "the run was ended"
        except (InvocationError, OSError) as failed:
            self._trouble = str(failed).splitlines()[0]
        finally:
            self._end()
        return self.recording()

    def recording(self) -> Recording:
        """Give what was seen."""
        return self._book.recording(self._around.fakes, self._trouble)

    def _end(self) -> None:
        self._target.stop()
        self._book.lines(self._target.take_lines())
        self._pace.close()
        self._asker.close()

    def _do(self, act: Act) -> None:  # noqa: C901, PLR0912 - one line for each kind of act
        match act:
            case Launch():
                self._launch(act)
            case Strike():
                self._note(f"strike {act.fake}", faults=[str(each) for each in act.faults])
                faults = self._around.fakes[act.fake].faults
                (faults.replace if act.instead else faults.add)(*act.faults)
            case Heal():
                self._around.fakes[act.fake].faults.clear()
                self._note(f"heal {act.fake}")
            case Await():
                self._await(act)
            case Wait():
                self._watch(act.seconds, act.watching, act.every)
            case Probe():
                for _ in range(act.times):
                    self._asker.ask(
                        act.name, act.method, act.path, act.token, deadline=act.deadline
                    )
            case Until():
                self._until(act)
            case Message():
                self._message(act)
            case Task():
                self._asker.ask(act.name, "POST", "/tasks", "valid", body=_TASK)
            case Enrol():
                self._enrol()
            case Pull():
                self._puller.pull(act, self._rest, self._progress)
            case PullOthers():
                self._puller.pull_others(act, self._target.url, self._rest)
            case Move():
                self._puller.move()
                self._note("moved")
            case Triggered():
                self._triggered(act)
            case Visit():
                self._visit(act)
            case Rotate():
                self._asker.rotate()
                self._note("rotated")
            case Note():
                self._note(act.what)
            case Stop():
                self._stop()
            case Outage() | Recovery() | Notice() | Slowly():
                self._outages.do(act)

    def _launch(self, act: Launch) -> None:
        if act.only_if_exited:
            if not self._exited:
                return
            self._around.registry.faults.clear()
            self._around.registry.faults.add(*act.cured)
        self._starts += 1
        self._exited = False
        registry, orchestrator = self._around.registry.url, self._around.orchestrator.url
        slash = "/" if act.slashes else ""
        facts = {
            "SERVICE_NAME": f"udckit-{self.scenario.name}",
            "DROPLET_ID": str(self._droplet_id),
            "ENVIRONMENT": "production",
            "LOG_LEVEL": "INFO",
            **dict(act.environment),
        }
        at = self._now()
        self._target.start(
            {"REGISTRY_URL": registry + slash, "ORCHESTRATOR_URL": orchestrator + slash, **facts}
        )
        self._note(act.label, at=at, **facts, **self._port())
        if act.answers:
            self._answers()

    def _port(self) -> dict[str, str]:
        """Give the setting that the target's own start decides."""
        port = urlsplit(self._target.url).port
        return {} if port is None else {"SERVICE_PORT": str(port)}

    def _answers(self) -> None:
        """Wait for the first answer to /health; nothing else is asked meanwhile."""
        ends = self._now() + self._startup
        while self._now() < ends and not self._exited:
            if self._asker.ask("first health", "GET", "/health", "none", kept=False):
                self._note("answers")
                return
            self._rest(_POLL)

    def _await(self, act: Await) -> None:
        since = 0.0 if act.since is None else self._book.moment(act.since)
        ends, due = self._now() + act.within, self._now()
        while self._now() < ends and not (act.or_exit and self._exited):
            if self._count(act, since) >= act.times:
                self._note(act.what)
                return
            if act.watching and self._now() >= due:
                due += act.every
                self._look(act.watching)
            self._progress(act.what, ends)
            self._rest(min(_POLL, act.every, max(0.0, ends - self._now())))
        self._note(f"no {act.what}")

    def _count(self, act: Await, since: float) -> int:
        """Count what came; of beats those of one worker, which a token tells (CONF-40)."""

        def wanted(entry: JournalEntry) -> bool:
            method, _, path = act.route.partition(" ")
            good = entry.answered is not None and 200 <= entry.answered < 300  # noqa: PLR2004 - the 2xx
            return (
                entry.time >= since
                and entry.method == method
                and entry.path.rstrip("/") == path
                and (good or not act.taken)
            )

        found = [entry for entry in self._journal(act.fake) if wanted(entry)]
        if act.route != BEAT:
            return len(found)
        by_worker = Counter(entry.headers.get("authorization") for entry in found)
        return max(by_worker.values(), default=0)

    def _journal(self, fake: str) -> Iterable[JournalEntry]:
        """Give what the target sent to a fake."""
        return self._around.fakes[fake].journal

    def _watch(self, seconds: float, watching: tuple[str, ...], every: float) -> None:
        ends, due = self._now() + seconds, self._now()
        while (left := ends - self._now()) > 0:
            if watching and self._now() >= due:
                due += every
                self._look(watching)
            self._progress("time to pass", ends)
            self._rest(min(left, every if watching else self._pace.poll))

    def _look(self, watching: tuple[str, ...]) -> None:
        for path in watching:
            token: Token = "none" if path == "/health" else "valid"
            self._asker.ask(f"watched {path}", "GET", path, token)

    def _look_at(self, path: str) -> Look:
        self._look((path,))
        return self._book.last_look

    def _until(self, act: Until) -> None:
        ends = self._now() + act.within
        while True:
            status = self._asker.ask(act.name, "GET", act.path, act.token)
            if status == act.status or self._now() >= ends:
                return
            self._progress(f"{act.path} to answer {act.status}", ends)
            self._rest(min(act.every, max(0.0, ends - self._now())))

    def _message(self, act: Message) -> None:
        body: dict[str, Any] = {"from_service": PEER, "message_type": "query", "payload": {}}
        if act.replies:
            body["reply_to"] = f"{self._around.peer.url}{REPLY_TO}"
        self._asker.ask(act.name, "POST", "/message", "valid", body=body)

    def _triggered(self, act: Triggered) -> None:
        if not self._puller.triggers:
            self._note("no trigger", declared=self._declares_peers)
            return
        for each in act.acts:
            self._look_after()
            self._do(each)

    def _enrol(self) -> None:
        """Have the peer registered with the target, and ask it with the token that it gives."""
        self._asker.ask("enrol", "POST", "/register", "none", body=self._around.registration)
        token = self._book.last_look.member("token")
        if isinstance(token, str):
            self._asker.take(self._redactor.revealed(token))
            self._note("enrolled")

    def _visit(self, act: Visit) -> None:
        registered = [
            entry.json
            for entry in self._journal("registry")
            if entry.operation == "registerService" and entry.answered == 201  # noqa: PLR2004 - Created
        ]
        declared = registered[-1] if registered and isinstance(registered[-1], Mapping) else {}
        port, path = declared.get("port"), declared.get("health_endpoint")
        if isinstance(port, int) and isinstance(path, str) and path.startswith("/"):
            self._asker.ask(act.name, "GET", path, "none", base=f"http://127.0.0.1:{port}")

    def _stop(self) -> None:
        self._note("stop")
        status = self._target.stop()
        if status is not None and not self._exited:
            self._book.exited(status, asked=True)
        self._exited = True
        self._book.lines(self._target.take_lines())
        self._note("stopped")

    # What the acts are made of

    def _note(self, what: str, **detail: Any) -> None:
        self._pace.tick()
        self._book.note(what, **detail)
        self._pace.tick()

    def _now(self) -> float:
        return self._around.clock.now()

    def _rest(self, seconds: float) -> None:
        self._pace.rest(seconds)
        self._look_after()

    def _look_after(self) -> None:
        """Take the target's lines in, and see whether it still runs."""
        self._book.lines(self._target.take_lines())
        status = self._target.exit_status
        if status is not None and not self._exited and self._starts:
            self._exited = True
            self._book.exited(status, asked=False)

    def _progress(self, what: str, ends: float) -> None:
        left = (ends - self._now()) / self._pace.factor
        now = self._now() / self._pace.factor
        if now - self._told >= _TELL_EVERY and left >= 1:
            self._told = now
            self._tell(f"{self.scenario.name}: waiting for {what}, at most {left:.0f} s left")
