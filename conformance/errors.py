"""The one exception tree of the conformance room.

UdckitError
├── Outcome                     a check ends early, and says with what verdict
│   ├── Violation               the target broke the requirement: the only class that blames it
│   ├── NotObserved             nothing could be judged: the cause is named, never skipped
│   └── NotApplicable           the contract itself says that the row binds no such target
├── InvocationError             bad input of the person who typed (exit 2)
├── UnreachableError            nobody answers at the target's address (exit 4)
└── BrokerError                 the Pact Broker cannot be reached, or refuses (exit 4)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from udckit.conformance.observation import Observation

__all__ = [
    "BrokerError",
    "InvocationError",
    "NotApplicable",
    "NotObserved",
    "Outcome",
    "UdckitError",
    "UnreachableError",
    "Violation",
]


class UdckitError(Exception):
    """Anything that the kit raises on purpose."""


class Outcome(UdckitError):  # noqa: N818 - an outcome is no error of the kit
    """A check ends before its last line, and this is how."""


class Violation(Outcome):
    """The target did something else than the requirement asks."""

    def __init__(self, *, expected: str, observed: str, seen: Observation | None = None) -> None:
        super().__init__(f"expected {expected}; observed {observed}")
        self.expected = expected
        self.observed = observed
        self.seen = seen


class NotObserved(Outcome):
    """The evidence is missing; `blocked_by` names a requirement where one is the cause."""

    def __init__(self, reason: str, *, blocked_by: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.blocked_by = blocked_by


class NotApplicable(Outcome):
    """One of the four grounds of the catalogue holds; `reason` says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvocationError(UdckitError):
    """Bad input: what happened, what was expected, what to do."""


class UnreachableError(UdckitError):
    """The target, or an authority it needs, cannot be reached."""


class BrokerError(UdckitError):
    """The Pact Broker cannot be reached, or refuses: what it said, and what to do."""
