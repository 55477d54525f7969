"""What a request is by the contract: right, wrong, or open; read from the documents.

`right` must be accepted, `wrong` must be refused, and what is `open` may be either: there only a
server error is a breach. Between the first two lies everything that a legal service in another
language may coerce, limit or leave alone (CONF-45, CONF-46), and all of it is open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from udckit.conformance.generated.bodies import Body
from udckit.conformance.observation import MISSING, quote
from udckit.specs import Operation

__all__ = ["Kind", "fault_in", "is_plain", "kind_of"]

Kind = Literal["right", "wrong", "open"]

_BOUNDED: Final = frozenset({"port"})
"""Members whose bounds the contract itself says are to be refused outside."""

_JUDGED: Final = frozenset({"metrics", "priority"})
"""Optional members that the catalogue says are refused where they are mistyped."""

_WORDS: Final = re.compile(r"(?!(?i:nan|inf|infinity|true|false|null|none)$)[A-Za-z][A-Za-z_ -]*")
_KEY: Final = re.compile(r"[a-z][a-z_]{0,40}")
_TEXT: Final = re.compile(r"[A-Za-z0-9 =.,_-]{1,100}")
_SHALLOW: Final = 3
_FEW: Final = 20


def fault_in(operation: Operation, body: Body) -> str:
    """Name what makes a body wrong, in the words of a message."""
    if not body.is_json or not isinstance(body.value, Mapping):
        return "a body that is no JSON object"
    schema = operation.request_schema
    for name, node in schema["properties"].items():
        if _member(name, node, body, schema) == "wrong":
            return f"`{name}` {quote(body.members.get(name, MISSING))}"
    return "a body that is right"


def kind_of(operation: Operation, body: Body) -> Kind:
    """Say what a body is to an operation, by the types and bounds of its document.

    `right` here means only that nothing in the types speaks against it.
    """
    if body.odd is not None:
        return "open"
    if not body.is_json or not isinstance(body.value, Mapping):
        is_nothing_like_it = not body.is_json or isinstance(body.value, list | str | int | float)
        return "wrong" if is_nothing_like_it or body.value is None else "open"
    schema = operation.request_schema
    kinds = [_member(name, node, body, schema) for name, node in schema["properties"].items()]
    if "wrong" in kinds:
        return "wrong"
    return "open" if "open" in kinds or not _knows_all_of(operation, body) else "right"


def _knows_all_of(operation: Operation, body: Body) -> bool:
    """Say whether every member is one of the document's."""
    return set(body.members) <= set(operation.request_schema["properties"])


def _member(name: str, node: Mapping[str, Any], body: Body, schema: Mapping[str, Any]) -> Kind:
    required = name in schema["required"]
    if body.members.get(name) is None:
        absent: Kind = "right" if name not in body.members else "open"
        return "wrong" if required else absent
    value = body.members[name]
    if any(value is each for each in node.get("examples", ()) if isinstance(each, bool)):
        return "right"
    kind = _typed(node, value)
    if kind == "wrong" and not required and name not in _JUDGED:
        return "open"
    if kind == "right" and isinstance(value, int) and not isinstance(value, bool):
        inside = node.get("minimum", value) <= value <= node.get("maximum", value)
        if not inside:
            return "wrong" if name in _BOUNDED else "open"
    return kind


def _typed(node: Mapping[str, Any], value: Any) -> Kind:
    """Say how a value stands to a type; what a scalar coercion may save is open."""
    listed = node.get("type", "any")
    wanted = set(listed if isinstance(listed, list) else [listed]) - {"null"}
    if "any" in wanted or len(wanted) > 1:
        return "open"
    (one,) = wanted
    if one == "object":
        return _object(node, value)
    if one == "array":
        return _array(node, value)
    return "wrong" if isinstance(value, Mapping | list) else _scalar(one, value)


def _object(node: Mapping[str, Any], value: Any) -> Kind:
    if not isinstance(value, Mapping):
        return "open" if value in ("", []) else "wrong"
    inner = node.get("additionalProperties")
    kinds = {_typed(inner, each) for each in value.values()} if isinstance(inner, Mapping) else ()
    return "right" if set(kinds) <= {"right"} else "open"


def _array(node: Mapping[str, Any], value: Any) -> Kind:
    if not isinstance(value, list):
        return "wrong"
    kinds = {_typed(node.get("items", {}), each) for each in value}
    return "wrong" if "wrong" in kinds else "open" if "open" in kinds else "right"


def _scalar(wanted: str, value: Any) -> Kind:
    if wanted == "string":
        return "right" if isinstance(value, str) else "open"
    if isinstance(value, str):
        return "wrong" if _WORDS.fullmatch(value) else "open"
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    is_number = wanted == "number" and isinstance(value, float)
    return "right" if is_whole or is_number else "open"


def is_plain(value: Any, depth: int = 0) -> bool:
    """Say whether a free value is so ordinary that nobody has a reason to refuse it."""
    if isinstance(value, Mapping | list):
        inner = list(value.values()) if isinstance(value, Mapping) else value
        keys = value if isinstance(value, Mapping) else ()
        named = all(_KEY.fullmatch(each) for each in keys)
        small = depth < _SHALLOW and len(inner) < _FEW
        return named and small and all(is_plain(each, depth + 1) for each in inner)
    if isinstance(value, str):
        return _TEXT.fullmatch(value) is not None
    return value is not None and not isinstance(value, float)
