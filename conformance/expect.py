"""Expectations: they judge what was seen, count the subjects, and word the violation."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection
from typing import Any, Final, Self

from udckit.conformance.errors import NotObserved, Violation
from udckit.conformance.observation import MISSING, Observation, quote
from udckit.specs import Operation, Problem, surface

__all__ = ["Expectation", "expect", "operation_of"]

_SURFACES: Final = ("udc", "registry", "orchestrator")
_OF_ENVELOPES: Final = frozenset({"status", "timestamp"})
"""Members that an envelope has as well as the body that it holds."""
_WRAPPERS: Final = frozenset({"data", "payload"})
_ENOUGH_OF_A_BODY: Final = 2
_SHOWN_BODY: Final = 160
_SERVER_ERROR: Final = 500
_RATE_LIMITED: Final = 429
_UNHEALTHY: Final = 503
_UNAUTHORIZED: Final = 401
_FEW: Final = 5
_NOT_LET_IN: Final = frozenset({401, 403})


def expect(seen: Observation) -> Expectation:
    """Begin a sentence about one observation: `expect(seen).status(404)`."""
    return Expectation(seen)


class Expectation:
    """What one exchange should be. Each claim holds, or raises the outcome of the check.

    Raises:
        Violation: the claim was judged and is broken.
        NotObserved: there was nothing to judge it by, which is never a pass.

    """

    __slots__ = ("seen",)

    def __init__(self, seen: Observation) -> None:
        self.seen = seen

    def asked(self) -> Self:
        """Judge nothing yet; what was never sent, or only met a rate limit, is no subject."""
        if self.seen.exchange.trouble in {"unsent", "refused"}:
            raise NotObserved(f"{self.seen.call}: {self.seen.exchange.trouble_in_words}")
        if self.seen.status == _RATE_LIMITED:
            raise NotObserved(f"{self.seen.call} is rate limited: 429 stayed for 60 s")
        return self

    def if_served(self) -> Self:
        """Judge nothing yet; a path that nothing answers at is UDC-ALL-001's matter."""
        self.asked()
        if not self.seen.served:
            raise NotObserved(f"not served: {self._shown()}", blocked_by="UDC-ALL-001")
        return self

    def served(self) -> Self:
        """Something answers at this path and method."""
        self.asked()
        return self.holds(
            self.seen.served,
            expected="an answer of the endpoint itself: no 404, 405 or 501, and no redirect",
        )

    def status(self, *codes: int) -> Self:
        """The answer has one of these status codes."""
        self.asked()
        words = " or ".join(map(str, codes))
        return self.holds(self.seen.status in codes, expected=f"status {words}")

    def status_below(self, limit: int = _SERVER_ERROR) -> Self:
        """The answer is no server error; a connection closed without an answer is one."""
        self.asked()
        status = self.seen.status
        return self.holds(status is not None and status < limit, expected=f"a status below {limit}")

    def status_not(self, *codes: int) -> Self:
        """The answer has none of these status codes, and is an answer."""
        self.asked()
        words = " or ".join(map(str, codes))
        status = self.seen.status
        return self.holds(status is not None and status not in codes, expected=f"no status {words}")

    def refused(self) -> Self:
        """What was forged is answered as its recipe says: 401, and what CONF-45 adds to it."""
        self.asked()
        recipe = self.seen.recipe
        right = recipe.expected if recipe is not None else (_UNAUTHORIZED,)
        closed = recipe is not None and recipe.or_closed and self.seen.exchange.trouble == "reset"
        few = f"status {' or '.join(map(str, right))}"
        return self.holds(
            self.seen.status in right or closed,
            expected=few if len(right) <= _FEW else "no success",
        )

    def accepted(self) -> Self:
        """The answer has a status that the contract knows as a success of this operation."""
        self.asked()
        good = self._operation().success
        words = "2xx" if len(good) > _FEW else " or ".join(map(str, sorted(good)))
        return self.holds(self.seen.status in good, expected=f"status {words}")

    def turned_down(self, *, or_closed: bool = False) -> Self:
        """The answer is some 4xx; where an HTTP server may object, a close is one (CONF-45)."""
        self.asked()
        status = self.seen.status
        refused = status is not None and status // 100 == 4  # noqa: PLR2004 - the 4xx
        closed = or_closed and self.seen.exchange.trouble == "reset"
        return self.holds(refused or closed, expected="a 4xx status")

    def gives(self, *names: str) -> Self:
        """The body is a bare JSON object, and each member is as the contract's schema has it.

        For rows that speak of this body themselves: with `members`, what is no bare object would
        be another row's failure.
        """
        self._success()
        told = self.seen.json_trouble
        self.holds(told is None, expected="a body that is JSON", observed=told)
        return self.bare_object().members(*names)

    def json_body(self) -> Self:
        """The body is JSON and says so in its media type."""
        self._success()
        self.holds(
            self.seen.claims_json, expected="Content-Type: application/json", observed=self._media()
        )
        trouble = self.seen.json_trouble or _encoded_twice(self.seen.json)
        return self.holds(trouble is None, expected="a body that is JSON", observed=trouble or "")

    def bare_object(self) -> Self:
        """The body is an object that is not wrapped in an envelope."""
        body = self._body()
        wrapper = _wrapper_of(self.seen, body)
        return self.holds(
            isinstance(body, dict) and wrapper is None,
            expected="a bare object with the contract's members at its top",
            observed=f"the members are inside `{wrapper}`: {quote(body)}"
            if wrapper
            else quote(body),
        )

    def members(self, *names: str) -> Self:
        """Each member is there and is as the contract's schema has it."""
        body = self._object()
        operation = self._operation()
        status = self.seen.status or 0
        for name in names:
            problems = operation.member_problems(name, body, status=status)
            self._judge(problems)
        return self

    def body_conforms(self) -> Self:
        """The whole body is as the contract's schema for this operation and status has it."""
        body = self._object()
        return self._judge(self._operation().response_problems(self.seen.status or 0, body))

    def member(self, name: str) -> Any:
        """Give a member of a proper answer; one that is missing is a violation."""
        value = self._object().get(name, MISSING)
        self.holds(value is not MISSING, expected=f"a member `{name}`", observed=self._shown())
        return value

    def proper(self, name: str) -> Any:
        """Give a member that is as the schema has it; a faulty one is another row's to judge."""
        body = self._object()
        for problem in self._operation().member_problems(name, body, status=self.seen.status or 0):
            raise NotObserved(f"{self.seen.call}: `{problem.at}` is {problem.observed}")
        return body.get(name, MISSING)

    def optional(self, name: str) -> Any:
        """Give a member of a proper answer, or MISSING; nothing is judged yet."""
        return self._object().get(name, MISSING)

    def body(self) -> dict[str, Any]:
        """Give the object of a proper answer, to be judged by `holds`."""
        return self._object()

    def quick(self, budget: float) -> Self:
        """The answer came within `budget` seconds."""
        self.asked()
        return self.holds(
            self.seen.answered and self.seen.seconds <= budget,
            expected=f"an answer within {budget:g} s",
            observed=f"{self.seen.seconds:.3f} s" if self.seen.answered else self._shown(),
        )

    def holds(self, claim: bool, *, expected: str, observed: str | None = None) -> Self:
        """Any claim about this exchange, in words; it counts as a subject either way."""
        self.seen.tally.judged.add(self.seen.number)
        if not claim:
            raise Violation(
                expected=expected,
                observed=self._shown() if observed is None else f"{observed} [{self._asked_for()}]",
                seen=self.seen,
            )
        return self

    def _judge(self, problems: list[Problem]) -> Self:
        if not problems:
            return self.holds(True, expected="")
        first = problems[0]
        where = f"`{first.at}` " if first.at else ""
        return self.holds(
            False, expected=f"{where}{first.expected}", observed=f"{where}{first.observed}"
        )

    def _success(self) -> None:
        """Only what the operation answers as a success has a body that these rows speak of."""
        self.asked()
        if not self.seen.answered:
            raise NotObserved(f"{self.seen.call}: {self.seen.exchange.trouble_in_words}")
        operation = self._operation()
        readable = operation.success | ({_UNHEALTHY} if operation.id == "getHealth" else set())
        if self.seen.status not in readable:
            cause = "AUTH-001" if self.seen.status in _NOT_LET_IN else None
            raise NotObserved(f"{self.seen.call} answered {self.seen.status}", blocked_by=cause)

    def _body(self) -> Any:
        self._success()
        trouble = self.seen.json_trouble or _encoded_twice(self.seen.json)
        if trouble is not None:
            raise NotObserved(
                f"the body of {self.seen.call} is no JSON: {trouble}", blocked_by="UDC-ALL-002"
            )
        return self.seen.json

    def _object(self) -> dict[str, Any]:
        body = self._body()
        if not isinstance(body, dict) or _wrapper_of(self.seen, body):
            raise NotObserved(
                f"the body of {self.seen.call} is no bare object", blocked_by="UDC-ALL-003"
            )
        return body

    def _operation(self) -> Operation:
        operation = operation_of(self.seen)
        if operation is None:
            raise NotObserved(f"{self.seen.call} is no operation of the contract")
        return operation

    def _media(self) -> str:
        return f"Content-Type: {self.seen.header('content-type') or 'none'}"

    def _shown(self) -> str:
        if not self.seen.answered:
            return f"{self.seen.exchange.trouble_in_words} [{self._asked_for()}]"
        body = " ".join(self.seen.text[: _SHOWN_BODY + 1].split())
        cut = body[: _SHOWN_BODY - 1] + "…" if len(body) >= _SHOWN_BODY else body
        told = f", body {cut}" if cut else ", no body"
        return f"status {self.seen.status}{told} [{self._asked_for()}]"

    def _asked_for(self) -> str:
        recipe = self.seen.recipe
        return self.seen.call if recipe is None else f"{self.seen.call} with {recipe.words}"


def operation_of(seen: Observation) -> Operation | None:
    """Find the operation of the contract that an exchange asked for."""
    path = seen.exchange.request.target.split("?")[0]
    for name in _SURFACES:
        found = surface(name).match(seen.exchange.request.method, path)
        if found is not None:
            return found.operation
    return None


def _wrapper_of(seen: Observation, body: Any) -> str | None:
    """Name the member that holds what should stand at the top; None where the body is bare."""
    operation = operation_of(seen)
    if not isinstance(body, dict) or operation is None:
        return None
    wanted: Collection[str] = operation.response_example(seen.status or 0) or ()
    if any(key in body for key in wanted if key not in _OF_ENVELOPES):
        return None
    for name, inner in body.items():
        found = sum(key in inner for key in wanted) if isinstance(inner, dict) else 0
        if found >= (1 if name in _WRAPPERS else _ENOUGH_OF_A_BODY):
            return str(name)
    return None


def _encoded_twice(body: Any) -> str | None:
    """Say so where a body is a JSON string that holds the JSON that was meant."""
    if isinstance(body, str) and body.lstrip().startswith(("{", "[")):
        with contextlib.suppress(ValueError, RecursionError):
            json.loads(body)
            return "JSON inside a JSON string: it was encoded twice"
    return None
