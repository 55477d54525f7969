"""A smaller request that shows the same: members taken away, values made plain, texts cut."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from udckit.conformance.generated.bodies import parse
from udckit.conformance.generated.finding import Step

__all__ = ["shrunk"]

_ATTEMPTS: Final = 60


def shrunk(step: Step, shows: Callable[[Step], bool], attempts: int = _ATTEMPTS) -> Step:
    """Give the smallest request found in so many attempts that still shows it.

    Only JSON objects are made smaller; bytes that no library writes stay as they are.
    """
    body = parse(None if step.body is None else step.body.decode("utf-8", "replace"))
    if not body.is_json or not isinstance(body.value, dict) or step.as_it_is:
        return step
    best, left = body.value, attempts
    progress = True
    while progress and left > 0:
        progress = False
        for smaller in _smaller(best):
            left -= 1
            if shows(_with(step, smaller)):
                best, progress = smaller, True
                break
            if left <= 0:
                break
    return _with(step, best)


def _with(step: Step, value: Any) -> Step:
    text = json.dumps(value, ensure_ascii=False)
    return replace(step, body=text.encode("utf-8", "surrogatepass"))


def _smaller(value: Any) -> Iterator[Any]:
    """Give values that are smaller by one thing, the largest steps first."""
    if isinstance(value, dict):
        for key in value:
            yield {name: each for name, each in value.items() if name != key}
        for key, inner in value.items():
            yield from ({**value, key: less} for less in _smaller(inner))
    elif isinstance(value, list):
        for place in range(len(value)):
            yield [*value[:place], *value[place + 1 :]]
        for place, inner in enumerate(value):
            yield from ([*value[:place], less, *value[place + 1 :]] for less in _smaller(inner))
    elif isinstance(value, str) and len(value) > 1:
        half = len(value) // 2
        yield from (value[:half], value[half:], value[1:], value[:-1])
