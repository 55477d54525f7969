"""How fast scenarios are played: chosen by this machine's jitter, proven on the target itself."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from udckit.conformance._wire import Outgoing, Wire
from udckit.conformance.errors import InvocationError
from udckit.conformance.scenario.clock import FasterClock
from udckit.conformance.scenario.faster import FasterTarget, faster
from udckit.conformance.scenario.shim import find_library
from udckit.conformance.scenario.stand import Surround, Target, surround

__all__ = ["REAL_TIME", "Speed", "calibrate", "choose_speed", "factor_for", "slower"]

_MOST: Final = 20.0
_LEAST: Final = 5.0
_MUCH: Final = 2.0
_TOLERATED: Final = 1.0
"""Seconds of the target that this machine's jitter may come to."""

_NAPS: Final = 80
_NAP: Final = 0.005
_APART: Final = 3.0
"""Seconds that the target's timestamp may lie beside the clock that the kit reckons by."""

_SHOWS_AFTER: Final = 20.0
_BEATS_WITHIN: Final = 130.0
"""Seconds of the target until a beat must have come on a timer of its own: at once and 60 s
later, or 65 s after the registration."""

_POLL: Final = 0.05
_ANSWERS_WITHIN: Final = 2.0
_DROPLET_ID: Final = 4701


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds of the target in one of the machine, and why so; `library` is None at factor 1."""

    factor: float
    why: str
    library: Path | None = None

    @property
    def word(self) -> str:
        """How recordings name it: real, x20."""
        return "real" if self.library is None else f"x{self.factor:g}"

    def as_json(self) -> dict[str, Any]:
        """Give the line of the run record."""
        return {"kind": "clock", "factor": self.factor, "why": self.why}


REAL_TIME: Final = Speed(1.0, "as it was asked for")


def slower(speed: Speed) -> tuple[Speed, ...]:
    """Give the speeds at which an accelerated failure is repeated: the last is real time.

    In between comes the least factor, where that is much less: a busy machine that stalls for a
    third of a second makes a droplet wait for six at x20, and for less than two at x5.
    """
    if speed.library is None:
        return ()
    if speed.factor < _MUCH * _LEAST:
        return (REAL_TIME,)
    return replace(speed, factor=_LEAST, why="a busy machine keeps up with it"), REAL_TIME


def choose_speed(
    wish: float | None,
    target: Callable[[], Target],
    *,
    startup: float,
    ended: threading.Event,
) -> Speed:
    """Choose the factor: as wished, None by this machine's jitter.

    It is 1, and the reason is said, where the faster clock does not hold for this target.
    """
    if wish is not None and wish <= 1:
        return REAL_TIME
    library = find_library()
    if library is None:
        return Speed(1.0, "no libfaketime is installed (Debian: libfaketime; PyPI: libfaketime)")
    factor = wish or factor_for(_jitter())
    if factor < _LEAST and wish is None:
        return Speed(1.0, "this machine is too busy for a faster clock")
    try:
        trouble = calibrate(library, factor, target(), startup=startup, ended=ended)
    except (InvocationError, OSError) as failed:
        trouble = str(failed).splitlines()[0]
    if trouble is not None:
        return Speed(1.0, f"a faster clock does not hold for this target: {trouble}")
    return Speed(factor, "its timestamps and its beats follow the faster clock", library)


def factor_for(jitter: float) -> float:
    """Give the factor at which a jitter of so many seconds comes to one second; 20 at most."""
    return min(_MOST, float(round(_TOLERATED / max(jitter, 1e-6))))


def _jitter() -> float:
    """Measure how late this machine wakes a sleeper: the worst of eighty, in seconds."""
    late = []
    for _ in range(_NAPS):
        began = time.monotonic()
        time.sleep(_NAP)
        late.append(time.monotonic() - began - _NAP)
    return max(late)


def calibrate(
    library: Path, factor: float, inner: Target, *, startup: float, ended: threading.Event
) -> str | None:
    """Start the target under the faster clock; give what shows that it does not follow, or None.

    Raises InvocationError or OSError where it cannot be started.
    """
    clock = FasterClock(factor)
    with surround(clock) as around, faster(library, clock, around, inner) as target:
        target.start(
            {
                "REGISTRY_URL": around.registry.url,
                "ORCHESTRATOR_URL": around.orchestrator.url,
                "SERVICE_NAME": "udckit-clock",
                "DROPLET_ID": str(_DROPLET_ID),
                "ENVIRONMENT": "production",
                "LOG_LEVEL": "INFO",
            }
        )
        wire = Wire(target.url)
        try:
            return _Calibration(clock, around, target, wire, ended).trouble(startup)
        finally:
            wire.close()


@dataclass(frozen=True, slots=True)
class _Calibration:
    clock: FasterClock
    around: Surround
    target: FasterTarget
    wire: Wire
    ended: threading.Event

    def trouble(self, startup: float) -> str | None:
        if (silence := self._silence(startup)) is not None:
            return silence
        began = self.clock.monotonic()
        while (passed := self.clock.monotonic() - began) < _BEATS_WITHIN:
            if self.target.exit_status is not None:
                return f"it exited with status {self.target.exit_status}"
            if passed > _SHOWS_AFTER and (apart := self._apart()) is not None:
                return apart
            if passed > _SHOWS_AFTER and self._beat_since(began + _SHOWS_AFTER):
                return None
            if self.ended.wait(_POLL):
                return "the run was ended"
        return "no beat came by it"

    def _silence(self, startup: float) -> str | None:
        """Wait for the first answer, at normal speed."""
        ends = time.monotonic() + startup
        while time.monotonic() < ends and self.target.exit_status is None:
            if self._health() is not None:
                return None
            if self.ended.wait(_POLL):
                return "the run was ended"
        status = self.target.exit_status
        return "it does not start by it" if status is None else f"it exited with status {status}"

    def _apart(self) -> str | None:
        """Compare the timestamp of /health with what the kit reckons."""
        body = self._health()
        stamp = body.get("timestamp") if isinstance(body, dict) else None
        try:
            told = datetime.fromisoformat(str(stamp).upper()).timestamp()
        except ValueError:
            return "its /health has no timestamp that can be read"
        apart = told - self.clock.now()
        if abs(apart) <= _APART:
            return None
        return f"its timestamp is {abs(apart):.0f} s {'ahead' if apart > 0 else 'behind'}"

    def _beat_since(self, moment: float) -> bool:
        epoch = self.clock.epoch + moment
        return any(
            entry.operation == "postHeartbeat" and entry.time >= epoch
            for entry in self.around.orchestrator.journal
        )

    def _health(self) -> Any:
        headers = (("Accept", "*/*"), ("Connection", "close"))
        returned = self.wire.send(Outgoing("GET", "/health", headers, deadline=_ANSWERS_WITHIN))
        if returned.trouble is not None:
            return None
        try:
            return json.loads(returned.body)
        except (ValueError, RecursionError):
            return {}
