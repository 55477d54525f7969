"""Human words for what a schema node asks, and for what came instead."""

import json
from collections.abc import Mapping
from typing import Any

_LONGEST_QUOTE = 60
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)
_NOUNS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a JSON object",
    "null": "null",
}
_PLURALS = {
    "string": "strings",
    "integer": "integers",
    "number": "numbers",
    "boolean": "booleans",
    "array": "lists",
    "object": "objects",
}


def says(node: Mapping[str, Any]) -> str:
    """Say what a resolved schema node asks for: its own `x-says`, else words from its keywords."""
    if "x-says" in node:
        return str(node["x-says"])
    if "const" in node:
        return json.dumps(node["const"])
    if "enum" in node:
        words = [str(word) for word in node["enum"] if word is not None]
        return words[0] if len(words) == 1 else f"one of {', '.join(words)}"
    types = node.get("type", [])
    names = [types] if isinstance(types, str) else list(types)
    told = " or ".join(_noun(name, node) for name in names if name != "null" or len(names) == 1)
    return f"{told or 'a JSON value'}{_bounds(node)}"


def quote(value: Any) -> str:
    """Quote a value as JSON, cut short; of a huge one no more is written than is shown."""
    text = ""
    for piece in _ENCODER.iterencode(value):
        text += piece[: _LONGEST_QUOTE + 1]
        if len(text) > _LONGEST_QUOTE:
            text = f"{text[: _LONGEST_QUOTE - 1]}…"
            break
    return text.encode("utf-8", "backslashreplace").decode()


def _noun(name: str, node: Mapping[str, Any]) -> str:
    if name == "string" and node.get("minLength"):
        return "a non-empty string"
    if name == "array" and isinstance(items := node.get("items"), Mapping):
        kind = items.get("type", "object" if "$ref" in items else None)
        return f"a list of {_PLURALS[kind]}" if kind in _PLURALS else "a list"
    return _NOUNS[name]


def _bounds(node: Mapping[str, Any]) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of at least {low}"
    if high is not None:
        return f" of at most {high}"
    return ""
