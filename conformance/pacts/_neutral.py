"""Values turned to matchers by the documents: what was seen is a shape, never somebody's data.

Nothing of what a droplet sent stands in its recorded pact but names of members, words that the
contract lists, and booleans; every other value is an example of the documents'. So no secret can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from udckit.conformance.pacts._promises import at_place, promised_body
from udckit.conformance.pacts._terms import TOKEN, from_state, integer, like, matching, worded
from udckit.specs import Operation

__all__ = ["asked_terms", "sent_terms"]

_TEXT: Final = "text"
_DEEPEST: Final = 8
_FROM_STATE: Final[Mapping[tuple[str, str], str]] = {
    ("registerService", "name"): "${name}",
    ("registerService", "droplet_id"): "${droplet_id}",
    ("postHeartbeat", "service_id"): "${service_id}",
    ("postHeartbeat", "service_name"): "${name}",
}
"""Members whose values a provider state knows."""


def sent_terms(operation: Operation, body: Any, name: str) -> Any:
    """Turn a request body to terms; `name` is the consumer's own."""
    schema = promised_body(operation, None, recommended=True)
    return _sent(operation, schema, body, (), name)


def asked_terms(operation: Operation, status: int, answer: Any) -> Any:
    """Give what the contract promises of an answer and the answer had; None where that is nothing.

    What of it the droplet reads cannot be seen, so it is taken to read what is promised.
    """
    schema = promised_body(operation, status)
    example = operation.response_example(status)
    if not isinstance(answer, Mapping) or not isinstance(example, Mapping):
        return None
    names = [each for each in schema.get("required", ()) if each in answer]
    terms = {each: _asked(operation, schema, each, example.get(each)) for each in names}
    return terms or None


def _sent(
    operation: Operation,
    schema: Mapping[str, Any],
    value: Any,
    steps: Sequence[str],
    name: str,
) -> Any:
    if isinstance(value, Mapping) and len(steps) < _DEEPEST:
        return {
            key: _sent(operation, schema, inner, (*steps, key), name)
            for key, inner in sorted(value.items())
        }
    node = at_place(operation, schema, steps, recommended=True) or {}
    term = _term(node, value, name if steps[-1:] in {("name",), ("service_name",)} else _TEXT)
    placeholder = _FROM_STATE.get((operation.id, ".".join(steps)))
    if placeholder is None or not isinstance(term, dict):
        return term
    return from_state(term, placeholder)


def _term(node: Mapping[str, Any], value: Any, text: str) -> Any:
    example = next(iter(node.get("examples", ())), None)
    match value:
        case bool() | None:
            return value
        case int() if isinstance(example, int):
            return integer(example)
        case int() | float():
            return like(1)
        case str():
            if value in node.get("enum", ()):
                return value
            given = example if isinstance(example, str) and text == _TEXT else text
            return matching("^.+$", given) if value else like("")
    held = value if isinstance(value, list) else ()
    return like(example if isinstance(example, list) else [_like(held)] if held else {})


def _like(items: Sequence[Any]) -> Any:
    """Give a neutral item of the kind that a list holds."""
    match items[0]:
        case bool():
            return True
        case int() | float():
            return 1
        case Mapping():
            return {}
    return _TEXT


def _asked(operation: Operation, schema: Mapping[str, Any], name: str, example: Any) -> Any:
    node = at_place(operation, schema, (name,)) or {}
    if node.get("contentMediaType") == "application/jwt":
        return like(TOKEN)
    if words := node.get("enum"):
        return worded(f"^({'|'.join(map(re.escape, words))})$", words[0])
    pattern = node.get("pattern")
    if isinstance(example, str) and pattern and re.fullmatch(pattern, example):
        return worded(pattern, example)
    return integer(example) if isinstance(example, int) else like(example)
