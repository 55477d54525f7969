"""The wire shape of one surface: its operations, and what each takes and gives."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import unquote

from udckit.specs._compiled import load
from udckit.specs._errors import UnknownMemberError, UnknownOperationError, UnknownSurfaceError
from udckit.specs._problem import Judge, Problem, member, resolve
from udckit.specs._words import quote

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_JSON = "application/json"
Part = Literal["request", "response"]


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of a surface, judged through validators that are compiled on first use."""

    id: str
    method: str
    """Upper case."""
    path: str
    """The template, such as `/services/by-name/{name}`."""
    needs_token: bool
    """No anonymous answer but 401 is right; False also where a token is optional."""
    success: frozenset[int]
    """The 2xx that the contract accepts."""
    statuses: frozenset[int]
    """Every status that the document names."""
    requirements: tuple[str, ...]
    _node: Mapping[str, Any] = field(repr=False)
    _document: Mapping[str, Any] = field(repr=False)
    _judges: dict[object, Judge] = field(default_factory=dict, repr=False)

    def request_problems(self, value: Any) -> list[Problem]:
        """Judge a request body; an operation that takes none finds nothing."""
        return self._judge("request", self._request_schema(), value)

    def response_problems(self, status: int, value: Any) -> list[Problem]:
        """Judge a response body, and that the status is one the contract knows here."""
        response = self._response(status)
        if response is None:
            known = ", ".join(sorted(str(one) for one in self._node["responses"]))
            return [Problem("", f"status {known}", f"status {status}")]
        return self._judge(status, _schema(response), value)

    def member_problems(
        self, name: str, value: Any, *, part: Part = "response", status: int = 200
    ) -> list[Problem]:
        """Judge one member of a body by its own schema; a required one that is missing is one.

        `value` is the whole body. Raises UnknownMemberError where the schema does not speak of
        `name`: that is a mistake of the caller, never of the body.
        """
        schema = self._body_schema(part, status)
        wanted = member(self._document, schema, name)
        if wanted is None:
            raise UnknownMemberError(name, resolve(self._document, schema).get("properties", {}))
        if not isinstance(value, Mapping):
            return [Problem("", "a JSON object", quote(value))]
        if name in value:
            found = self._judge((part, status, name), wanted, value[name])
            return [Problem(_under(name, one.at), one.expected, one.observed) for one in found]
        whole = self._judge((part, status), schema, value)
        return [one for one in whole if one.at == name]

    @property
    def request_example(self) -> Any:
        """A fresh copy of the first example of the request body, None where there is none."""
        return self._example(self._node.get("requestBody", {}))

    def response_example(self, status: int) -> Any:
        """Give a fresh copy of the first example of the response with this status."""
        return self._example(self._response(status) or {})

    def _body_schema(self, part: Part, status: int) -> Mapping[str, Any]:
        schema = (
            self._request_schema() if part == "request" else _schema(self._response(status) or {})
        )
        return schema or {}

    def _request_schema(self) -> Mapping[str, Any] | None:
        return _schema(resolve(self._document, self._node.get("requestBody", {})))

    def _response(self, status: int) -> Mapping[str, Any] | None:
        responses = self._node["responses"]
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in responses:
                return resolve(self._document, responses[key])
        return None

    def _example(self, body: Mapping[str, Any]) -> Any:
        for example in _media(resolve(self._document, body)).get("examples", {}).values():
            return copy.deepcopy(resolve(self._document, example)["value"])
        return None

    def _judge(self, key: object, schema: Mapping[str, Any] | None, value: Any) -> list[Problem]:
        if schema is None:
            return []
        if key not in self._judges:
            self._judges[key] = Judge(schema, self._document)
        return self._judges[key].problems(value)


