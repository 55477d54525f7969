"""Judges one JSON value by one schema, in words a person can act on."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from udckit.specs._words import quote, says

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, ValidationError

_DEEPEST = 64
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One place where a value is not what the contract says."""

    at: str
    """Dotted path to the place, such as `integration_endpoints.2.method`; empty for the whole."""
    expected: str
    observed: str

    def __str__(self) -> str:
        where = f"{self.at}: " if self.at else ""
        return f"{where}expected {self.expected}, observed {self.observed}"

    def under(self, name: str) -> "Problem":
        """Give the same problem as seen from one level further out."""
        return Problem(f"{name}.{self.at}" if self.at else name, self.expected, self.observed)


class Judge:
    """A schema of a document, compiled when it is first asked."""

    __slots__ = ("_root", "_validator")

    def __init__(self, schema: Mapping[str, Any], document: Mapping[str, Any]) -> None:
        self._root = {**schema, "components": document.get("components", {})}
        self._validator: Draft202012Validator | None = None

    def problems(self, value: Any) -> list[Problem]:
        """List what is wrong with `value` in the order of the places, one problem for each."""
        found: dict[str, Problem] = {}
        for error in self._errors(value):
            problem = self._problem(error, value)
            found.setdefault(problem.at, problem)
        return [found[at] for at in sorted(found)]

    def _errors(self, value: Any) -> Iterable["ValidationError"]:
        if self._validator is None:
            from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - 20 ms, only on use

            self._validator = Draft202012Validator(self._root, validate_formats=True)
        try:
            return list(self._validator.iter_errors(value))
        except ValueError:
            return list(self._validator.iter_errors(_tamed(value)))

    def _problem(self, error: "ValidationError", value: Any) -> Problem:
        place = error.instance_path
        if error.kind.name == "required":
            missing = str(error.kind.value)
            node = member(self._root, self._node(error.schema_path[:-1]), missing) or {}
            return Problem(_dotted([*place, missing]), says(node), "no such member")
        node = self._node(error.schema_path[:-1])
        return Problem(_dotted(place), says(node), quote(_found(value, place)))

    def _node(self, path: Sequence[str | int]) -> Mapping[str, Any]:
        node: Any = self._root
        for step in path:
            node = node[step]
        return resolve(self._root, node)


def resolve(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a local `$ref`, if the node is one, to what it stands for."""
    while "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def member(
    document: Mapping[str, Any], node: Mapping[str, Any], name: str
) -> Mapping[str, Any] | None:
    """Give the schema of one member of an object, None where the schema does not speak of it."""
    properties = resolve(document, node).get("properties", {})
    return resolve(document, properties[name]) if name in properties else None


def _found(value: Any, place: Iterable[str | int]) -> Any:
    """Give what stands at a place of the value itself, where the validator saw only a likeness.

    It sees null for NaN and for the infinities, and a member named by digits as a number.
    """
    for step in place:
        value = value[str(step)] if isinstance(value, Mapping) else value[step]
    return value


def _dotted(path: Iterable[str | int]) -> str:
    return ".".join(str(step) for step in path)


def _tamed(value: Any, depth: int = 0) -> Any:
    """Copy a value without what the validator cannot take, and no schema looks at.

    That is lone surrogates, which JSON may carry, and depth beyond what it follows.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_tamed(item, depth + 1) for item in value if depth < _DEEPEST]
    if isinstance(value, dict):
        return {
            name: _tamed(item, depth + 1)
            for name, item in value.items()
            if depth < _DEEPEST and not _SURROGATE.search(name)
        }
    return value
