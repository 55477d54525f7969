"""Starts the droplets of the known-good fleet for tests, and stops them."""

from fleet_support._catalogue import FLEET, REFERENCE, Answers, Member, fleet, member
from fleet_support._launcher import Running, launch
from fleet_support._needs import missing, require

__all__ = [
    "FLEET",
    "REFERENCE",
    "Answers",
    "Member",
    "Running",
    "fleet",
    "launch",
    "member",
    "missing",
    "require",
]
