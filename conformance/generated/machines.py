"""State machines: hypothesis walks through what may be asked, and the reading is its model.

The rules only think of the next request; which names are known, which tasks were given and what
follows for an answer is the reading's to say, as everywhere. A walk that breaks is shortened.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote as percent

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from udckit.conformance.errors import NotObserved
from udckit.conformance.generated.evidence import Breach
from udckit.conformance.generated.sending import Sending, SpentError, a_beat, a_registration, a_task
from udckit.conformance.observation import Observation
from udckit.conformance.probe import ANONYMOUS, VALID, Ask

__all__ = ["run"]

_STEPS: Final = 20
_NAMES: Final = st.sampled_from(("alpha", "beta", "gamma", "two words", "ünï"))
_PORTS: Final = st.sampled_from((8_010, 8_011, 65_535))
_KINDS: Final = st.sampled_from(("alpha", "beta", "gamma"))
_PLACES: Final = st.integers(0, 30)
_WRONG: Final = st.sampled_from(({"udckit": 1}, ["udckit"], None))


class _BrokenError(AssertionError):
    """A walk came upon a breach; hypothesis looks for a shorter one."""


def run(sending: Sending, *, seed: int, shrink: bool = False) -> dict[str, Any]:
    """Walk until the budget is spent; give how many steps were taken.

    Raises:
        NotObserved: the target does not take the requests that everything else stands on.

    """
    machine = {"registry": _Registry, "orchestrator": _Orchestrator}.get(
        sending.service.settings.role, _Droplet
    )
    walks = _Walks(sending)
    made = type("Walk", (machine,), {"walks": walks})
    told = settings(
        max_examples=max(1, (sending.most or 300) // _STEPS),
        stateful_step_count=_STEPS,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    try:
        run_state_machine_as_test(_seeded(made, seed), settings=told)
    except (_BrokenError, Flaky):
        if not walks.broke:
            raise
    if walks.trouble is not None:
        raise walks.trouble
    sending.settle()
    return {"steps": walks.steps}


def _seeded(made: type[RuleBasedStateMachine], number: int) -> Any:
    walk: Any = made
    return seed(number)(walk)


class _Walks:
    """The sending that all walks of a run share."""

    def __init__(self, sending: Sending) -> None:
        self.steps = 0
        self.broke = False
        """True once a walk came upon a breach: a target that breaks once may hold the next time."""
        self.trouble: NotObserved | None = None
        self._sending = sending
        self._breaches: list[Breach] = []
        self._over = False
        told = sending.on_breach

        def heard(breach: Breach) -> None:
            self._breaches.append(breach)
            if told is not None:
                told(breach)

        sending.on_breach = heard

    def step(self, ask: Ask) -> Observation | None:
        """Send; None where nothing is sent any more."""
        if self._over:
            return None
        self._breaches.clear()
        try:
            seen = self._sending.send(ask)
        except SpentError:
            self._over = True
            return None
        except NotObserved as outcome:
            self._over, self.trouble = True, outcome
            return None
        self.steps += 1
        if self._breaches:
            self.broke = True
            raise _BrokenError(self._breaches[0].expected)
        return seen

    @property
    def service(self) -> Any:
        """The probe."""
        return self._sending.service


class _Droplet(RuleBasedStateMachine):
    """Messages, the same message again, and messages whose outcome nobody can be told."""

    walks: _Walks

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

    walks: _Walks

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

    walks: _Walks

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
