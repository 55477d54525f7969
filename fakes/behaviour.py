"""How a FakeDroplet behaves: right by default, and each way to be wrong is a value.

The list is open-ended: a new fault of behaviour is a new field here and the one place that reads
it. What can be seen on one exchange is no matter for this file; that is done by `Fault`.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

__all__ = ["Behaviour"]


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Switches of FakeDroplet. Times are seconds on its clock."""

    # Registration
    registers: bool = True
    registration: Mapping[str, Any] = field(default_factory=_nothing)
    """Members that replace those of the registration body; None leaves a member out."""
    registration_timeout: float = 10.0
    registration_retry: Literal["growing", "tight", "none"] = "growing"
    exits_when_registration_fails: bool = False
    """Standalone only: the process ends with status 1 after the first failure."""
    registers_each_beat: bool = False
    renews_before_expiry: bool = True
    renews_on_401: bool = True

    # Its own token and number
    sends_token: Literal["issued", "first", "own", "none"] = "issued"  # noqa: S105 - a word
    """`first` never changes, `own` is made with a key of its own."""
    sends_service_id: Literal["issued", "droplet_id"] = "issued"

    # Beats
    beats: bool = True
    beat_every: float = 60.0
    first_beat_after: float = 0.0
    beat: Mapping[str, Any] = field(default_factory=_nothing)
    """Members that replace those of a beat's body; None leaves a member out."""
    beat_timeout: float = 5.0
    beats_stop_on_failure: bool = False
    beats_stop_after: int | None = None
    beats_before_registration: bool = False

    # Verification
    verifies_tokens: bool = True
    """False believes whatever a token says, as a decoder without a key does."""
    fails_open: bool = False
    """True lets everybody in while there is no key."""
    caches_key: bool = True
    key_kept: float = 300.0
    fetches_key: bool = True
    """False has the kit's test key baked in."""

    # Messages and callbacks
    message_status: Literal["completed", "processing", "failed"] = "completed"
    work_takes: float = 0.0
    waits_for_callback: bool = False
    """True answers a message only when its callback was taken."""
    calls_back: bool = True
    calls_back_unauthenticated: bool = False
    """True calls back for messages whose token was refused."""
    callback_token: Literal["own", "sender", "none"] = "own"  # noqa: S105 - a word
    callback_attempts: int = 3
    callback_delay: float = 1.0
    """Before the second attempt; doubles for each further one."""
    callback_timeout: float = 5.0
    guards_reply_to: bool = True
    """True calls back only where the Registry knows the host and port."""

    # What it says of itself
    health_status: Literal["healthy", "degraded", "unhealthy"] | None = None
    state_status: Literal["active", "inactive", "error"] | None = None
    claims_ready_unregistered: bool = False
    uptime_stands: bool = False
    metrics_stand: bool = False
    delay: float = 0.0
    """Before each answer, except /health."""
    health_delay: float = 0.0

    # Its surroundings
    serves_metrics: bool = True
    logs_errors: bool = True
    logs_tokens: bool = False
    reads_environment: bool = True
    """Standalone only: False keeps the defaults of the guide in spite of the environment."""

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for one in dataclasses.fields(self):
            value = getattr(self, one.name)
            if not _fits(value, hints[one.name]):
                raise ValueError(f"the behaviour {one.name} cannot be {value!r}")

    @classmethod
    def from_json(cls, text: str) -> "Behaviour":
        """The behaviour that a JSON object describes, such as {"beat_every": 30}.

        Raises ValueError for an unknown name or a value that does not fit.
        """
        value = json.loads(text)
        known = [one.name for one in dataclasses.fields(cls)]
        unknown = sorted(set(value) - set(known)) if isinstance(value, dict) else ["such object"]
        if unknown:
            raise ValueError(f"no behaviour is called {', '.join(unknown)}; there are {known}")
        return cls(**value)


def _fits(value: object, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        return any(_fits(value, part) for part in get_args(hint))
    if origin is Literal:
        return value in get_args(hint)
    if origin is Mapping:
        return isinstance(value, Mapping)
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value) is hint
