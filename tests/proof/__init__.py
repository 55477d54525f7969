"""What the kit catches and whom it blames wrongly: measured, and written down in docs/detection.md.

A fault counts as killed only where it was seen, under its own ids, in front of every right target
that can show it. A right droplet that is blamed is a false alarm; one that is judged differently
twice is a flake.
"""

from proof.alarms import Alarm, Judged, alarms_of, flakes_of
from proof.reckoning import FaultResult, RowResult, fault_results, row_results
from proof.sighting import Sighting

__all__ = [
    "Alarm",
    "FaultResult",
    "Judged",
    "RowResult",
    "Sighting",
    "alarms_of",
    "fault_results",
    "flakes_of",
    "row_results",
]
