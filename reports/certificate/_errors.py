"""Why a certificate is not given, or not believed.

UdckitError
└── CertificateError
    ├── NotIssuedError      the record does not earn one
    └── RefusedError        one that must not be believed; `reason` is one word of REASONS
"""

from __future__ import annotations

from typing import Final, Literal

from udckit.conformance import UdckitError

__all__ = ["REASONS", "CertificateError", "NotIssuedError", "Reason", "RefusedError"]

Reason = Literal[
    "form", "canonical", "key", "signature", "content", "early", "expired", "stage", "subject",
    "record", "rejudged",
]  # fmt: skip

REASONS: Final[tuple[Reason, ...]] = (
    "form",
    "canonical",
    "key",
    "signature",
    "content",
    "early",
    "expired",
    "stage",
    "subject",
    "record",
    "rejudged",
)


class CertificateError(UdckitError):
    """A certificate is not given, or not believed."""


class NotIssuedError(CertificateError):
    """The record does not earn a certificate; `exit_code` is what the run itself came to."""

    def __init__(self, why: str, *, exit_code: int) -> None:
        super().__init__(why)
        self.exit_code = exit_code


class RefusedError(CertificateError):
    """The certificate must not be believed."""

    def __init__(self, reason: Reason, why: str) -> None:
        super().__init__(why)
        self.reason = reason
