"""Rules of walks that take time or company: tokens expire, workers die and come back, work is done.

They are joined to a machine where there is patience for it, and where peers of the kit's may be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol
from urllib.parse import quote as percent
from urllib.parse import urlsplit

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from udckit.conformance.generated.model_callbacks import PATH
from udckit.conformance.generated.model_work import ALIVE, WITHIN, WORK, WORKERS, outcome_of
from udckit.conformance.generated.sending import a_beat, a_registration, a_task
from udckit.conformance.generated.walking import Walks
from udckit.conformance.heard import Heard, Sender
from udckit.conformance.observation import Observation
from udckit.conformance.probe import VALID, Ask

__all__ = ["Callbacks", "Company", "Time", "Tokens", "Work"]

_Act = Callable[[int], None]

_PASSING: Final = (20.0, 100.0, 250.0)
_HOLDERS: Final = ("udckit-holder-a", "udckit-holder-b")
_GUARDED: Final = ("/state", "/dependencies", "/state")
_AT_ONCE: Final = 3
_POLL: Final = 1.0
_POLLS: Final = 12
_SOON: Final = 2.0
"""Seconds for which a walk waits for a callback; one that takes longer is not looked at."""

_TAKEN: Final = range(200, 300)
LISTENER: Final = "udckit-walk-listener"


class _Acts(Protocol):
    acts: Sequence[_Act]


class Company(RuleBasedStateMachine):
    """A walk by whatever acts there are; one rule, for hypothesis leaves rules out at random."""

    walks: Walks
    kinds: tuple[Callable[[Walks], _Acts], ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self._acts = [act for kind in self.kinds for act in kind(self.walks).acts]

    @rule(what=st.integers(0, 999), place=st.integers(0, 30))
    def act(self, what: int, place: int) -> None:
        self._acts[what % len(self._acts)](place)


class Time:
    """Time passes."""

    def __init__(self, walks: Walks) -> None:
        self.walks = walks
        self.acts: Sequence[_Act] = (self._time_passes,)

    def _time_passes(self, place: int) -> None:
        self.walks.let_pass(_PASSING[place % len(_PASSING)])


class Tokens:
    """A token is used again and again, before it expires and long after."""

    def __init__(self, walks: Walks) -> None:
        self.walks = walks
        self.acts: Sequence[_Act] = (self._a_token_is_used,)

    def _a_token_is_used(self, place: int) -> None:
        token = self._token_of(_HOLDERS[place % len(_HOLDERS)])
        if token is not None:
            self.walks.step(Ask("GET", _GUARDED[place % len(_GUARDED)], token))

    def _token_of(self, name: str) -> str | None:
        """Give the first token that a service got in this run."""
        kept = self.walks.tokens
        if name not in kept and self.walks.service.settings.role == "registry":
            seen = self.walks.step(a_registration(name))
            given = None if seen is None else seen.member("token")
            if isinstance(given, str):
                kept[name] = given
        elif name not in kept:
            sender = self.walks.service.sender(name)
            if sender is not None:
                kept[name] = sender.token
        return kept.get(name)


class Work:
    """Two workers of one ability beat or do not; tasks come to them, and outcomes go back."""

    def __init__(self, walks: Walks) -> None:
        self.walks = walks
        self.acts: Sequence[_Act] = (
            self._a_worker_beats,
            self._a_task_is_given,
            self._an_outcome_comes_back,
            self._a_task_is_looked_at,
        )
        self._out: list[tuple[str, Observation, Heard]] = []
        self._done: list[Observation] = []

    def _a_worker_beats(self, place: int) -> None:
        name = WORKERS[place % len(WORKERS)]
        worker = self._worker(name)
        if worker is not None:
            beat = a_beat(self.walks.service, service_id=worker.service_id, service_name=name)
            seen = self.walks.step(replace(beat, token=worker.token))
            if seen is not None and seen.status in _TAKEN:
                self.walks.beats[name] = seen.at

    def _a_task_is_given(self, _: int) -> None:
        """To somebody who lives; who does not is heard of only if it comes to him all the same."""
        if any(self._worker(name) is None for name in WORKERS):
            return
        mark = f"udckit-walk-{next(self.walks.numbers)}"
        seen = self.walks.step(a_task(task_type=WORK, data={"mark": mark}))
        if seen is None or seen.status not in _TAKEN:
            return
        lives = any(seen.at - at < ALIVE for at in self.walks.beats.values())
        came = self.walks.arrivals(WORKERS, mark, WITHIN if lives else 0.0)
        self.walks.waited(seen)
        self._out += [(mark, seen, call) for call in came[:1]]

    def _an_outcome_comes_back(self, place: int) -> None:
        """Of any task that is out, in any order; it is shown a moment later."""
        if not self._out:
            return
        mark, given, call = self._out.pop(place % len(self._out))
        worker, target = self._worker(call.peer), _address(call)
        if worker is None or target is None:
            return
        self.walks.service.standing.advertised.add(target.partition("?")[0])
        body = {
            "message_id": "udckit-1",
            "status": "completed",
            "result": {"text": outcome_of(mark)},
            "from_service": worker.name,
        }
        taken = self.walks.step(Ask("POST", target, worker.token, body))
        self._done.append(given)
        for _ in range(_POLLS if taken is not None and taken.status in _TAKEN else 1):
            seen = self._look(given)
            if seen is None or outcome_of(mark) in seen.text:
                break
            self.walks.service.wait(_POLL)

    def _a_task_is_looked_at(self, place: int) -> None:
        known = [*self._done, *(each for _, each, _ in self._out)]
        if known:
            self._look(known[place % len(known)])

    def _look(self, given: Observation) -> Observation | None:
        number = percent(str(given.member("task_id")), safe="")
        return self.walks.step(Ask("GET", f"/tasks/{number}", VALID))

    def _worker(self, name: str) -> Sender | None:
        return self.walks.service.sender(name, listens=True, capabilities=[WORK])


class Callbacks:
    """Messages whose outcomes are owed to addresses of their own, several under way at once."""

    def __init__(self, walks: Walks) -> None:
        self.walks = walks
        self.acts: Sequence[_Act] = (self._messages_are_under_way,)

    def _messages_are_under_way(self, place: int) -> None:
        service = self.walks.service
        listener = service.sender(LISTENER, listens=True, capabilities=["udckit-listening"])
        where = None if listener is None else service.peer(LISTENER)
        if listener is None or where is None:
            return
        owed = []
        for _ in range(1 + place % _AT_ONCE):
            number = next(self.walks.numbers)
            seen = self.walks.step(
                service.a_message(
                    token=listener.token,
                    from_service=listener.name,
                    payload={"udckit": number},
                    reply_to=f"{where}{PATH}{number}/?walk={number}",
                )
            )
            if seen is not None and seen.member("status") == "processing":
                owed.append(number)
        for number in owed:
            self.walks.arrivals((LISTENER,), f"{PATH}{number}/", _SOON)


def _address(call: Heard) -> str | None:
    """Give path and query of where the outcome of an assignment goes; None where it says none."""
    reply_to = (call.json or {}).get("reply_to")
    parts = urlsplit(reply_to) if isinstance(reply_to, str) else None
    if parts is None or not parts.path.startswith("/"):
        return None
    return f"{parts.path}?{parts.query}".rstrip("?")
