"""Nothing that a droplet asks is waited for without an end."""

from typing import Final

from udckit.conformance import verifies
from udckit.conformance.scenario import Call, Recording, Recordings, hold

_LONGEST: Final = 45.0
_SLACK: Final = 0.5


@verifies("SEC-010")
def outgoing_requests_have_a_timeout(recordings: Recordings) -> None:
    """Each connection to somebody who never answers is closed within 45 s."""
    for name in sorted(recordings.by_name):
        whole = recordings.get(name)
        if whole is None or whole.trouble is not None:
            continue
        for call in whole.calls:
            until = call.released if call.released is not None else whole.end
            if call.fault == "hang" and not _was_cut(whole, call, until):
                hold(
                    recordings,
                    call,
                    until - call.at <= _LONGEST + _SLACK,
                    expected="a connection closed within 45 s",
                    observed=f"{call.fake}: {call} open for {until - call.at:.0f} s",
                )


def _was_cut(whole: Recording, call: Call, until: float) -> bool:
    """Say whether the kit ended it, by a fault that closes connections or by a stop, too soon."""
    ends = {f"strike {call.fake}", "stop", "end"}
    return until - call.at <= _LONGEST and any(
        call.at < note.at <= until + _SLACK and note.what in ends for note in whole.notes
    )
