"""A droplet that runs undisturbed: its log is structured, and /health does not stall."""

import re
from collections.abc import Sequence
from typing import Final

from udckit.conformance import NotObserved, verifies
from udckit.conformance.heard import object_in
from udckit.conformance.scenario import (
    Look,
    Recording,
    beats,
    hold,
    launched,
    played,
    registered,
)

_SHARE: Final = 0.9
_STALL: Final = 1.0
_NEAR: Final = 3.0
"""Seconds around a beat in which a stall belongs to it."""
_ACCESS: Final = re.compile(r"\b(?:GET|POST|PUT|HEAD|DELETE|OPTIONS) /\S* ?(?:HTTP/[\d.]+)?")
_OK: Final = 200


@verifies("OPS-LOG-001")
def the_log_is_structured(recording: Recording) -> None:
    """Nine lines in ten after readiness are one JSON object each."""
    ready = launched(played(recording)).at("answers") or 0.0
    lines = [line for line in recording.logged if line.at > ready and line.text.strip()]
    judged = [line for line in lines if _is_object(line.text) or not _ACCESS.search(line.text)]
    if not judged:
        raise NotObserved("it wrote no line after it was ready")
    plain = [line for line in judged if not _is_object(line.text)]

    for line in judged:
        hold(
            recording,
            line,
            len(plain) <= (1 - _SHARE) * len(judged),
            expected="one JSON object a line, in nine lines of ten",
            observed=f"{len(plain)} of {len(judged)} lines are none, such as "
            f"{(plain or [line])[0].text[:120]!r}",
        )


def _is_object(text: str) -> bool:
    return object_in(text) is not None


@verifies("UDC-HEALTH-020")
def health_does_not_stall_beside_a_beat(recording: Recording) -> None:
    """Asked five times a second over two beats, /health answers within 1 s over its floor."""
    registered(played(recording))
    looks = recording.part("sampled", "third beat").named("watched /health")
    if recording.at("third beat") is None:
        raise NotObserved("two beats did not come", blocked_by="ORCH-CLIENT-001")
    floor = min((each.seconds for each in looks), default=0.0)
    hiccups = _hiccups(recording, looks, floor)

    for look in looks:
        hold(
            recording,
            look,
            look.status is not None and (look.seconds <= floor + _STALL or look in hiccups),
            expected=f"an answer within {floor + _STALL:.2f} s",
            observed=f"{look.outcome} after {look.seconds:.2f} s, {look}",
        )


def _hiccups(recording: Recording, looks: Sequence[Look], floor: float) -> Sequence[Look]:
    """Name the slow looks that may be the machine's own doing.

    By a faster clock 50 ms in which this machine is busy elsewhere look like a second. There, a
    stall counts where each of the beats has one; in real time every stall counts.
    """
    if not recording.is_accelerated:
        return ()
    slow = [look for look in looks if look.seconds > floor + _STALL]
    sent = [call.at for call in beats(recording) if call.taken]
    within = [at for at in sent if looks and looks[0].at <= at <= looks[-1].at + _NEAR]
    with_one = [
        at
        for at in within
        if any(at - _NEAR - each.seconds <= each.at <= at + _NEAR for each in slow)
    ]
    return () if with_one and len(with_one) == len(within) else slow
