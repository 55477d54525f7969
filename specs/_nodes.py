"""Walks an OpenAPI document: its schemas, its operations, its recommended form."""

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_ONE = ("items", "additionalProperties", "not", "if", "then", "else", "x-should")
_MANY = ("anyOf", "oneOf", "allOf")
_NAMED = ("properties", "patternProperties", "$defs")


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Give each operation: where it stands, its path, its node."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield f"/paths{path}/{method}", path, item[method]


def schemas(document: Document) -> Iterator[tuple[str, Document]]:
    """Give each schema, the ones inside others too, with where it stands."""
    for name, schema in document["components"].get("schemas", {}).items():
        yield from _inside(f"/components/schemas/{name}", schema)
    for at, node in objects({key: document[key] for key in ("paths", "components")}):
        if isinstance(node.get("schema"), Mapping) and "/schemas/" not in at:
            yield from _inside(f"{at}/schema", node["schema"])


def objects(node: Any, at: str = "") -> Iterator[tuple[str, Document]]:
    """Give every object of a JSON document with its path."""
    if isinstance(node, Mapping):
        yield at, node
        for key, inner in node.items():
            yield from objects(inner, f"{at}/{key}")
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from objects(inner, f"{at}/{index}")


def advised(node: Any) -> Any:
    """Give the recommended form of a document or a schema: what it SHOULD be binds too."""
    if isinstance(node, list):
        return [advised(item) for item in node]
    if not isinstance(node, dict):
        return node
    merged = {**node, **node.get("x-should", {})}
    return {key: advised(value) for key, value in merged.items() if key != "x-should"}


def _inside(at: str, schema: Any) -> Iterator[tuple[str, Document]]:
    if not isinstance(schema, Mapping):
        return
    yield at, schema
    for key in _ONE:
        yield from _inside(f"{at}/{key}", schema.get(key))
    for key in _MANY:
        for index, inner in enumerate(schema.get(key, ())):
            yield from _inside(f"{at}/{key}/{index}", inner)
    for key in _NAMED:
        for name, inner in schema.get(key, {}).items():
            yield from _inside(f"{at}/{key}/{name}", inner)
