"""Lanes: which faults are put in front of which right targets, and how each is judged there."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

from faults import Fault, all_faults, read_faults, security_stand
from faults.behaving import misbehaviours
from faults.role_stand import Make, Role, own_rows, role_stand
from faults.role_tests import is_of_later_stages
from faults.stand import DROPLETS, Seen, shown, stand

from proof.acted import launched, misbehaving, without_what_it_leans_on
from proof.sighting import Sighting

__all__ = ["LANES", "Judge", "Lane", "Planted", "legal_faults"]

Judge = Callable[["Planted"], Sighting]
"""Puts a fault in front of the target that is up, and says what was seen."""

_TESTS: Final = Path(__file__).parents[1]
_FAR: Final = ("starlette_middleware",)
"""A droplet of the fleet beside DROPLETS: with it, each fault of the wire has three at least."""
_FASTER: Final = 40.0
_OF_SILENCE: Final = frozenset({"ORCH-HB-007"})
"""Rows that only time shows: another process's three minutes are some seconds, never none."""
_ADVICE: Final = frozenset({"OPS-METRICS-001", "ERR-002"})


class Planted(Protocol):
    """What the lanes need to know of a fault, of the wire or of behaviour."""

    @property
    def id(self) -> str: ...

    @property
    def story(self) -> str: ...

    @property
    def kills(self) -> tuple[str, ...]: ...

    @property
    def also(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Lane:
    """A set of faults, the targets that can be made wrong by them, and how to bring one up.

    `strikes(target, fault)` says whether a target has what the fault strikes.
    """

    name: str
    about: str
    faults: Callable[[], Sequence[Planted]]
    targets: tuple[str, ...]
    up: Callable[[str], contextlib.AbstractContextManager[Judge]]
    strikes: Callable[[str, Planted], bool] = lambda _target, _fault: True

    def faults_for(self, target: str) -> list[Planted]:
        """Give the faults that a target can be made wrong by."""
        return [fault for fault in self.faults() if self.strikes(target, fault)]


@cache
def legal_faults(role: str) -> tuple[Fault, ...]:
    """Read the changes that a role may make: what the contract leaves open, each with why."""
    paths = {
        "droplet": _TESTS / "faults/legal/droplet.yaml",
        "registry": _TESTS / "conformance/suites_registry/odd_but_legal.yaml",
        "orchestrator": _TESTS / "conformance/suites_orchestrator/odd_but_legal.yaml",
    }
    return tuple(read_faults(paths[role]))


def _sighting(
    lane: str, target: str, fault: Planted, seen: Seen, began: float, *, whole: bool, level: str
) -> Sighting:
    """Read what a run came to, beside what was expected of it."""
    expected = {*fault.kills, *fault.also}
    blamed = seen.failed("MUST") | (seen.failed("SHOULD") if level == "SHOULD" else set())
    return Sighting(
        lane=lane,
        fault=fault.id,
        target=target,
        kills=fault.kills,
        failed=tuple(row for row in fault.kills if seen.word(row) == "fail"),
        strange=tuple(sorted(blamed - expected - _ADVICE)) if whole else None,
        errors=tuple(seen.errors()),
        struck=seen.struck,
        requests=seen.outcomes.requests_sent,
        seconds=round(time.monotonic() - began, 3),
    )


@contextlib.contextmanager
def _shape(target: str) -> Iterator[Judge]:
    """Judge a droplet's stage 1: whole in front of the kit's own fake, elsewhere its rows."""
    with stand(target) as up:

        def judge(fault: Planted) -> Sighting:
            began = time.monotonic()
            whole = target == DROPLETS[0] or not _plain(fault)
            planted: Any = fault
            only = () if whole else planted.rows
            seen = up.run(planted, only=only)
            return _sighting("shape", target, fault, seen, began, whole=whole, level="MUST")

        yield judge


def _plain(fault: Planted) -> bool:
    """True where the kit's own fake can show a fault, so that the stage is judged there."""
    return _shows(DROPLETS[0], fault)


def _shows(target: str, fault: Planted) -> bool:
    needs: frozenset[str] = frozenset(getattr(fault, "needs", ()))
    return shown(target).issuperset(needs)


def _role(role: Role) -> Callable[[str], contextlib.AbstractContextManager[Judge]]:
    @contextlib.contextmanager
    def up(target: str) -> Iterator[Judge]:
        make: Make = "fake" if target.startswith("fake") else "aiohttp"
        rows = own_rows(role, "shape", "security")
        with contextlib.ExitStack() as stack:
            standing = stack.enter_context(role_stand(role, make))
            hurrying = cache(lambda: stack.enter_context(role_stand(role, make, faster=_FASTER)))

            def judge(fault: Planted) -> Sighting:
                began = time.monotonic()
                planted: Any = fault
                whole = make == "fake" and not is_of_later_stages(planted)
                if any(row.endswith("-UDC-001") for row in fault.kills):
                    seen = standing.run(planted, stages=("shape",))
                elif make == "aiohttp" and _OF_SILENCE.intersection(fault.kills):
                    seen = hurrying().run(planted, only=fault.kills)
                else:
                    seen = standing.run(planted, only=rows if whole else fault.kills)
                return _sighting(role, target, fault, seen, began, whole=whole, level="SHOULD")

            yield judge

    return up


def _new(target: str, fault: Planted) -> bool:
    """Say whether a target can be as new for a fault that needs a name nobody used: fakes can."""
    return target.startswith("fake") or not getattr(fault, "needs", ())


_OVER_THE_RUN: Final = frozenset({"ERR-005", "ERR-006", "ERR-017", "SEC-011"})
"""Rows that are judged over all exchanges of a run, and need some to be judged over."""
_EXCHANGES: Final = ("UDC-CAP-001", "AUTH-008", "AUTH-012", "ERR-005")


@contextlib.contextmanager
def _security(target: str) -> Iterator[Judge]:
    """Judge a droplet's stage 2: whole in front of the first that a fault can strike."""
    with (
        tempfile.TemporaryDirectory() as folder,
        security_stand.security_stand(target, Path(folder)) as up,
    ):

        def judge(fault: Planted) -> Sighting:
            began = time.monotonic()
            planted: Any = fault
            first = next(each for each in security_stand.DROPLETS if _attacked(each, fault))
            whole = target == first
            more = _EXCHANGES if _OVER_THE_RUN.intersection(fault.kills) else ()
            seen = up.run(planted, only=() if whole else tuple({*fault.kills, *more}))
            return _sighting("security", target, fault, seen, began, whole=whole, level="SHOULD")

        yield judge


def _attacked(target: str, fault: Planted) -> bool:
    planted: Any = fault
    return security_stand.can_show(target, planted)


@contextlib.contextmanager
def _legal(target: str) -> Iterator[Judge]:
    """Judge a droplet that was changed within the contract: the whole stage, no MUST may fail."""
    with stand(target) as up:

        def judge(fault: Planted) -> Sighting:
            began = time.monotonic()
            planted: Any = fault
            return _sighting(
                "legal", target, fault, up.run(planted), began, whole=True, level="MUST"
            )

        yield judge


LANES: Final = (
    Lane(
        "shape",
        "a droplet's stage 1, on the wire",
        all_faults,
        (*DROPLETS, *_FAR),
        _shape,
        _shows,
    ),
    Lane(
        "security",
        "a droplet's stage 2: attacks that get through, on the wire",
        lambda: all_faults("security"),
        security_stand.DROPLETS,
        _security,
        _attacked,
    ),
    Lane(
        "behaviour",
        "what a droplet sends, or does not: switches of FakeDroplet, on a clock moved by hand",
        misbehaviours,
        ("fake_droplet",),
        misbehaving,
    ),
    Lane(
        "outage",
        "a droplet without its database, its Redis or an API: habits of one that leans on them",
        lambda: misbehaviours("outage"),
        ("leaning_droplet",),
        without_what_it_leans_on,
    ),
    Lane(
        "registry",
        "a Registry's own rows, on the wire",
        lambda: all_faults("registry"),
        ("fake_registry", "aiohttp_registry"),
        _role("registry"),
        _new,
    ),
    Lane(
        "orchestrator",
        "an Orchestrator's own rows, on the wire",
        lambda: all_faults("orchestrator"),
        ("fake_orchestrator", "aiohttp_orchestrator"),
        _role("orchestrator"),
        _new,
    ),
    Lane(
        "launched registry",
        "a Registry that is started: settings that stand in its code",
        lambda: misbehaviours("launched/registry"),
        ("fake_registry",),
        launched("registry"),
    ),
    Lane(
        "launched orchestrator",
        "an Orchestrator that is started: settings that stand in its code",
        lambda: misbehaviours("launched/orchestrator"),
        ("fake_orchestrator",),
        launched("orchestrator"),
    ),
    Lane(
        "legal",
        "changes to a droplet that the contract allows: nothing may be blamed",
        lambda: legal_faults("droplet"),
        DROPLETS,
        _legal,
        _shows,
    ),
)
