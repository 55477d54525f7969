"""A droplet started to be listened to: what it sends by itself, and what it is got to send."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from udckit.conformance.certify import Reached, reach
from udckit.conformance.errors import InvocationError, NotApplicable, NotObserved
from udckit.conformance.options import Options
from udckit.conformance.pacts._listener import Listener
from udckit.conformance.pacts._seen import SIDES, Seen, seen_in_journal, seen_in_record
from udckit.conformance.pacts._states import Stage, bring_about
from udckit.conformance.record import RunRecord
from udckit.fakes import RemoteFake

__all__ = ["Listened", "listen_to", "read_from"]

BEAT_WITHIN: Final = 66.0
"""Seconds until a droplet must have beaten (ORCH-CLIENT-002)."""
_QUIET: Final = 1.0
_LOOK_EVERY: Final = 0.25
_PROVOKES: Final = "a droplet that owes an outcome"
_WANTED: Final = (
    ("registerService", "it never registered"),
    ("postHeartbeat", "no beat came"),
)


@dataclass(frozen=True, slots=True)
class Listened:
    """What was seen, and what should have been and was not."""

    seen: tuple[Seen, ...]
    incomplete: str | None = None


def listen_to(
    options: Options,
    *,
    seconds: float | None = None,
    name: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Listened:
    """Start a droplet against fakes of its own, and listen until it has registered and beaten.

    It is asked for its capabilities and sent one message, so that it fetches the key and looks
    its peers up. `seconds` are how long to listen instead; `name` is its SERVICE_NAME.

    Raises:
        InvocationError, UnreachableError: it cannot be started.
    """
    named = () if name is None else (("SERVICE_NAME", name),)
    options = replace(options, environment=(*options.environment, *named))
    with reach(options) as reached, Listener() as listener:
        if reached.orchestrator is None:
            raise InvocationError(
                "Give --launch: what a droplet sends is heard by the kit's fakes."
            )
        tell("it is up; it is asked, and sent a message")
        _provoke(reached, listener)
        ends = time.monotonic() + (BEAT_WITHIN if seconds is None else seconds)
        tell(f"waiting for it to register and beat, at most {ends - time.monotonic():.0f} s")
        heard = _heard(reached)
        while time.monotonic() < ends and (seconds is not None or _missing(heard)):
            time.sleep(_LOOK_EVERY)
            heard = _heard(reached)
        return _until_quiet(reached, heard)


def read_from(record: RunRecord) -> Listened:
    """Take what a run's scenarios saw; raise InvocationError where it played none."""
    seen = tuple(seen_in_record(record))
    if not seen:
        raise InvocationError(
            "This record holds no call of the droplet's: the stages integration and resilience "
            "listen to it, and only where the kit launched it. Use `udckit pact record --launch`."
        )
    missing = _missing(seen)
    if record.header["settings"]["only"]:
        missing = "the run judged some requirements alone"
    elif not record.complete:
        missing = "the run was ended early"
    return Listened(seen, missing)


def _provoke(reached: Reached, listener: Listener) -> None:
    stage = Stage(
        reached.url, "droplet", reached.authority, listener, reached.registry, reached.orchestrator
    )
    with contextlib.suppress(NotObserved, NotApplicable, OSError):
        stage.ask("GET", "/capabilities", reached.authority.tokens.valid)
        bring_about(_PROVOKES, stage)


def _heard(reached: Reached) -> tuple[Seen, ...]:
    urls = dict(zip(SIDES, (reached.registry, reached.orchestrator), strict=True))
    return tuple(
        one
        for url in urls.values()
        if url is not None
        for one in seen_in_journal(RemoteFake(url).journal()["entries"])
    )


def _until_quiet(reached: Reached, heard: tuple[Seen, ...]) -> Listened:
    """Let what is under way come in: until nothing came for a second, at most ten."""
    for _ in range(10):
        time.sleep(_QUIET)
        more = _heard(reached)
        if len(more) == len(heard):
            break
        heard = more
    return Listened(heard, _missing(heard))


def _missing(seen: tuple[Seen, ...]) -> str | None:
    came = {one.operation for one in seen if one.answered < 300}  # noqa: PLR2004 - the 2xx
    return next((why for operation, why in _WANTED if operation not in came), None)
