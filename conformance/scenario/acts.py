"""What a scenario is made of: the acts of its script, as data. Times are seconds of the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from udckit.conformance.scenario.outage_acts import OutageAct
from udckit.fakes import Fault

__all__ = [
    "Act",
    "Await",
    "Enrol",
    "Heal",
    "Launch",
    "Message",
    "Move",
    "Note",
    "Probe",
    "Pull",
    "PullOthers",
    "Rotate",
    "Scenario",
    "Stop",
    "Strike",
    "Task",
    "Token",
    "Triggered",
    "Until",
    "Visit",
    "Wait",
]

Fake = Literal["registry", "orchestrator", "peer"]
Token = Literal["valid", "fresh", "old", "none", "stranger"]
"""Of whom the kit's own probe is: a registered service, with one token, with another each time, or
with that of before the last rotation; nobody; one with a key of its own."""


@dataclass(frozen=True, slots=True)
class Launch:
    """Start the target anew; `answers` waits for its /health, as long as a start may take."""

    label: str = "launch"
    environment: tuple[tuple[str, str], ...] = ()
    answers: bool = True
    slashes: bool = False
    """True gives it the URLs of Registry and Orchestrator with a slash at their end."""
    only_if_exited: bool = False
    """True is the one start that a supervisor would make, with the Registry back."""
    cured: tuple[Fault, ...] = ()
    """The faults of the Registry that are left for such a start."""


@dataclass(frozen=True, slots=True)
class Strike:
    """Put a fake under faults from now on."""

    fake: Fake
    faults: tuple[Fault, ...]
    instead: bool = False
    """True puts them in place of those that there are, with no moment in between."""


@dataclass(frozen=True, slots=True)
class Heal:
    """Let a fake be right again."""

    fake: Fake


@dataclass(frozen=True, slots=True)
class Await:
    """Wait until a fake was sent so many requests of a route; `taken` counts those answered 2xx."""

    what: str
    fake: Fake
    route: str
    times: int = 1
    within: float = 60.0
    taken: bool = True
    since: str | None = None
    """The note after which requests count; None: all of this scenario."""
    watching: tuple[str, ...] = ()
    every: float = 0.25
    or_exit: bool = True


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass, and look at the target meanwhile."""

    seconds: float
    watching: tuple[str, ...] = ()
    every: float = 1.0


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask the target."""

    name: str
    path: str
    token: Token = "valid"  # noqa: S105 - a word
    method: str = "GET"
    times: int = 1
    deadline: float = 10.0
    """Seconds that the kit waits for each answer."""


@dataclass(frozen=True, slots=True)
class Until:
    """Ask the target again and again until it answers so."""

    name: str
    path: str
    status: int = 200
    within: float = 60.0
    every: float = 1.0
    token: Token = "valid"  # noqa: S105 - a word


@dataclass(frozen=True, slots=True)
class Message:
    """Send a query as the kit's peer; `replies` names the peer's address as `reply_to`."""

    name: str
    replies: bool = True


@dataclass(frozen=True, slots=True)
class Task:
    """Give a task to the target, an Orchestrator; the kit's peer is capable of it."""

    name: str


@dataclass(frozen=True, slots=True)
class Enrol:
    """Register the kit's peer with the target, a Registry; the kit then asks with its token."""


@dataclass(frozen=True, slots=True)
class Pull:
    """Send the operator's trigger, and look what the target then does. Nothing, where none is.

    `to` names another peer, where the trigger leaves that open; `within` repeats it until it is
    answered as it should be, at most so long.
    """

    name: str
    times: int = 1
    which: int = 0
    """The number of the trigger, counted from 0; nothing is done where there are not so many."""
    to: str | None = None
    known: bool = False
    """True registers that other peer first."""
    within: float = 0.0
    every: float = 2.0


@dataclass(frozen=True, slots=True)
class PullOthers:
    """Send every trigger but the first once; where the target wants to be called back is asked."""

    name: str = "other"


@dataclass(frozen=True, slots=True)
class Move:
    """Let the peer listen elsewhere, as the Registry then says."""


@dataclass(frozen=True, slots=True)
class Triggered:
    """A part of the script that is played only where a trigger was given."""

    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Visit:
    """Ask the port and the health endpoint that the target registered with."""

    name: str = "declared"


@dataclass(frozen=True, slots=True)
class Rotate:
    """Let the Registry sign with another key; the kit's own token is then of that key."""


@dataclass(frozen=True, slots=True)
class Note:
    """Write a moment down."""

    what: str


@dataclass(frozen=True, slots=True)
class Stop:
    """End the target as a supervisor would, and keep its exit status."""


Act = (
    Launch
    | Strike
    | Heal
    | Await
    | Wait
    | Probe
    | Until
    | Message
    | Task
    | Enrol
    | Pull
    | PullOthers
    | Move
    | Triggered
    | Visit
    | Rotate
    | Note
    | Stop
    | OutageAct
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story: its script, the rows that it serves, and how long it lasts in the worst case."""

    name: str
    story: str
    script: tuple[Act, ...]
    serves: frozenset[str]
    length: float
