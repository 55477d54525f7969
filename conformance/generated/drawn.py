"""Cases drawn at random from a seed: free objects of any shape, and right requests bent."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote as percent

from udckit.conformance.generated.hurting import ADDRESSES, KEYS, NAMES, VALUES
from udckit.conformance.generated.sending import Cases, a_beat, a_registration, a_task, changed
from udckit.conformance.observation import MISSING
from udckit.conformance.probe import VALID, Ask, Probe

__all__ = ["drawn"]

_Maker = Callable[[Probe, random.Random, int], Ask]

_SIGNS: Final = "abcxyzäöß漢字ё💥 \t\n\"'\\/<>&%$#{}[]():;,.?!@=+-*_0123456789\x00\x1b\u202e\u2028"
_DEPTH: Final = 4
_AGAIN: Final = 0.15
_WRONG: Final = 0.25


def drawn(service: Probe, seed: int) -> Cases:
    """Draw without end; the same seed draws the same for the same answers."""
    chance = random.Random(seed)  # noqa: S311 - a seed that can be given again is the point
    makers: list[_Maker] = [_message]
    if service.settings.role == "registry":
        makers = [_registration, _registration, _message]
    if service.settings.role == "orchestrator":
        makers = [_task, _task, _beat, _message]
    number = 0
    while True:
        number += 1
        ask = chance.choice(makers)(service, chance, number)
        seen = yield ask
        if chance.random() < _AGAIN:
            seen = yield ask
        if ask.path == "/register" and seen.status == 201:  # noqa: PLR2004 - created
            yield Ask("GET", f"/services/by-name/{percent(ask.json['name'], safe='')}", VALID)
            if isinstance(seen.member("service_id"), int):
                yield Ask("GET", f"/services/{seen.member('service_id')}", VALID)
        if ask.path == "/tasks" and isinstance(seen.member("task_id"), str):
            yield Ask("GET", f"/tasks/{percent(seen.member('task_id'), safe='')}", VALID)


def _message(service: Probe, chance: random.Random, number: int) -> Ask:  # noqa: ARG001 - a maker's form
    members: dict[str, Any] = {"payload": _object(chance)}
    if chance.random() < _WRONG:
        name = chance.choice(("from_service", "message_type", "payload"))
        members[name] = chance.choice(
            (None, MISSING, {"udckit": _value(chance)}, [_value(chance)], 7)
        )
    if chance.random() < _WRONG:
        members["reply_to"] = chance.choice(ADDRESSES)
    return service.a_message(**members)


def _registration(service: Probe, chance: random.Random, number: int) -> Ask:  # noqa: ARG001 - a maker's form
    odd = chance.choice((_text(chance), chance.choice(NAMES), "plain"))
    members: dict[str, Any] = {
        "port": chance.choice((8010, 65_535, chance.randrange(1024, 65_535)))
    }
    if chance.random() < _WRONG:
        name = chance.choice(("droplet_id", "port", "health_endpoint", "capabilities", "version"))
        members[name] = chance.choice(
            (None, MISSING, {"udckit": 1}, [{"udckit": 1}], _value(chance))
        )
    return changed(a_registration(f"udckit-drawn-{number % 20}-{odd}"), members)


def _task(service: Probe, chance: random.Random, number: int) -> Ask:  # noqa: ARG001 - a maker's form
    members: dict[str, Any] = {"data": _object(chance)}
    if chance.random() < _WRONG:
        name = chance.choice(("task_type", "data", "priority"))
        members[name] = chance.choice(
            (None, MISSING, {"udckit": _value(chance)}, [_value(chance)], 7)
        )
    return changed(a_task(), members)


def _beat(service: Probe, chance: random.Random, number: int) -> Ask:  # noqa: ARG001 - a maker's form
    members: dict[str, Any] = {"metrics": {_key(chance): chance.uniform(0, 100)}}
    if chance.random() < _WRONG:
        members["metrics"] = _object(chance)
    if chance.random() < _WRONG:
        name = chance.choice(("service_id", "status", "metrics"))
        members[name] = chance.choice((None, MISSING, {"udckit": 1}, ["udckit"], _value(chance)))
    return changed(a_beat(service), members)


def _object(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    return {_key(chance): _value(chance, depth + 1) for _ in range(chance.randrange(4))}


def _value(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.randrange(10)
    if kind < 2 and depth < _DEPTH:  # noqa: PLR2004 - one in five
        return _object(chance, depth)
    if kind < 4 and depth < _DEPTH:  # noqa: PLR2004 - likewise
        return [_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind < 6:  # noqa: PLR2004 - likewise
        return _text(chance)
    if kind < 7:  # noqa: PLR2004 - one in ten
        return chance.choice((chance.randrange(-(2**64), 2**64), chance.uniform(-1e9, 1e9)))
    return chance.choice(VALUES)


def _key(chance: random.Random) -> str:
    return chance.choice((chance.choice(KEYS), _text(chance), "udckit", "data", "action"))


def _text(chance: random.Random) -> str:
    return "".join(chance.choice(_SIGNS) for _ in range(chance.randrange(12)))
