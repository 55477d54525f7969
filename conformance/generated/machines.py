"""State machines: hypothesis walks through what may be asked, and the reading is its model.

The rules only think of the next request; which names are known, which tasks were given and what
follows for an answer is the reading's to say, as everywhere. A walk that breaks is shortened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import quote as percent

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from udckit.conformance.generated import lives
from udckit.conformance.generated.sending import Sending, a_beat, a_registration, a_task
from udckit.conformance.generated.walking import BrokenError, Walks
from udckit.conformance.probe import ANONYMOUS, VALID, Ask

__all__ = ["run"]

_STEPS: Final = 20
_LONG: Final = 40
"""Steps of a walk; one in company takes more before anything comes of it."""

_LOOKS: Final = 3
"""Looks at a task, one after the other: replicas that differ are each met, in either order."""

_NAMES: Final = st.sampled_from(("alpha", "beta", "gamma", "two words", "ünï"))
_PORTS: Final = st.sampled_from((8_010, 8_011, 65_535))
_KINDS: Final = st.sampled_from(("alpha", "beta", "gamma"))
_PLACES: Final = st.integers(0, 30)
_WRONG: Final = st.sampled_from(({"udckit": 1}, ["udckit"], None))


def run(sending: Sending, *, seed: int, shrink: bool = False, alone: bool = True) -> dict[str, Any]:
    """Walk until the budget is spent; give how many steps were taken.

    Half of the budget goes to walks in company, or all of it where none are to be made `alone`.

    Raises:
        NotObserved: the target does not take the requests that everything else stands on.

    """
    role = sending.service.settings.role
    walks, most = Walks(sending), sending.most or 600
    company = tuple(_company(sending))
    if company:
        part = most // 2 if alone else most
        sending.most = sending.sent + part
        walk = type("Company", (lives.Company,), {"kinds": company})
        _walk(walk, walks, part, seed=seed, steps=_LONG, shrink=shrink)
        sending.most = most
        walks.goes_on()
    if alone:
        machine = {"registry": _Registry, "orchestrator": _Orchestrator}.get(role, _Droplet)
        _walk(machine, walks, most - sending.sent, seed=seed, steps=_STEPS, shrink=shrink)
    if walks.trouble is not None:
        raise walks.trouble
    sending.settle()
    return {"steps": walks.steps}


def _walk(
    rules: type[RuleBasedStateMachine],
    walks: Walks,
    most: int,
    *,
    seed: int,
    steps: int,
    shrink: bool,
) -> None:
    """Walk by some rules, so many requests at most; one breach ends it."""
    made = type("Walk", (rules,), {"walks": walks})
    told = settings(
        max_examples=max(1, most // _STEPS),
        stateful_step_count=steps,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    try:
        run_state_machine_as_test(_seeded(made, seed), settings=told)
    except (BrokenError, Flaky):
        if not walks.broke:
            raise


def _seeded(made: type[RuleBasedStateMachine], number: int) -> Any:
    walk: Any = made
    return seed(number)(walk)


def _company(sending: Sending) -> Iterator[Callable[[Walks], Any]]:
    """Give what takes company or time, where there is either."""
    role = sending.service.settings.role
    if sending.peers and role == "orchestrator":
        yield lives.Work
    if sending.peers and role == "droplet":
        yield lives.Callbacks
    if sending.patience > 0:
        yield lives.Time
        if sending.peers or role == "registry":
            yield lives.Tokens


class _Droplet(RuleBasedStateMachine):
    """Messages, the same message again, and messages whose outcome nobody can be told."""

    walks: Walks

    @rule(kind=_KINDS)
    def message(self, kind: str) -> None:
        self.walks.step(self.walks.service.a_message(payload={"udckit": kind}))

    @rule(kind=_KINDS)
    def twice(self, kind: str) -> None:
        for _ in range(2):
            self.walks.step(self.walks.service.a_message(payload={"twice": kind}))

    @rule(kind=_KINDS)
    def with_an_address(self, kind: str) -> None:
        address = f"http://udckit-{kind}.invalid/callback"
        self.walks.step(self.walks.service.a_message(reply_to=address))

    @rule(path=st.sampled_from(("/state", "/dependencies", "/capabilities")))
    def read(self, path: str) -> None:
        token = VALID if self.walks.service.has_token else ANONYMOUS
        self.walks.step(Ask("GET", path, token))

    @rule(wrong=_WRONG, name=st.sampled_from(("from_service", "message_type", "payload")))
    def wrong_message(self, wrong: Any, name: str) -> None:
        self.walks.step(self.walks.service.a_message(**{name: wrong}))


class _Registry(RuleBasedStateMachine):
    """Registered, registered again with another port, known, unknown, by name and by number."""

    walks: Walks

    def __init__(self) -> None:
        super().__init__()
        self._numbers: list[int] = []

    @rule(name=_NAMES, port=_PORTS)
    def register(self, name: str, port: int) -> None:
        seen = self.walks.step(a_registration(f"udckit-walk-{name}", port=port))
        number = None if seen is None else seen.member("service_id")
        if isinstance(number, int):
            self._numbers.append(number)

    @rule(name=_NAMES)
    def look_up(self, name: str) -> None:
        path = f"/services/by-name/{percent(f'udckit-walk-{name}', safe='')}"
        self.walks.step(Ask("GET", path, VALID))

    @rule(place=_PLACES)
    def look_up_a_number(self, place: int) -> None:
        if self._numbers:
            number = self._numbers[place % len(self._numbers)]
            for _ in range(2):
                self.walks.step(Ask("GET", f"/services/{number}", VALID))

    @rule(place=_PLACES)
    def look_up_nobody(self, place: int) -> None:
        self.walks.step(Ask("GET", f"/services/by-name/udckit-never-walk-{place}", VALID))

    @rule(wrong=_WRONG, name=st.sampled_from(("port", "droplet_id", "version")))
    def wrong_registration(self, wrong: Any, name: str) -> None:
        self.walks.step(a_registration("udckit-never-walk-wrong", **{name: wrong}))


class _Orchestrator(RuleBasedStateMachine):
    """Tasks given, asked about again and again; beats in between, as one that is well or ill."""

    walks: Walks

    def __init__(self) -> None:
        super().__init__()
        self._tasks: list[str] = []

    @rule(kind=_KINDS)
    def give(self, kind: str) -> None:
        seen = self.walks.step(a_task(task_type=f"udckit-{kind}"))
        given = None if seen is None else seen.member("task_id")
        if isinstance(given, str) and given:
            self._tasks.append(given)

    @rule(place=_PLACES)
    def look(self, place: int) -> None:
        if self._tasks:
            given = self._tasks[place % len(self._tasks)]
            for _ in range(_LOOKS):
                self.walks.step(Ask("GET", f"/tasks/{percent(given, safe='')}", VALID))

    @rule(status=st.sampled_from(("active", "inactive", "error")))
    def beat(self, status: str) -> None:
        self.walks.step(a_beat(self.walks.service, status=status))

    @rule(place=_PLACES)
    def look_for_none(self, place: int) -> None:
        self.walks.step(Ask("GET", f"/tasks/udckit-never-{place}", VALID))

    @rule(wrong=_WRONG, name=st.sampled_from(("task_type", "data")))
    def wrong_task(self, wrong: Any, name: str) -> None:
        self.walks.step(a_task(**{name: wrong}))
