"""The faults that a fake is under right now, and which request each strikes."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from udckit.fakes.clock import Clock

if TYPE_CHECKING:
    from udckit.fakes.faults import Fault

__all__ = ["Faults", "Strike"]


@dataclass(slots=True, eq=False)
class _Armed:
    fault: "Fault"
    since: float
    seen: int = 0
    struck: int = 0

    def is_over(self, now: float) -> bool:
        fault = self.fault
        late = fault.during is not None and now >= self.since + fault.after + fault.during
        last = 1 if fault.nth is not None else fault.times
        return late or (last is not None and self.struck >= last)

    def strikes(self, method: str, path: str, now: float) -> bool:
        fault = self.fault
        if fault.kind == "refuse" or now < self.since + fault.after:
            return False
        if not fault.strikes(method, path):
            return False
        self.seen += 1
        if fault.nth is not None and self.seen != fault.nth:
            return False
        self.struck += 1
        return True


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that meets a request, and for the how-manieth time."""

    fault: "Fault"
    number: int


class Faults:
    """Add faults and take them away; what strikes is decided in the order of adding."""

    def __init__(self, role: str, clock: Clock, refuse: Callable[[], None]) -> None:
        self._role = role
        self._clock = clock
        self._refuse = refuse
        self._lock = threading.Lock()
        self.armed: list[_Armed] = []

    def __iter__(self) -> "Iterator[Fault]":
        with self._lock:
            return iter([one.fault for one in self.armed])

    def __len__(self) -> int:
        return len(self.armed)

    def add(self, *faults: "Fault") -> None:
        """Put the fake under these faults from now on. Raises ValueError for another role's."""
        self._put(faults, instead=False)

    def replace(self, *faults: "Fault") -> None:
        """Put the fake under these in place of all others; no request comes in between."""
        self._put(faults, instead=True)

    def _put(self, faults: "Sequence[Fault]", *, instead: bool) -> None:
        from udckit.fakes.faults import KINDS  # noqa: PLC0415 - not before there is one

        for fault in faults:
            if self._role not in KINDS[fault.kind].roles:
                only = ", ".join(sorted(KINDS[fault.kind].roles))
                raise ValueError(f"{fault.kind} is a fault of {only}, not of {self._role}")
        now = self._clock.now()
        with self._lock:
            kept = [] if instead else self.armed
            self.armed = [*kept, *(_Armed(fault, now) for fault in faults)]
        self._refuse()

    def remove(self, *faults: "Fault") -> None:
        """Take these faults away again; one that is over already is no mistake."""
        with self._lock:
            for fault in faults:
                found = next((one for one in self.armed if one.fault == fault), None)
                if found is not None:
                    self.armed.remove(found)
        self._refuse()

    def clear(self) -> None:
        """Be right again."""
        with self._lock:
            self.armed.clear()
        self._refuse()

    @contextlib.contextmanager
    def active(self, *faults: "Fault") -> Iterator[None]:
        """Put the fake under these faults for the length of the block."""
        self.add(*faults)
        try:
            yield
        finally:
            self.remove(*faults)

    def take(self, method: str, path: str, now: float) -> Strike | None:
        """The fault that strikes this request; the fake's own business."""
        with self._lock:
            self.armed = [one for one in self.armed if not one.is_over(now)]
            for one in self.armed:
                if one.strikes(method, path, now):
                    return Strike(one.fault, one.struck)
        return None

    def refusals(self, now: float) -> list[tuple[float, float | None]]:
        """Beginning and end of each window in which connections are refused."""
        with self._lock:
            found = [one for one in self.armed if one.fault.kind == "refuse"]
        windows: list[tuple[float, float | None]] = []
        for one in found:
            start = one.since + one.fault.after
            end = None if one.fault.during is None else start + one.fault.during
            if end is None or end > now:
                windows.append((start, end))
        return windows