@dataclass(frozen=True, slots=True)
class Match:
    """The operation that a request line meets, and its path parameters, decoded."""

    operation: Operation
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """One OpenAPI document, ready to ask."""

    name: str
    document: Mapping[str, Any] = field(repr=False)
    operations: Mapping[str, Operation] = field(repr=False)
    _judges: dict[str, Judge] = field(default_factory=dict, repr=False)

    def operation(self, id: str) -> Operation:  # noqa: A002 - the document's own word
        """Give one operation; raises UnknownOperationError with near misses."""
        try:
            return self.operations[id]
        except KeyError:
            raise UnknownOperationError(id, self.operations) from None

    def match(self, method: str, path: str) -> Match | None:
        """Find the operation of a request line; `path` is undecoded and without its query."""
        for operation in self.operations.values():
            if operation.method == method.upper():
                params = _params(operation.path, path)
                if params is not None:
                    return Match(operation, params)
        return None

    def methods(self, path: str) -> frozenset[str]:
        """Give the methods that the contract knows at a path: empty where it knows no such path."""
        return frozenset(
            operation.method
            for operation in self.operations.values()
            if _params(operation.path, path) is not None
        )

    def component_problems(self, component: str, value: Any) -> list[Problem]:
        """Judge a value by a named schema of the document, such as `Error` or `TokenClaims`."""
        schemas = self.document["components"]["schemas"]
        if component not in schemas:
            raise UnknownMemberError(component, schemas)
        if component not in self._judges:
            self._judges[component] = Judge(schemas[component], self.document)
        return self._judges[component].problems(value)


@cache
def surface(name: str, *, recommended: bool = False) -> Surface:
    """Give a surface by the name of its document: `udc`, `registry` or `orchestrator`.

    By default it binds as the contract's MUSTs do. With `recommended` every `x-should` of the
    document binds too: the form to send, and the one that SHOULD rows are judged by.
    """
    if name not in load("surfaces"):
        raise UnknownSurfaceError(name, load("surfaces"))
    document = load(name)
    if recommended:
        document = _with_advice(document)
    operations = [
        _operation(method, path, item[method], document)
        for path, item in document["paths"].items()
        for method in _METHODS
        if method in item
    ]
    by_literal_segments = sorted(operations, key=lambda one: one.path.count("{"))
    return Surface(
        name=name,
        document=document,
        operations=MappingProxyType({one.id: one for one in by_literal_segments}),
    )


def _operation(
    method: str, path: str, node: Mapping[str, Any], document: Mapping[str, Any]
) -> Operation:
    security = node.get("security", document.get("security", []))
    keys = node["responses"]
    exact = frozenset(int(key) for key in keys if key.isdigit())
    success = frozenset(range(200, 300)) if "2XX" in keys else {one for one in exact if one < 300}  # noqa: PLR2004 - the 2xx
    return Operation(
        id=node["operationId"],
        method=method.upper(),
        path=path,
        needs_token=bool(security) and {} not in security,
        success=frozenset(success),
        statuses=exact,
        requirements=tuple(node.get("x-requirements", ())),
        _node=node,
        _document=document,
    )


def _params(template: str, path: str) -> Mapping[str, str] | None:
    if "{" not in template:
        return {} if template == path else None
    wanted, given = template.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    params = {}
    for part, value in zip(wanted, given, strict=True):
        if part.startswith("{"):
            if not value:
                return None
            params[part[1:-1]] = unquote(value)
        elif part != value:
            return None
    return params


def _with_advice(node: Any) -> Any:
    if isinstance(node, list):
        return [_with_advice(item) for item in node]
    if not isinstance(node, dict):
        return node
    merged = {**node, **node["x-should"]} if "x-should" in node else node
    return {key: _with_advice(value) for key, value in merged.items() if key != "x-should"}


def _media(body: Mapping[str, Any]) -> Mapping[str, Any]:
    content: Mapping[str, Any] = body.get("content", {})
    found: Mapping[str, Any] = content.get(_JSON) or next(iter(content.values()), {})
    return found


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    schema: Mapping[str, Any] | None = _media(body).get("schema")
    return schema


def _under(name: str, at: str) -> str:
    return f"{name}.{at}" if at else name
