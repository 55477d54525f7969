"""A FakeDroplet as a target of scenarios: started anew under an environment, as a process is."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from udckit.conformance.heard import Line
from udckit.fakes import Clock, DropletSettings, FakeDroplet, SettingsError
from udckit.fakes._lines import JsonLines

__all__ = ["ActingDroplet", "KeptLines"]

_REFUSED = 2
"""The exit status of a droplet that cannot use a setting."""


class ActingDroplet:
    """Behaves as it is told; what the contract's environment says comes with each start.

    `<peer>` in its behaviour stands for the URL of the kit's peer, as one that is hard-coded does.
    """

    def __init__(self, clock: Clock, behaviour: Mapping[str, Any], *, peer: str = "") -> None:
        self._clock = clock
        self._behaviour = json.dumps(dict(behaviour)).replace("<peer>", peer)
        self._droplet: FakeDroplet | None = None
        self._status: int | None = None
        self._lines = KeptLines(clock)
        self.starts = 0

    @property
    def url(self) -> str:
        return self._url

    _url = "http://127.0.0.1:9"

    @property
    def exit_status(self) -> int | None:
        droplet = self._droplet
        gave_up = droplet is not None and droplet.gave_up.is_set()
        if droplet is not None and gave_up and droplet.behaviour.exits_when_registration_fails:
            self.stop()
            self._status = droplet.behaviour.exit_status
        return self._status

    def start(self, environment: Mapping[str, str]) -> None:
        self.stop()
        self.starts += 1
        self._status = None
        try:
            settings = DropletSettings.from_environ(
                {"SERVICE_PORT": "0", **environment, "UDCKIT_BEHAVIOUR": self._behaviour}
            )
        except SystemExit:
            self._status = 1
            return
        except SettingsError as mistake:
            self._lines.write(str(mistake))
            self._status = _REFUSED
            return
        log = logging.Logger("udckit.acting", settings.level)  # noqa: LOG001 - one for each start
        self._lines.setFormatter(
            JsonLines() if settings.behaviour.logs_structured else logging.Formatter()
        )
        log.addHandler(self._lines)
        self._droplet = FakeDroplet(**settings.facts, clock=self._clock, log=log)
        self._droplet.start()
        self._url = self._droplet.url
        log.info("ready")

    def stop(self) -> int | None:
        if self._droplet is not None:
            self._status = self._droplet.behaviour.ends_with
            self._droplet.stop()
            self._droplet = None
        return self._status

    def take_lines(self) -> Sequence[Line]:
        return self._lines.take()

    def at_own_speed(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class KeptLines(logging.Handler):
    """Keeps what is logged, stamped by the clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._kept: list[Line] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.write(self.format(record))

    def write(self, text: str) -> None:
        self._kept.append(Line(self._clock.now(), text))

    def take(self) -> list[Line]:
        taken, self._kept = self._kept, []
        return taken
