"""What goes wrong between services is logged, and no more often than a log can bear."""

import re
from typing import Final

from udckit.conformance import NotApplicable, NotObserved, verifies
from udckit.conformance.scenario import Logged, Recording, Recordings, hold
from udckit.conformance.scenario.away import Outage, outages

_ACCESS: Final = re.compile(r"\b(?:GET|POST|PUT|HEAD|DELETE|OPTIONS) /\S* (?:HTTP/[\d.]+|\d{3}\b)")
"""A line of an HTTP server: a request line, and a status. What tells of a call says more."""

_VARYING: Final = re.compile(
    r"0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|<token:t\d+>|\b[0-9a-f]{6,}\b|\d+(?:[.:,]\d+)*"
)
_FLOOD: Final = 100.0
_BRIEF: Final = 5.0
_WELL: Final = "calm"


@verifies("ERR-015")
def what_goes_wrong_is_logged(recordings: Recordings) -> None:
    """An outage of Registry or Orchestrator leaves a line that a quiet run lacks, and no flood."""
    calm = recordings.get(_WELL)
    if calm is None or calm.trouble is not None:
        raise NotObserved("the scenario calm, which an outage is held against, was not played")
    usual = {_shape(line, calm) for line in calm.logged}
    played = list(outages(recordings))
    if played and all(_asks_nobody(outage, part) for outage, part in played):
        raise NotApplicable("it asks no other service, so nothing between services goes wrong")
    for outage, part in played:
        seconds = max(_BRIEF, part.end - (part.at(outage.start) or 0.0))
        lines = [line for line in part.logged if line.text.strip()]
        telling = [line for line in lines if _tells(line, part, usual)]
        start = part.notes[0]
        hold(
            recordings,
            start,
            len(lines) <= _FLOOD * seconds,
            expected=f"{_FLOOD:.0f} lines a second at most",
            observed=f"{len(lines)} lines in {seconds:.0f} s",
        )
        if not outage.is_felt or _asks_nobody(outage, part):
            continue
        hold(
            recordings,
            telling[0] if telling else start,
            bool(telling),
            expected=f"a line that tells of the outage of the {outage.of}",
            observed=f"{len(lines)} lines, each as where all is well",
        )


def _asks_nobody(outage: Outage, part: Recording) -> bool:
    """Whether it is a Registry, with which the kit enrolled, and not one call of its came."""
    asked = any(call.fake == outage.of.lower() for call in part.calls)
    return part.at("enrolled") is not None and not asked


def _tells(line: Logged, part: Recording, usual: set[str]) -> bool:
    return not _ACCESS.search(line.text) and _shape(line, part) not in usual


def _shape(line: Logged, recording: Recording) -> str:
    """Give a line without what is another at each time: figures, addresses, the target's name."""
    return _VARYING.sub("#", line.text.replace(f"udckit-{recording.scenario}", "udckit"))
