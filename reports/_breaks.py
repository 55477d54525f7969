"""Whom a failure breaks: the consumers whose contracts lean on the row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from udckit.conformance import Settings, Verdict

if TYPE_CHECKING:
    from udckit.conformance.pacts import Reliance

__all__ = ["breaks", "told_breaks"]


def breaks(settings: Settings, *verdicts: Verdict) -> tuple[Reliance, ...]:
    """Name the consumers of the target that failures break; none where none is a failure."""
    failed = [each for each in verdicts if each.verdict == "fail"]
    if not failed:
        return ()
    from udckit.conformance.pacts import reliances  # noqa: PLC0415 - only who failed pays for it

    found: dict[str, Reliance] = {}
    for one in (one for each in failed for one in reliances(each.id, settings.role)):
        known = found.setdefault(one.consumer, one)
        words = dict.fromkeys((*known.interactions, *one.interactions))
        found[one.consumer] = replace(known, interactions=tuple(words))
    return tuple(found.values())


def told_breaks(relying: Iterable[Reliance]) -> str:
    """Name consumers with what each of them leans on it for."""
    return "; ".join(f"{one.consumer}: {', '.join(one.interactions)}" for one in relying)
