"""What a run has of a droplet that somebody else started: one recording, made before all else.

It is the same instance that is asked then, and what the rest of a run does to it would be seen in
its beats, in its /health and in its fetches of the key.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from udckit.conformance.errors import InvocationError, UnreachableError
from udckit.conformance.record import Recorder
from udckit.conformance.scenario.acts import Scenario
from udckit.conformance.scenario.attached import ATTACHED, WATCH
from udckit.conformance.scenario.belief import Takes
from udckit.conformance.scenario.recording import Recording, Recordings
from udckit.conformance.scenario.watcher import AttachedTo, attached_to
from udckit.conformance.surroundings import Enrol
from udckit.fakes import Clock, ControlError, SystemClock

__all__ = ["Attachment"]

_ENDED: Final = "the run was ended"

_TWO_BEATS: Final = 120.0
"""Seconds until a droplet that beats every minute was watched for two of them."""


class Attachment:
    """Watches the droplet, once, where that shows one of the rows `wanted`.

    `waited` is told the seconds that it took.
    """

    def __init__(
        self,
        to: AttachedTo,
        recorder: Recorder,
        enrol: Enrol,
        *,
        wanted: Collection[str],
        clock: Callable[[], Clock] = SystemClock,
        waited: Callable[[float], None] = lambda _: None,
        script: Scenario = WATCH,
    ) -> None:
        self._to = to
        self._recorder = recorder
        self._enrol = enrol
        self._is_wanted = not WATCH.serves.isdisjoint(wanted)
        self._clock = clock
        self._waited = waited
        self._script = script
        self.seen: Recording | None = None
        """What was seen; None until it is asked for."""

    def should_take(self) -> float:
        """Give the seconds that it should take, where a row that was asked for needs it."""
        return _TWO_BEATS if self._is_wanted else 0.0

    def subjects(self) -> Mapping[str, Callable[[str], Any]]:
        """Give what the engine hands to checks, by the name of their parameter."""
        if not self._is_wanted:
            return {}
        return {"recording": self._recording, "recordings": self._recordings}

    def _recording(self, row: str) -> Recording | None:
        return self._takes().recording(row)

    def _recordings(self, row: str) -> Recordings:
        return self._takes().recordings(row)

    def watch(self) -> None:
        """Watch it now, if it was not watched yet."""
        if self.seen is None and self._is_wanted:
            started = time.monotonic()
            self.seen = self._watched()
            self._waited(time.monotonic() - started)

    def _takes(self) -> Takes:
        return Takes({} if self.seen is None else {ATTACHED: (self.seen,)})

    def _watched(self) -> Recording:
        """Watch; what goes wrong with the kit itself is the recording's trouble."""
        seen = Recording(ATTACHED, "real", 0.0, trouble="it was not watched")
        try:
            how = {"tell": self._tell, "script": self._script}
            with attached_to(self._to, self._clock(), self._enrol, **how) as watcher:
                try:
                    seen = watcher.play()
                except KeyboardInterrupt:
                    seen = replace(watcher.recording(), trouble=_ENDED)
                    raise
        except (InvocationError, UnreachableError, ControlError, OSError) as missing:
            seen = replace(seen, trouble=str(missing))
        except Exception as fault:  # noqa: BLE001 - the check that asks for it says so
            seen = replace(seen, trouble=f"the kit itself failed: {fault!r}")
        finally:
            for line in seen.as_lines():
                self._recorder.write(line)
        return seen

    def _tell(self, text: str) -> None:
        self._recorder.tell({"kind": "progress", "text": text})
