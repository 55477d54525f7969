"""What checks of recordings say: a claim about what was seen holds, or is a violation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from udckit.conformance.errors import NotObserved, Violation
from udckit.conformance.scenario.attached import NOT_STARTED, is_attached
from udckit.conformance.scenario.recording import Call, Exit, Logged, Look, Noted, Recording

__all__ = [
    "Given",
    "attempts",
    "beats",
    "by_token",
    "callbacks",
    "fetches",
    "gaps",
    "given",
    "hold",
    "lately",
    "launched",
    "played",
    "registered",
    "strangers",
]

_KINDS: Final = {Call: 1, Look: 2, Logged: 3, Noted: 4, Exit: 5}
_MANY: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Given:
    """A registration that was answered 201, and what it gave."""

    call: Call
    token: str
    service_id: int


def hold(
    recording: Any,
    subject: Any,
    holds: bool,
    *,
    expected: str,
    observed: str = "",
) -> None:
    """Count a subject, and blame the target where the claim about it does not hold."""
    recording.tally.judged.add(_KINDS.get(type(subject), 0) * _MANY + getattr(subject, "n", 0))
    if not holds:
        raise Violation(expected=expected, observed=observed or str(subject))


def played(recording: Recording | None) -> Recording:
    """Make sure that the scenario went as far as it could; the kit's own trouble judges nobody."""
    if recording is None:
        raise NotObserved(NOT_STARTED)
    if recording.trouble is not None and is_attached(recording):
        raise NotObserved(recording.trouble)
    if recording.trouble is not None:
        raise NotObserved(f"the scenario {recording.scenario} was not played: {recording.trouble}")
    return recording


def launched(recording: Recording) -> Recording:
    """Make sure that the target came up in a scenario that begins without a fault."""
    if recording.at("answers") is None:
        why = f"did not answer /health in the scenario {recording.scenario}{_exit(recording)}"
        raise NotObserved(f"the target {why}")
    return recording


def attempts(recording: Recording) -> list[Call]:
    """Give the registrations that were tried."""
    return [
        call
        for call in recording.calls
        if call.fake == "registry" and call.operation == "registerService"
    ]


def given(recording: Recording) -> list[Given]:
    """Give the registrations that succeeded, in order."""
    found = []
    for call in attempts(recording):
        token, number = call.given("token"), call.given("service_id")
        if call.taken and isinstance(token, str) and isinstance(number, int):
            found.append(Given(call, token, number))
    return found


def registered(recording: Recording) -> Given:
    """Give the first registration; without one NotObserved is raised, which REG-CLIENT-001 is."""
    found = given(recording)
    if not found:
        raise NotObserved("it never registered", blocked_by="REG-CLIENT-001")
    return found[0]


def beats(recording: Recording) -> list[Call]:
    """Give the beats, and their retries, whatever they were answered."""
    return [
        call
        for call in recording.calls
        if call.fake == "orchestrator" and call.operation == "postHeartbeat"
    ]


def lately(recording: Recording) -> Recording:
    """Give what was seen of late: all of it, but for a droplet that ran before the kit came."""
    since = recording.at("history")
    return recording if since is None else recording.between(since)


def by_token(calls: Iterable[Call]) -> dict[str, list[Call]]:
    """Group calls by the token that they carry; calls without one are left out."""
    groups: dict[str, list[Call]] = {}
    for call in calls:
        if call.token is not None:
            groups.setdefault(call.token, []).append(call)
    return groups


def gaps(calls: Iterable[Call]) -> Iterator[tuple[Call, Call, float]]:
    """Give each call with the one before it and the seconds between them."""
    for before, after in pairwise(calls):
        yield before, after, after.at - before.at


def fetches(recording: Recording) -> list[Call]:
    """Give the fetches of the public key."""
    return [
        call
        for call in recording.calls
        if call.fake == "registry" and call.operation == "getPublicKey"
    ]


def callbacks(recording: Recording) -> list[Call]:
    """Give what came to the kit's peer."""
    return [call for call in recording.calls if call.fake == "peer"]


def strangers(recording: Recording, *fakes: str) -> str:
    """Say what came to paths that the contract does not know, as another dialect does."""
    seen = {
        f"{call.method} {call.path}"
        for call in recording.calls
        if call.operation is None and call.fake in fakes
    }
    return f"; what came instead: {', '.join(sorted(seen)[:5])}" if seen else ""


def _exit(recording: Recording) -> str:
    return f": it exited with status {recording.exits[0].status}" if recording.exits else ""
