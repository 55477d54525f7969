"""How every command of `udckit pact` ends: one line on standard error, and the exit code."""

from __future__ import annotations

from collections.abc import Callable

from udckit.cli._screen import complain
from udckit.conformance import (
    EXIT,
    BrokerError,
    InvocationError,
    UnreachableError,
    Violation,
)

__all__ = ["code_of"]


def code_of(work: Callable[[], int]) -> int:
    """Do it, and give the exit code; what goes wrong is said, and nothing else is done."""
    try:
        return work()
    except InvocationError as mistake:
        complain(str(mistake))
        return EXIT["invocation"]
    except (UnreachableError, BrokerError) as silence:
        complain(str(silence))
        return EXIT["unreachable"]
    except Violation as broken:
        complain(f"expected {broken.expected}\n  observed {broken.observed}")
        return EXIT["broken"]
    except KeyboardInterrupt:
        complain("ended before it was done")
        return EXIT["incomplete"]
