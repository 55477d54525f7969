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
    registers_after: float = 0.0
    registers_times: int = 1
    registers_at: str = "/register"
    registration: Mapping[str, Any] = field(default_factory=_nothing)
    """Members that replace those of the registration body; None leaves a member out."""
    registration_timeout: float = 10.0
    registration_retry: Literal["growing", "steady", "tight", "none"] = "growing"
    exits_when_registration_fails: bool = False
    """Standalone only: the process ends after the first failure."""
    exit_status: int = 1
    registers_each_beat: bool = False
    renews_before_expiry: bool = True
    renews_on_401: bool = True

    # Its own token and number
    sends_token: Literal["issued", "first", "own", "none", "word"] = "issued"  # noqa: S105 - a word
    """`first` never changes, `own` is made with a key of its own, `word` is `Bearer None`."""
    sends_service_id: Literal["issued", "droplet_id"] = "issued"

    # Beats
    beats: bool = True
    beat_every: float = 60.0
    first_beat_after: float = 0.0
    beat: Mapping[str, Any] = field(default_factory=_nothing)
    """Members that replace those of a beat's body; None leaves a member out."""
    beat_timeout: float = 5.0
    beat_drift: float = 0.0
    """By how much each interval is longer than the one before."""
    beat_blocks: float = 0.0
    """For so long /health does not answer while a beat is sent."""
    beats_stop_on_failure: bool = False
    beats_stop_on_odd_answer: bool = False
    """True ends the loop at an answer that is no JSON, as an exception does that nobody catches."""
    beats_stop_after: int | None = None
    beats_before_registration: bool = False

    # Verification
    verifies_tokens: bool = True
    """False believes whatever a token says, as a decoder without a key does."""
    fails_open: bool = False
    """True lets everybody in while there is no key."""
    fails_open_unread: bool = False
    """True lets everybody in where an answer came and there was no RSA key in it."""
    key_timeout: float = 5.0
    caches_key: bool = True
    key_kept: float = 300.0
    refetches_freely: bool = False
    """True asks for the key again with every token that does not verify."""
    notices_rotation: bool = True
    keyless_status: int = 503
    """What a token meets while there is no key to check it with."""
    fetches_key: bool = True
    """False has the kit's test key baked in."""

    # Messages and callbacks
    message_status: Literal["completed", "processing", "failed"] = "completed"
    work_takes: float = 0.0
    waits_for_callback: bool = False
    """True answers a message only when its callback was taken."""
    calls_back: bool = True
    callback: Mapping[str, Any] = field(default_factory=_nothing)
    """Members that replace those of a callback's body; None leaves a member out."""
    callback_loses_query: bool = False
    serves_callback: bool = True
    calls_back_unauthenticated: bool = False
    """True calls back for messages whose token was refused."""
    callback_token: Literal["own", "sender", "none"] = "own"  # noqa: S105 - a word
    callback_attempts: int = 3
    callback_delay: float = 1.0
    """Before the second attempt; doubles for each further one."""
    callback_timeout: float = 5.0
    guards_reply_to: bool = True
    """True calls back only where the Registry knows the host and port."""

    # Calls to peers
    peer_address: str | None = None
    """Where every peer is believed to be, so that nobody is looked up."""
    look_up_token: bool = True
    names_encoded: bool = True
    endpoint_kept: float = 30.0
    """Seconds that an address is remembered."""
    endpoint_dropped: bool = True
    """True forgets an address at which nobody answered."""
    endpoint_outlives_registry: bool = True
    """True goes on with an address that is too old while the Registry cannot be asked."""
    look_up_timeout: float = 5.0
    look_up_attempts: int = 1
    peer_port: int | None = None
    """The port that is called, whatever the Registry said."""
    peer_timeout: float = 10.0
    peer_attempts: int = 3
    peer_delay: float = 1.0
    """Before the second attempt; doubles for each further one."""
    retries_refusals: bool = False
    """True tries again what was answered 4xx."""
    repeats_posts: bool = False
    """True sends a POST again that may have arrived."""
    breaker: bool = True
    breaker_counts_5xx: bool = True
    breaker_rests: float = 60.0
    breaker_never_closes: bool = False
    unknown_peer: int = 404
    """The status for a peer whom the Registry does not know."""
    failed_peer: int = 503
    hides_failed_peers: bool = False
    """True answers 200 where a peer did not."""
    poll_every: float = 1.0
    """Between two looks at a task that it gave to the Orchestrator."""

    # What it says of itself
    health_status: Literal["healthy", "degraded", "unhealthy"] | None = None
    state_status: Literal["active", "inactive", "error"] | None = None
    claims_ready_unregistered: bool = False
    unready_health: Literal["degraded", "unhealthy", "failing", "hanging"] = "degraded"
    """What /health says before it is registered; `failing` is a 500, `hanging` no answer."""
    state_breaks: bool = False
    """True answers /state with 500 while Registry or Orchestrator do not answer."""
    health_breaks_while_beating: bool = False
    """True answers /health with 500 while a beat is on its way: moments, or as long as it hangs."""
    uptime_stands: bool = False
    metrics_stand: bool = False
    delay: float = 0.0
    """Before each answer, except /health."""
    health_delay: float = 0.0

    # Its surroundings
    serves_metrics: bool = True
    logs_errors: bool = True
    lines_per_error: int = 1
    logs_tokens: bool = False
    doubles_slashes: bool = False
    """True joins a base URL that ends with a slash and a path without a thought."""
    ends_with: int = 0
    """Standalone only: the exit status after SIGTERM."""
    crashes_on: str | None = None
    """Standalone only: ends with status 1, and no word, where a setting has this value."""
    reads_environment: bool = True
    """Standalone only: False keeps the defaults of the guide in spite of the environment."""
    hard_coded: Mapping[str, Any] = field(default_factory=_nothing)
    """Standalone only: settings that stand in the code, such as REGISTRY_URL."""
    heeds_log_level: bool = True
    logs_structured: bool = True
    """Standalone only: False writes bare words."""

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
