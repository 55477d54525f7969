"""Exact paths and nothing else: no redirect, no trailing slash, no other spelling."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from inspect import iscoroutinefunction
from typing import Any
from urllib.parse import unquote

from udckit.fakes._http import Refusal
from udckit.specs import Operation, Surface, surface

__all__ = ["Route", "Router", "route", "routes_of", "routes_on"]

Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One method on one path, and who answers it."""

    method: str
    path: str
    handler: Handler
    needs_token: bool
    description: str
    operation: Operation | None = None
    """What judges the request: the contract's MUSTs."""
    advice: Operation | None = None
    """What judges the answer: its SHOULDs too."""
    takes_body: bool = False
    awaits: bool = False


def routes_of(name: str, handlers: Mapping[str, Handler]) -> list[Route]:
    """The routes of one of the contract's surfaces: `handlers` by operationId."""
    should = surface(name, recommended=True)
    return [
        replace(one, advice=should.operations[id_])
        for id_, one in zip(handlers, routes_on(surface(name), handlers), strict=True)
    ]


def routes_on(must: Surface, handlers: Mapping[str, Handler]) -> list[Route]:
    """The routes of a surface, from its document: `handlers` by operationId."""
    return [
        route(
            (operation := must.operations[id_]).method,
            operation.path,
            handler,
            needs_token=operation.needs_token,
            description=_summary(must.document, operation),
            operation=operation,
        )
        for id_, handler in handlers.items()
    ]


def route(method: str, path: str, handler: Handler, **facts: Any) -> Route:
    """A route; whether it takes a body and whether it is awaited follow from what is given."""
    takes_body, awaits = method == "POST", iscoroutinefunction(handler)
    return Route(method, path, handler, takes_body=takes_body, awaits=awaits, **facts)


class Router:
    """Finds the route of a request line, or says why there is none."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._exact: dict[str, dict[str, Route]] = {}
        self._templates: dict[str, list[tuple[str, str, dict[str, Route]]]] = {}
        for one in self.routes:
            self._add(one)

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """The route and its path parameters, decoded. Raises Refusal: 404 or 405."""
        found = self._exact.get(path)
        params: Mapping[str, str] = {}
        if found is None:
            found, params = self._match(path)
        chosen = found.get(method) or (found.get("GET") if method == "HEAD" else None)
        if chosen is None:
            allowed = ", ".join(sorted(found))
            raise Refusal(
                405,
                "METHOD_NOT_ALLOWED",
                f"This path takes {allowed}.",
                headers=((b"allow", allowed.encode()),),
            )
        return chosen, params

    def _add(self, one: Route) -> None:
        head, brace, rest = one.path.partition("{")
        if not brace:
            self._exact.setdefault(one.path, {})[one.method] = one
            return
        name = rest.partition("}")[0]
        shapes = self._templates.setdefault(head, [])
        for _, known, methods in shapes:
            if known == name:
                methods[one.method] = one
                return
        shapes.append((head, name, {one.method: one}))

    def _match(self, path: str) -> tuple[dict[str, Route], Mapping[str, str]]:
        head, _, last = path.rpartition("/")
        for _, name, methods in self._templates.get(f"{head}/", ()):
            if last:
                return methods, {name: _decoded(last)}
        raise Refusal(404, "NOT_FOUND", "There is nothing at this path.")


def _decoded(segment: str) -> str:
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise Refusal(404, "NOT_FOUND", "There is nothing at this path.") from None


def _summary(document: Mapping[str, Any], operation: Operation) -> str:
    summary: str = document["paths"][operation.path][operation.method.lower()]["summary"]
    return summary
