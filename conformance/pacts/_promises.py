"""What the documents promise at a place of a body: the schema there, and its requirements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from udckit.specs import Operation, surface

__all__ = ["at_place", "leaves_of", "promised_body", "requirements_at", "steps_of"]

_STEP = re.compile(r"\.([^.\[\]]+)|\['([^']*)'\]|\[(\d+|\*)\]")


def promised_body(
    operation: Operation, status: int | str | None, *, recommended: bool = False
) -> Mapping[str, Any]:
    """Give the schema of an answer; with status None, of the request. Empty: nothing promised."""
    document = _document(operation, recommended)
    node = document["paths"][operation.path][operation.method.lower()]
    holder = node.get("requestBody") if status is None else _answer(node["responses"], status)
    content: Mapping[str, Any] = resolved(document, holder or {}).get("content", {})
    media: Mapping[str, Any] = next(iter(content.values()), {})
    return resolved(document, media.get("schema", {}))


def at_place(
    operation: Operation,
    schema: Mapping[str, Any],
    steps: Sequence[str],
    *,
    recommended: bool = False,
) -> Mapping[str, Any] | None:
    """Give the schema at a place; None where the contract does not speak of it."""
    document = _document(operation, recommended)
    node = schema
    for step in steps:
        inner = node.get("items") if step.isdigit() or step == "*" else None
        inner = inner if inner is not None else node.get("properties", {}).get(step)
        if inner is None:
            return None
        node = resolved(document, inner)
    return node


def requirements_at(operation: Operation, status: int | str | None, place: str) -> tuple[str, ...]:
    """Name the requirements that speak of a place of a body, the innermost that any speak of."""
    schema = promised_body(operation, status)
    steps = steps_of(place)
    for length in range(len(steps), -1, -1):
        node = at_place(operation, schema, steps[:length])
        found = () if node is None else tuple(node.get("x-requirements", ()))
        if found:
            return found
    return operation.requirements


def steps_of(place: str) -> tuple[str, ...]:
    """Take `$.a['b'][0]` apart."""
    return tuple(next(filter(None, found)) for found in _STEP.findall(place))


def leaves_of(value: Any, steps: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give each place of a body that holds no further one, and what it holds."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves_of(inner, (*steps, name))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves_of(inner, (*steps, str(index)))
    else:
        yield steps, value


def resolved(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a local reference."""
    while "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def _answer(responses: Mapping[str, Any], status: int | str) -> Mapping[str, Any] | None:
    if isinstance(status, str):
        first = "2" if status == "success" else "4"
        return next((responses[key] for key in sorted(responses) if key.startswith(first)), None)
    for key in (str(status), f"{status // 100}XX"):
        if key in responses:
            found: Mapping[str, Any] = responses[key]
            return found
    return None


def _document(operation: Operation, recommended: bool) -> Mapping[str, Any]:
    for name in ("udc", "registry", "orchestrator"):
        if operation.id in surface(name).operations:
            return surface(name, recommended=recommended).document
    raise LookupError(operation.id)
