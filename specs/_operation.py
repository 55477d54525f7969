"""One operation of a surface: what it takes and what it gives."""

import copy
from collections.abc import Mapping
from typing import Any, Literal

from udckit.specs._errors import UnknownMemberError
from udckit.specs._problem import Judge, Problem, member, resolve
from udckit.specs._words import quote

_JSON = "application/json"
_REDIRECTS = 300

Part = Literal["request", "response"]


class Operation:
    """One operation, judged through validators that are compiled when they are first asked."""

    __slots__ = (
        "_document",
        "_judges",
        "_node",
        "id",
        "method",
        "needs_token",
        "path",
        "requirements",
        "statuses",
        "success",
    )

    def __init__(
        self, method: str, path: str, node: Mapping[str, Any], document: Mapping[str, Any]
    ) -> None:
        security = node.get("security", document.get("security", []))
        responses = node["responses"]
        self._node = node
        self._document = document
        self._judges: dict[object, Judge] = {}
        self.id: str = node["operationId"]
        self.method = method.upper()
        self.path = path
        """The template, such as `/services/by-name/{name}`."""
        self.needs_token = bool(security) and {} not in security
        """Without a token it is refused; False also where one is optional (CONF-01, CONF-12)."""
        self.statuses = frozenset(int(key) for key in responses if key.isdigit())
        """Every status that the document names."""
        self.success = (
            frozenset(range(200, _REDIRECTS))
            if "2XX" in responses
            else frozenset(status for status in self.statuses if status < _REDIRECTS)
        )
        """The 2xx that the contract accepts."""
        self.requirements: tuple[str, ...] = tuple(node.get("x-requirements", ()))
        """The rows of the catalogue that speak of the operation as a whole."""

    def __repr__(self) -> str:
        return f"<Operation {self.id}: {self.method} {self.path}>"

    def request_problems(self, value: Any) -> list[Problem]:
        """Judge a request body; an operation that takes none finds nothing."""
        return self._judge("request", self._body("request"), value)

    def response_problems(self, status: int, value: Any) -> list[Problem]:
        """Judge a response body, and whether the contract knows the status here.

        `value` is the parsed body, or its text where the operation answers text. An error whose
        body is empty or no JSON is not for here: nothing but its status binds.
        """
        if self._response(status) is None:
            return [Problem("", f"status {self._accepted()}", f"status {status}")]
        return self._judge(status, self._body("response", status), value)

    def member_problems(
        self, name: str, value: Any, *, part: Part = "response", status: int = 200
    ) -> list[Problem]:
        """Judge one member of the body `value` by its own schema; a required one must be there.

        Raises UnknownMemberError where the schema does not speak of `name`: that is a mistake of
        the caller, never of the body.
        """
        whole = self._body(part, status) or {}
        own = member(self._document, whole, name)
        if own is None:
            raise UnknownMemberError(name, resolve(self._document, whole).get("properties", {}))
        if not isinstance(value, Mapping):
            return [Problem("", "a JSON object", quote(value))]
        if name not in value:
            return [one for one in self._judge((part, status), whole, value) if one.at == name]
        found = self._judge((part, status, name), own, value[name])
        return [one.under(name) for one in found]

    @property
    def request_schema(self) -> Mapping[str, Any]:
        """The schema of the request's body, without references at its top; empty where none is."""
        return resolve(self._document, self._body("request") or {})

    @property
    def request_examples(self) -> tuple[Any, ...]:
        """Fresh copies of every example of the request."""
        examples = _media(self._node.get("requestBody", {})).get("examples", {}).values()
        return tuple(copy.deepcopy(resolve(self._document, each)["value"]) for each in examples)

    @property
    def request_example(self) -> Any:
        """A fresh copy of the first example of the request, None where it has no body."""
        return self._example(self._node.get("requestBody", {}))

    def response_example(self, status: int) -> Any:
        """Give a fresh copy of the first example of the response with this status."""
        return self._example(self._response(status) or {})

    def _accepted(self) -> str:
        good = sorted(key for key in self._node["responses"] if key.startswith("2"))
        return " or ".join(good)

    def _response(self, status: int) -> Mapping[str, Any] | None:
        responses = self._node["responses"]
        for key in (str(status), f"{status // 100}XX"):
            if key in responses:
                return resolve(self._document, responses[key])
        return None

    def _body(self, part: Part, status: int = 200) -> Mapping[str, Any] | None:
        holder = self._node.get("requestBody") if part == "request" else self._response(status)
        schema: Mapping[str, Any] | None = _media(resolve(self._document, holder or {})).get(
            "schema"
        )
        return schema

    def _judge(self, key: object, schema: Mapping[str, Any] | None, value: Any) -> list[Problem]:
        if schema is None:
            return []
        judge = self._judges.get(key)
        if judge is None:
            judge = self._judges[key] = Judge(schema, self._document)
        return judge.problems(value)

    def _example(self, holder: Mapping[str, Any]) -> Any:
        for example in _media(resolve(self._document, holder)).get("examples", {}).values():
            return copy.deepcopy(resolve(self._document, example)["value"])
        return None


def _media(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    content: Mapping[str, Any] = holder.get("content", {})
    media: Mapping[str, Any] = content.get(_JSON) or next(iter(content.values()), {})
    return media
