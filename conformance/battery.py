"""The battery: forged tokens are shown to the target between twins that it accepts.

A refusal proves something only while a token that differs in one thing is accepted. One accepted
twin stands on each side of at most eight forged ones. A twin that begins to fail is a lockout
(CONF-41): 60 seconds are waited once; if it still fails, nothing more is judged at that door.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from udckit.conformance.doors import Door, doors
from udckit.conformance.errors import NotObserved
from udckit.conformance.forge import TWIN, Recipe, recipes_for
from udckit.conformance.observation import MISSING, Observation
from udckit.conformance.probe import ANONYMOUS, Ask, Probe

__all__ = ["LockoutError", "bracketed", "dressed", "refused", "served", "shown"]

_NARROW: Final = 2
"""The same where a lockout was seen, and waited out."""

_NOT_LET_IN: Final = frozenset({401, 403})
_LOCKOUT: Final = 60.0


class LockoutError(NotObserved):
    """The target lets nobody in any more, because of what it refused before."""


def refused(service: Probe, *rows: str, on: Sequence[Door] | None = None) -> Iterator[Observation]:
    """Show every recipe of some rows to one door, the critical ones to the others; give answers.

    `on` names the doors instead of those of the target's role; the first that lets a twin in is
    shown everything.

    Raises:
        NotObserved: no door lets a valid token in, a lockout lasts, or a critical recipe needs
            what the forge has not; then all the others were given before.

    """
    if not service.has_token:
        raise NotObserved(service.tokens.why_none, blocked_by="AUTH-001")
    listed = [each for row in rows for each in recipes_for(row)]
    possible = [each for each in listed if each.needs <= service.can]
    missing = [each for each in listed if each not in possible]
    yield from _each_door(service, possible, doors(service) if on is None else on)
    if missing and (not possible or any(each.critical for each in missing)):
        raise NotObserved(service.why_not(missing[0].needs))


def _each_door(
    service: Probe, recipes: Sequence[Recipe], among: Sequence[Door]
) -> Iterator[Observation]:
    shut: NotObserved | None = None
    full = True
    for door in among:
        wanted = [each for each in recipes if full or each.critical]
        try:
            for seen in shown(service, door, wanted):
                full = False
                yield seen
        except NotObserved as outcome:
            if isinstance(outcome, LockoutError) or shut is None:
                shut = outcome
    if shut is not None and (full or isinstance(shut, LockoutError)):
        raise shut


def shown(service: Probe, door: Door, recipes: Iterable[Recipe]) -> Iterator[Observation]:
    """Show recipes to one door, and give the answers that have an accepted twin on both sides.

    What anybody could show comes before what only the Registry could sign: the wider gap is seen.
    """
    base = door.ask(service)
    fitting = [each for each in recipes if each.shown.member is None or base.json is not MISSING]
    for twin in sorted({_twin_of(each) for each in fitting}, key=lambda twin: twin != "valid"):
        asks = [
            (None, dressed(service, base, each), each) for each in fitting if _twin_of(each) == twin
        ]
        yield from _bracketed(service, door, twin, asks)


def bracketed(
    service: Probe, door: Door, asks: Iterable[tuple[str, Ask]]
) -> Iterator[tuple[str, Observation]]:
    """Send named requests that should be refused, each once in a run, between accepted twins."""
    listed = [(name, ask, None) for name, ask in asks]
    names = iter([name for name, _, _ in listed])
    for seen in _bracketed(service, door, "valid", listed):
        yield next(names), seen


_Shot = tuple[str | None, Ask, Recipe | None]


def _bracketed(
    service: Probe, door: Door, twin: str, shots: Sequence[_Shot]
) -> Iterator[Observation]:
    left, again = list(shots), False
    if left:
        _let_in(service, door, twin)
    while left:
        count = service.standing.bracket
        seen = [
            service.send(ask, recipe=recipe) if name is None or again else service.once(name, ask)
            for name, ask, recipe in left[:count]
        ]
        again = not _still_let_in(service, door, twin)
        if not again:
            yield from seen
            left = left[count:]


def _twin_of(recipe: Recipe) -> str:
    return TWIN.name if recipe.by == "authority" else "valid"


def _let_in(service: Probe, door: Door, twin: str) -> None:
    """Make sure that a twin was accepted last; the one that ended another bracket will do."""
    standing = service.standing
    if (door.name, twin) in standing.locked:
        raise LockoutError(f"{door.name} lets the valid token in no more, after refusing others")
    if (door.name, twin) in standing.accepted:
        return
    seen = served(service, door, twin)
    if not door.lets_in(seen):
        shut = seen.status in _NOT_LET_IN
        raise NotObserved(
            f"{door.name} answers {seen.status or seen.exchange.trouble_in_words} to "
            f"{'a valid token' if twin == 'valid' else TWIN.words}",
            blocked_by="AUTH-001" if shut else None if seen.served else "UDC-ALL-001",
        )
    standing.accepted.add((door.name, twin))


def _still_let_in(service: Probe, door: Door, twin: str) -> bool:
    """Ask the twin again. False: it was locked out for a while, and the bracket is to be repeated.

    Raises:
        NotObserved: it stays locked out.

    """
    standing = service.standing
    if door.lets_in(served(service, door, twin)):
        return True
    standing.accepted.discard((door.name, twin))
    if not standing.waited:
        standing.waited = True
        service.wait(_LOCKOUT)
        if door.lets_in(served(service, door, twin)):
            standing.bracket = _NARROW
            standing.accepted.add((door.name, twin))
            return False
    standing.locked.add((door.name, twin))
    raise LockoutError(f"{door.name} lets the valid token in no more, after refusing others")


def served(service: Probe, door: Door, twin: str = "valid") -> Observation:
    """Ask a door with a token that must be accepted."""
    ask = door.ask(service)
    if twin != "valid":
        ask = replace(ask, token=service.forged(TWIN))
    seen = service.send(ask)
    service.standing.twins.append(seen)
    return seen


def dressed(service: Probe, ask: Ask, recipe: Recipe) -> Ask:
    """Put a forged token where its recipe wants it, and no other anywhere."""
    token = service.forged(recipe)
    shown = recipe.shown
    headers = [
        ("Authorization", value.replace("{token}", token).encode("utf-8"))
        for value in shown.authorization
    ]
    path, body = ask.path, ask.json
    if shown.cookie is not None:
        headers.append(("Cookie", f"{shown.cookie}={token}".encode()))
    if shown.query is not None:
        path = f"{path}?{shown.query}={token}"
    if shown.member is not None and isinstance(body, Mapping):
        body = {**body, shown.member: token}
    return replace(ask, path=path, json=body, token=ANONYMOUS, headers=(*ask.headers, *headers))
