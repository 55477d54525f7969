"""A fake Registry or Orchestrator as a target of scenarios: started anew, as a process is."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from acting.droplet import KeptLines
from acting.leaning import leaning
from udckit.conformance.heard import Line
from udckit.fakes import (
    Clock,
    OrchestratorSettings,
    RegistrySettings,
    SettingsError,
    platform_fake,
)
from udckit.fakes._lines import JsonLines

__all__ = ["ActingPlatform"]

_KINDS = {"registry": RegistrySettings, "orchestrator": OrchestratorSettings}
_REFUSED = 2
"""The exit status of one that cannot use a setting."""


class ActingPlatform:
    """Reads its environment but for `hard_coded`, which says what it is whatever it is told.

    `LEANS` is none of the contract's settings: it names the habit of one that leans on the other
    side, see `leaning`.
    """

    def __init__(
        self,
        role: str,
        clock: Clock,
        hard_coded: Mapping[str, str],
        **facts: Any,
    ) -> None:
        self._kind = _KINDS[role]
        self._clock = clock
        self._hard_coded = dict(hard_coded)
        self._facts = facts
        habit = self._hard_coded.get("LEANS")
        self._make = platform_fake if habit is None else leaning(habit)
        self._fake: Any = None
        self._lines = KeptLines(clock)
        self._lines.setFormatter(JsonLines())
        self.url = "http://127.0.0.1:9"
        self.exit_status: int | None = None

    def start(self, environment: Mapping[str, str]) -> None:
        self.stop()
        self.exit_status = None
        try:
            settings = self._kind.from_environ({**environment, **self._hard_coded})
        except SettingsError as mistake:
            self._lines.write(str(mistake))
            self.exit_status = _REFUSED
            return
        log = logging.Logger("udckit.acting", settings.level)  # noqa: LOG001 - one for each start
        log.addHandler(self._lines)
        self._fake = self._make(settings, log=log, clock=self._clock, **self._facts).start()
        self.url = self._fake.url
        log.info("ready")

    def stop(self) -> int | None:
        if self._fake is not None:
            self.exit_status = 0
            self._fake.stop()
            self._fake = None
        return self.exit_status

    def take_lines(self) -> Sequence[Line]:
        return self._lines.take()

    def at_own_speed(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()
