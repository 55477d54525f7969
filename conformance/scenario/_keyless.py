"""The Registry's key cannot be had, in six ways one after the other (AUTH-022)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from udckit.conformance.scenario._words import KEY
from udckit.conformance.scenario.acts import Act, Probe, Strike, Wait
from udckit.fakes import Fault

__all__ = ["KEYLESS"]

_FAILS: Final = 3.0
"""Seconds of each way: a caller that has just failed may rest a little before it asks again."""
_LONGEST: Final = 46.0
"""Seconds that an answer may take which waits for a key: SEC-010 gives an outgoing call 45."""
_WAYS: Final = (
    Fault.reset(route=KEY),
    Fault.status(500, route=KEY),
    Fault.empty_object(route=KEY),
    Fault.page(route=KEY),
    Fault.other_key(),
    Fault.hang(route=KEY),
)


def _each() -> Iterator[Act]:
    for way in _WAYS:
        yield Strike("registry", (way,), instead=True)
        yield Wait(_FAILS, ("/health",), 1.0)
        yield Probe("state", "/state", deadline=_LONGEST)


KEYLESS: Final[tuple[Act, ...]] = tuple(_each())
"""That it hangs comes last: whoever still waits for that is asked for nothing else."""
