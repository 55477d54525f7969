"""A droplet's own pact, from what it was seen to send."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from udckit.conformance.errors import InvocationError
from udckit.conformance.pacts._adapter import must_have_pact, write_contract
from udckit.conformance.pacts._contract import Contract, Need
from udckit.conformance.pacts._document import PactFile, read_pact, surfaces_of
from udckit.conformance.pacts._neutral import asked_terms, sent_terms
from udckit.conformance.pacts._seen import SIDES, Seen
from udckit.conformance.pacts._states import EXPIRED, FREE, GIVEN, REGISTERED
from udckit.conformance.pacts._terms import bearer, from_state, matching
from udckit.conformance.pacts.two_way import disagreements
from udckit.specs import Operation

__all__ = ["Recorded", "recorded", "write_recorded"]

_REGISTER: Final = "registerService"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NOT_FOUND: Final = 404
_UNAUTHORIZED: Final = 401
_FROM_THE_FAKES: Final = "from what it sent to the kit's fakes"
_PLACES: Final[Mapping[str, tuple[str, str, str]]] = {
    "name": ("udckit-peer", "${name}", "udckit-nobody"),
    "id": ("999", "${service_id}", "999999999"),
    "task_id": ("task-123", "${task_id}", "udckit-never-issued"),
}
"""For a placeholder of a path: an example, the state's own, and one that nobody has."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One droplet's needs. `left_out` says what it sent that is no part of them, and why."""

    name: str
    version: str
    contracts: tuple[Contract, ...]
    left_out: tuple[str, ...]


@dataclass(slots=True)
class _Book:
    """The needs of one provider as they come up, each once."""

    needs: dict[tuple[Any, ...], Need] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)

    def add(self, need: Need) -> None:
        key = (need.method, str(need.path), str(need.status), need.state, repr(need.body))
        if key in self.needs:
            return
        count = self.names[need.description] = self.names.get(need.description, 0) + 1
        words = need.description if count == 1 else f"{need.description} (form {count})"
        self.needs[key] = Need(
            words,
            need.method,
            need.path,
            need.status,
            (),
            need.state,
            headers=need.headers,
            body=need.body,
            answer=need.answer,
        )


def recorded(
    seen: Iterable[Seen],
    *,
    name: str | None = None,
    version: str | None = None,
    incomplete: str | None = None,
) -> Recorded:
    """Turn what was seen to contracts, under the name and version that it registered as.

    `incomplete` says what was not seen, and marks the pacts so: they are never published.

    Raises:
        InvocationError: it never registered, so nobody knows who it is.
    """
    every = list(seen)
    who = _registration(every)
    name, version = name or who.get("name"), version or who.get("version")
    if not isinstance(name, str) or not isinstance(version, str) or not name or not version:
        raise InvocationError(
            "The droplet never registered rightly, so there is no name and no version to record "
            "under: give --name and --version, or mend its registration first (REG-CLIENT-001)."
        )
    if not _NAME.fullmatch(name):
        raise InvocationError(
            f"{name!r} is no name for a file: give --name, of letters, digits, dots and dashes."
        )
    books = {side: _Book() for side in SIDES}
    left_out: dict[str, None] = {}
    known: set[Any] = set()
    for one in every:
        operation = _operation(one)
        why = _left_out(one, operation)
        if why is not None or operation is None:
            left_out[f"{one.method} {one.path}: {why}"] = None
            continue
        own = one.body.get("name") if isinstance(one.body, Mapping) else None
        books[one.provider].add(_need(one, operation, name, again=own in known))
        if operation.id == _REGISTER:
            known.add(own)
    marks = {"recorded": _FROM_THE_FAKES, "version": version}
    if incomplete:
        marks["incomplete"] = incomplete
    contracts = tuple(
        Contract(name, side, tuple(book.needs.values()), marks)
        for side, book in books.items()
        if book.needs
    )
    return Recorded(name, version, contracts, tuple(left_out))


def write_recorded(what: Recorded, folder: Path) -> list[PactFile]:
    """Write the pacts below `folder`; each is held against the documents, as all are.

    Raises:
        InvocationError: nothing was recorded, or Pact is not installed.
        RuntimeError: the kit itself wrote what no contract promises.
    """
    must_have_pact()
    if not what.contracts:
        raise InvocationError("The droplet sent nothing that the contract knows: nothing recorded.")
    files = [read_pact(write_contract(contract, folder)) for contract in what.contracts]
    for side in set(SIDES) - {contract.provider for contract in what.contracts}:
        (folder / f"{what.name}-{side}.json").unlink(missing_ok=True)  # of an earlier recording
    wrong = [str(one) for pact in files for one in disagreements(pact)]
    if wrong:
        raise RuntimeError("; ".join(wrong))
    return files


def _registration(seen: Iterable[Seen]) -> Mapping[str, Any]:
    return next(
        (
            one.body
            for one in seen
            if one.operation == _REGISTER
            and one.answered < 300  # noqa: PLR2004 - the 2xx
            and isinstance(one.body, Mapping)
        ),
        {},
    )


def _operation(one: Seen) -> Operation | None:
    if one.operation is None:
        return None
    found = (surface.operations.get(one.operation) for surface in surfaces_of(one.provider))
    return next((each for each in found if each is not None), None)


def _left_out(one: Seen, operation: Operation | None) -> str | None:
    """Say why it is no part of a contract; None where it is one."""
    if operation is None:
        return f"the contract knows nothing of the kind at a {one.provider}"
    if one.problems:
        return f"its body is not as the contract has it ({one.problems[0]})"
    if operation.needs_token and not one.authorized:
        return "it bore no token"
    if one.answered in operation.success or one.answered in {_NOT_FOUND, _UNAUTHORIZED}:
        return None
    return f"it was answered {one.answered}"


def _need(one: Seen, operation: Operation, name: str, *, again: bool) -> Need:
    good = one.answered in operation.success
    words = f"{operation.method} {operation.path}"
    state, more = _state(one, operation, again=again)
    path = _path(operation, known=one.answered != _NOT_FOUND)
    body = one.body if isinstance(one.body, Mapping) and operation.request_example else None
    return Need(
        f"{words}{more}",
        operation.method,
        path,
        "success" if good and len(operation.success) > 1 else one.answered,
        (),
        state,
        headers={"Authorization": bearer()} if one.authorized and operation.needs_token else {},
        body=None if body is None else sent_terms(operation, body, name),
        answer=asked_terms(operation, one.answered, one.answer) if good else None,
    )


def _state(one: Seen, operation: Operation, *, again: bool) -> tuple[str | None, str]:
    """Give the provider state that it needs, and what tells it from others of the operation."""
    if operation.id == _REGISTER:
        return (REGISTERED, " again") if again else (FREE, "")
    if not operation.needs_token:
        return None, ""
    if one.answered == _UNAUTHORIZED:
        return EXPIRED, " with an expired token"
    if one.answered == _NOT_FOUND:
        return REGISTERED, " of what is not there"
    return (GIVEN if "{task_id}" in operation.path else REGISTERED), ""


def _path(operation: Operation, *, known: bool) -> Any:
    place = next((each for each in _PLACES if f"{{{each}}}" in operation.path), None)
    if place is None:
        return operation.path
    example, own, nobody = _PLACES[place]
    if not known:
        return operation.path.replace(f"{{{place}}}", nobody)
    start = operation.path.partition("{")[0]
    return from_state(matching(f"^{start}[^/]+$", f"{start}{example}"), f"{start}{own}")
