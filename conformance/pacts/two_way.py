"""Pacts against the OpenAPI documents, and the documents against the pacts.

A consumer may send only what the contract takes, and may ask only for what it promises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from udckit.conformance.observation import quote
from udckit.conformance.pacts._document import Interaction, PactFile, surfaces_of
from udckit.conformance.pacts._promises import at_place, leaves_of, promised_body, steps_of
from udckit.specs import Operation, catalogue

__all__ = ["Disagreement", "disagreements", "unused_operations"]

_BEARER: Final = "authorization"
_UNAUTHORIZED: Final = 401
_BAD: Final = 400


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One place where a pact and the contract do not agree."""

    consumer: str
    provider: str
    description: str
    at: str
    what: str

    def __str__(self) -> str:
        where = f"{self.consumer} → {self.provider}, {self.description}"
        return f"{where}: {self.at}: {self.what}"


def disagreements(pact: PactFile) -> list[Disagreement]:
    """Hold every interaction of a pact against the contract."""
    return [
        Disagreement(pact.consumer, pact.provider, one.description, at, what)
        for one in pact.interactions
        for at, what in _of(one)
    ]


def unused_operations(pacts: Iterable[PactFile], provider: str) -> tuple[str, ...]:
    """Name the operations of a provider that no consumer uses."""
    used = {
        one.operation.id
        for pact in pacts
        if pact.provider == provider
        for one in pact.interactions
        if one.operation is not None and not one.is_message
    }
    every = {name for surface in surfaces_of(provider) for name in surface.operations}
    return tuple(sorted(every - used))


def _of(one: Interaction) -> Iterator[tuple[str, str]]:
    for each in one.says:
        if each not in catalogue():
            yield "comments", f"leans on {each}, which the catalogue does not have"
    operation = one.operation
    if operation is None:
        line = f"{one.request.get('method', '')} {one.request.get('path', '')}".strip()
        yield "request", f"{line or 'it'} is no operation of the contract"
        return
    if one.is_message:
        yield from _asked(one, operation, None)
        return
    yield from _sent(one, operation)
    yield from _status(one, operation)
    yield from _asked(one, operation, one.status)


def _sent(one: Interaction, operation: Operation) -> Iterator[tuple[str, str]]:
    names = {name.lower() for name in one.request.get("headers", {})}
    if operation.needs_token and _BEARER not in names and one.status != _UNAUTHORIZED:
        yield "request.headers", "no Authorization, and the contract wants a token here"
    if _is_refusal(one.status):
        return
    body = (one.request.get("body") or {}).get("content")
    if body is not None or operation.request_example is not None:
        for problem in operation.request_problems(body):
            yield f"request.body.{problem.at}".rstrip("."), str(problem)


def _status(one: Interaction, operation: Operation) -> Iterator[tuple[str, str]]:
    status = one.status
    if isinstance(status, str):
        return
    if status < _BAD and operation.success != {status}:
        promised = " or ".join(map(str, sorted(operation.success)[:3]))
        if status not in operation.success or len(operation.success) > 1:
            yield "response.status", f"wants {status} alone; the contract promises {promised}"
    elif status >= _BAD and status not in operation.statuses:
        yield "response.status", f"wants {status}, which the contract does not name here"


def _asked(
    one: Interaction, operation: Operation, status: int | str | None
) -> Iterator[tuple[str, str]]:
    wanted = one.wanted
    if wanted is None:
        return
    number = _number(status, operation)
    judged = (
        operation.request_problems(wanted)
        if number is None
        else operation.response_problems(number, wanted)
    )
    for problem in judged:
        if problem.observed == "no such member":
            continue  # a consumer need not use all that is promised
        yield f"body.{problem.at}".rstrip("."), str(problem)
    rules = _rules(one)
    for steps, value in leaves_of(wanted):
        yield from _leaf(operation, number, steps, value, rules)


def _leaf(
    operation: Operation,
    status: int | None,
    steps: tuple[str, ...],
    value: Any,
    rules: Mapping[tuple[str, ...], list[Mapping[str, Any]]],
) -> Iterator[tuple[str, str]]:
    where = "body." + ".".join(steps)
    schema = promised_body(operation, status, recommended=True)
    for length, step in enumerate(steps):
        parent = at_place(operation, schema, steps[:length], recommended=True) or {}
        if not (step.isdigit() or step in parent.get("required", ())):
            yield where, f"asks for {step!r}, which the contract does not promise"
            return
    if not steps or isinstance(value, dict | list):
        return
    node = at_place(operation, schema, steps, recommended=True) or {}
    rule = next((rules[steps[:n]] for n in range(len(steps), -1, -1) if steps[:n] in rules), None)
    if rule is None and node.get("const") != value:
        yield where, f"asks for exactly {quote(value)}, which the contract does not promise"
    for matcher in rule or ():
        allowed = node.get("enum", ())
        if matcher.get("match") == "regex":
            missed = [word for word in allowed if not re.fullmatch(matcher["regex"], str(word))]
            if missed:
                yield where, f"does not take {', '.join(missed)}, which the contract allows"


def _rules(one: Interaction) -> dict[tuple[str, ...], list[Mapping[str, Any]]]:
    body = (one.response.get("matchingRules") or {}).get("body", {})
    return {steps_of(place): rule["matchers"] for place, rule in body.items()}


def _number(status: int | str | None, operation: Operation) -> int | None:
    """Give the status whose schema stands for a class of them."""
    if status == "success":
        return min(operation.success)
    return _BAD if isinstance(status, str) else status


def _is_refusal(status: int | str) -> bool:
    return status == "clientError" or (isinstance(status, int) and status in {400, 422})
