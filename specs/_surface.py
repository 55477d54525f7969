"""One surface: the OpenAPI document of a role, ready to ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from udckit.specs._compiled import load
from udckit.specs._errors import UnknownMemberError, UnknownOperationError, UnknownSurfaceError
from udckit.specs._nodes import advised, operations
from udckit.specs._operation import Operation
from udckit.specs._problem import Judge, Problem


@dataclass(frozen=True, slots=True)
class Match:
    """The operation that a request line meets, and its path parameters, decoded."""

    operation: Operation
    params: Mapping[str, str]


class Surface:
    """What one role serves: `udc`, `registry` or `orchestrator`."""

    __slots__ = ("_judges", "document", "name", "operations")

    def __init__(self, name: str, document: Mapping[str, Any]) -> None:
        found = (
            Operation(at.rpartition("/")[2], path, node, document)
            for at, path, node in operations(document)
        )
        self.name = name
        self.document = document
        """The OpenAPI document; shared, so copy it before you change it."""
        self.operations: Mapping[str, Operation] = MappingProxyType(
            {one.id: one for one in sorted(found, key=lambda one: one.path.count("{"))}
        )
        """By operationId; those whose path has no placeholder come first."""
        self._judges: dict[str, Judge] = {}

    def __repr__(self) -> str:
        return f"<Surface {self.name}: {', '.join(self.operations)}>"

    def operation(self, id: str) -> Operation:  # noqa: A002 - the document's own word
        """Give one operation; raises UnknownOperationError with near misses."""
        try:
            return self.operations[id]
        except KeyError:
            raise UnknownOperationError(id, self.operations) from None

    def match(self, method: str, path: str) -> Match | None:
        """Find the operation of a request line; `path` comes undecoded and without its query."""
        wanted = method.upper()
        for operation in self.operations.values():
            if operation.method == wanted:
                params = _params(operation.path, path)
                if params is not None:
                    return Match(operation, params)
        return None

    def methods(self, path: str) -> frozenset[str]:
        """Give the methods that the contract knows at a path: none where it knows no such path."""
        return frozenset(
            operation.method
            for operation in self.operations.values()
            if _params(operation.path, path) is not None
        )

    def component_problems(self, component: str, value: Any) -> list[Problem]:
        """Judge a value by a named schema of the document, such as `Error` or `TokenClaims`."""
        judge = self._judges.get(component)
        if judge is None:
            schemas = self.document["components"]["schemas"]
            if component not in schemas:
                raise UnknownMemberError(component, schemas)
            judge = self._judges[component] = Judge(schemas[component], self.document)
        return judge.problems(value)


def surface(name: str, *, recommended: bool = False) -> Surface:
    """Give a surface by the name of its document; raises UnknownSurfaceError with near misses.

    It binds as the contract's MUSTs do. With `recommended` every `x-should` of the document binds
    too: that is the form to send, the one to generate from, and what SHOULD rows are judged by.
    """
    return _surface(name, recommended)


@cache
def _surface(name: str, recommended: bool) -> Surface:
    known = load("surfaces")
    if name not in known:
        raise UnknownSurfaceError(name, known)
    document = load(name)
    return Surface(name, advised(document) if recommended else document)


def _params(template: str, path: str) -> Mapping[str, str] | None:
    if "{" not in template:
        return {} if template == path else None
    parts, given = template.split("/"), path.split("/")
    if len(parts) != len(given):
        return None
    params = {}
    for part, value in zip(parts, given, strict=True):
        if part.startswith("{") and value:
            params[part[1:-1]] = unquote(value)
        elif part != value:
            return None
    return params
