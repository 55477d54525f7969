"""A droplet that somebody else started, watched from the fakes that it was started against.

What it did before the kit came counts as long as a journal holds it; then it is watched for two
beats. What only a start by the kit can show is not observed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from udckit.conformance.scenario._words import BEAT, LOOKS, REGISTER, rows
from udckit.conformance.scenario.acts import Await, Message, Note, Probe, Scenario, Visit
from udckit.conformance.scenario.recording import Call, Recording

__all__ = ["ATTACHED", "FACTS", "NOT_STARTED", "WATCH", "as_seen_by", "is_attached"]

ATTACHED: Final = "attached"
FACTS: Final = "attached"
"""The note that says what is known of the droplet; see `Watcher`."""
LAUNCH_IT: Final = "let the kit start it, with --launch 'COMMAND --port {port}'"
NOT_STARTED: Final = f"the kit did not start this droplet; {LAUNCH_IT}"

_REGISTERS: Final = 65.0
_SOON: Final = 30.0
_AGAIN: Final = 60.0
_REFUSED: Final = 400


def _beats(times: int, within: float, what: str, since: str, every: float) -> Await:
    return Await(what, "orchestrator", BEAT, times, within, True, since, ("/health",), every)


WATCH: Final = Scenario(
    name=ATTACHED,
    story="Nothing is done to it: what came is read, it is asked, and watched for two beats.",
    script=(
        Await("registered", "registry", REGISTER, within=_REGISTERS),
        Visit(),
        *LOOKS,
        Note("fifty valid"),
        Probe("valid", "/state", "fresh", times=50),
        Note("after fifty valid"),
        Message("plain message", replies=False),
        Message("message"),
        Note("sampled"),
        _beats(2, 132.0, "third beat", "sampled", 0.2),
        _beats(3, 67.0, "fourth beat", "history", 5.0),
        Note("fifty invalid"),
        Probe("invalid", "/state", "stranger", times=50),
        Note("after fifty invalid"),
    ),
    serves=rows(
        {
            "REG-CLIENT": "001 014 002 015 003 004 005 006 013",
            "ORCH-CLIENT": "001 002 013 003 004 014 005 006 011",
            "AUTH": "019 020 031",
            "UDC-MSG": "009 010 012",
            "OPS-ENV": "001 002",
            "UDC-HEALTH": "020 008",
            "UDC-CAP": "005",
        }
    ),
    length=200.0,
)


def is_attached(recording: Recording) -> bool:
    """Say whether it is that of a droplet which the kit did not start."""
    return recording.scenario == ATTACHED


def as_seen_by(row: str, recording: Recording) -> Recording | None:
    """Give the recording as a row may judge it; its trouble says why the row may not.

    None is given to rows that only a start by the kit can show.
    """
    if not is_attached(recording):
        return recording
    if row not in WATCH.serves:
        return None
    if recording.trouble is not None:
        return recording
    note = recording.note(FACTS)
    facts = {} if note is None else note.detail
    why = _general(facts) or _special(row, recording, facts)
    return recording if why is None else replace(recording, trouble=why)


def _general(facts: Mapping[str, Any]) -> str | None:
    if facts.get("restarted"):
        return "it was started anew while it was watched; certify it again while it stays up"
    if facts.get("faulty"):
        return "a fake was under a fault while it ran; clear the faults, and start it anew"
    if facts.get("stray"):
        others = ", ".join(facts["others"][:3])
        return (
            f"{others} registered at these fakes too, and {facts['stray']} calls may be anybody's; "
            "start `udckit fakes up` anew for this droplet alone"
        )
    if not facts.get("registered") and facts.get("others"):
        return "other droplets registered at these fakes, and none that listens at this port"
    if not facts.get("registered") and not facts.get("known"):
        return "it did not register, and it is not known that it started after these fakes did"
    return None


def _special(row: str, recording: Recording, facts: Mapping[str, Any]) -> str | None:
    """Say what is missing to judge this row."""
    if row == "REG-CLIENT-001":
        return _start_seen(recording, facts)
    if row == "REG-CLIENT-014":
        return _registrations_explained(recording, facts)
    gaps = (each for each in _GAPS if row in each.rows and each.gapes(recording, facts))
    return next((each.why for each in gaps), None)


@dataclass(frozen=True, slots=True)
class _Gap:
    """What some rows cannot be judged without, where it is not there."""

    rows: frozenset[str]
    gapes: Callable[[Recording, Mapping[str, Any]], bool]
    why: str


_GAPS: Final = (
    _Gap(
        rows({"ORCH-CLIENT": "001 002 013 011", "OPS-ENV": "001"}),
        lambda seen, facts: not (facts["vouched"] or _reaches_orchestrator(seen)),
        "nothing came to the Orchestrator; start it with all that `udckit fakes up` printed",
    ),
    _Gap(
        rows({"ORCH-CLIENT": "003"}),
        lambda _, facts: not facts["known"],
        f"it is not known when it started; {LAUNCH_IT}",
    ),
    _Gap(
        rows({"ORCH-CLIENT": "001"}),
        lambda seen, _: _was_refused(seen),
        "a beat with its own token was refused meanwhile; start it anew and try again",
    ),
    _Gap(
        rows({"REG-CLIENT": "003"}),
        lambda _, facts: facts["registered"] and not facts["visited"],
        "the port that it registered is not the one at which the kit reaches it",
    ),
    _Gap(
        rows({"AUTH": "019"}),
        lambda seen, facts: not (facts["known"] or _fetches(seen)),
        f"a key may have come before what is known of it; {LAUNCH_IT}",
    ),
    _Gap(
        rows({"AUTH": "019 020 031"}),
        lambda _, facts: bool(facts["others"]),
        "other droplets are at these fakes, and a fetch of the key has no name on it",
    ),
    _Gap(
        rows({"UDC-MSG": "010 012"}),
        lambda _, facts: not facts["local"],
        f"it runs where the kit's own address is not reached; {LAUNCH_IT}",
    ),
    _Gap(
        rows({"OPS-ENV": "002"}),
        lambda _, facts: facts["registered"] and not facts["port"],
        f"it did not register as what `udckit fakes up` printed; start it so, or {LAUNCH_IT}",
    ),
    _Gap(
        rows({"UDC-CAP": "005"}),
        lambda _, facts: facts["registered"] and not facts["names"],
        f"it did not register as what `udckit fakes up` printed; start it so, or {LAUNCH_IT}",
    ),
)


def _start_seen(recording: Recording, facts: Mapping[str, Any]) -> str | None:
    """Whether it registered soon is known where its start is; that it never did, when watched."""
    tried = _registering(recording)
    taken = [call for call in tried if call.taken]
    if not taken:
        odd = any(call.answered == _REFUSED or call.problems for call in tried)
        return None if odd or not tried else "its registrations were refused for another reason"
    start = recording.at("answers")
    soon = start is not None and taken[0].at <= start + _SOON
    if facts["known"] and soon:
        return None
    return f"its start was not seen; start it anew and certify it again, or {LAUNCH_IT}"


def _registrations_explained(recording: Recording, facts: Mapping[str, Any]) -> str | None:
    taken = [call for call in _registering(recording) if call.taken]
    if not facts["known"]:
        return f"it is not known when it started; {LAUNCH_IT}"
    if len(taken) > 1 and taken[-1].at - taken[0].at >= _AGAIN:
        return "it registered again later, for which an ending token may be the reason"
    if len(taken) > 1 and _was_refused(recording):
        return "it registered again, and a call of its was refused before"
    return None


def _was_refused(recording: Recording) -> bool:
    """Say whether a token that it was given was refused."""
    own = {call.given("token") for call in _registering(recording)}
    return any(
        call.token in own and call.answered is not None and call.answered >= _REFUSED
        for call in recording.calls
        if call.operation == "postHeartbeat"
    )


def _registering(recording: Recording) -> list[Call]:
    return [call for call in recording.calls if call.operation == "registerService"]


def _reaches_orchestrator(recording: Recording) -> bool:
    return any(call.fake == "orchestrator" for call in recording.calls)


def _fetches(recording: Recording) -> bool:
    return any(call.operation == "getPublicKey" for call in recording.calls)
