"""A droplet that runs undisturbed: its log is structured, and /health does not stall."""

import json
import re
from typing import Final

from udckit.conformance import NotObserved, verifies
from udckit.conformance.scenario import Recording, hold, launched, played, registered

_SHARE: Final = 0.9
_STALL: Final = 1.0
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
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


@verifies("UDC-HEALTH-020")
def health_does_not_stall_beside_a_beat(recording: Recording) -> None:
    """Asked five times a second over two beats, /health answers within 1 s over its floor."""
    registered(played(recording))
    looks = recording.part("sampled", "third beat").named("watched /health")
    if recording.at("third beat") is None:
        raise NotObserved("two beats did not come", blocked_by="ORCH-CLIENT-001")
    floor = min((each.seconds for each in looks), default=0.0)

    for look in looks:
        hold(
            recording,
            look,
            look.status is not None and look.seconds <= floor + _STALL,
            expected=f"an answer within {floor + _STALL:.2f} s",
            observed=f"{look.outcome} after {look.seconds:.2f} s, {look}",
        )
