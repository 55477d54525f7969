"""The command that asks an interaction again, with the values that its state came to."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from udckit.conformance._curl import curl
from udckit.conformance.exchange import Exchange, Request
from udckit.conformance.pacts._document import Interaction
from udckit.conformance.pacts._promises import steps_of

__all__ = ["replay_of"]

_BEARER: Final = "Bearer <token:t0>"
_NAME: Final = re.compile(r"\$\{(\w+)\}")


def replay_of(one: Interaction, base: str, values: Mapping[str, Any]) -> str:
    """Give a curl; its token is read from `$UDCKIT_TOKEN`. What is one-way has none."""
    if one.is_message:
        return ""
    request = one.request
    generators = request.get("generators") or {}
    path = _filled(generators.get("path"), request.get("path", "/"), values)
    headers = tuple(
        (name, _BEARER if name.lower() == "authorization" else _first(value))
        for name, value in (request.get("headers") or {}).items()
    )
    content = (request.get("body") or {}).get("content")
    body = None
    if content is not None:
        filled = copy.deepcopy(content)
        for place, generator in (generators.get("body") or {}).items():
            _put(filled, steps_of(place), generator, values)
        body = json.dumps(filled)
    asked = Request(str(request.get("method", "GET")), str(path), headers, body)
    return curl(Exchange(0, base.rstrip("/"), asked, 0.0, 0.0))


def _filled(generator: Any, example: Any, values: Mapping[str, Any]) -> Any:
    """Put a state's values into an expression; the example stands where one is not known."""
    expression = generator.get("expression") if isinstance(generator, Mapping) else None
    if expression is None:
        return example
    names = _NAME.findall(expression)
    if not all(name in values for name in names):
        return example
    if len(names) == 1 and expression == f"${{{names[0]}}}":
        return values[names[0]]
    return _NAME.sub(lambda found: str(values[found[1]]), expression)


def _put(body: Any, steps: tuple[str, ...], generator: Any, values: Mapping[str, Any]) -> None:
    for step in steps[:-1]:
        body = body.get(step) if isinstance(body, dict) else None
    if isinstance(body, dict) and steps and steps[-1] in body:
        body[steps[-1]] = _filled(generator, body[steps[-1]], values)


def _first(value: Any) -> str:
    return str(value[0]) if isinstance(value, list) and value else str(value)
