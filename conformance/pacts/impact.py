"""Which consumers break where a requirement is not kept: those whose contracts lean on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from udckit.conformance.pacts._document import Interaction, kit_pacts
from udckit.conformance.pacts._promises import leaves_of, requirements_at

__all__ = ["Reliance", "reliances"]

_JSON: Final = "UDC-ALL-002"
"""A JSON body says that it is one: what a consumer that asks for the type leans on."""


@dataclass(frozen=True, slots=True)
class Reliance:
    """One consumer, and those of its interactions that lean on a requirement."""

    consumer: str
    interactions: tuple[str, ...]


def reliances(requirement_id: str, provider: str) -> tuple[Reliance, ...]:
    """Name the consumers of a provider that lean on a requirement, by the kit's own pacts."""
    found = _leaning(provider).get(requirement_id, {})
    return tuple(Reliance(consumer, tuple(words)) for consumer, words in sorted(found.items()))


@cache
def _leaning(provider: str) -> Mapping[str, Mapping[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for pact in kit_pacts(provider):
        for one in pact.interactions:
            for each in dict.fromkeys(_leans_on(one)):
                found.setdefault(each, {}).setdefault(pact.consumer, []).append(one.description)
    return found


def _leans_on(one: Interaction) -> Iterator[str]:
    """What its author says, what speaks of each member that it asks for, and of its type."""
    yield from one.requirements
    if one.operation is None:
        return
    status = None if one.is_message else one.status
    for steps, _ in leaves_of(one.wanted):
        if steps:
            yield from requirements_at(one.operation, status, "$." + ".".join(steps))
    headers = one.response.get("headers")
    if isinstance(headers, Mapping) and any(each.lower() == "content-type" for each in headers):
        yield _JSON
