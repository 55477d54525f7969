"""Every row that is judged is explained, and what an example shows keeps the contract."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import pytest
import yaml

from udckit.specs import Example, Operation, Requirement, catalogue, explanation, surface
from udckit.specs._compiled import ROOM

JUDGED: Final = [row for row in catalogue().values() if row.excluded is None]
EXAMPLES: Final = {
    told.example.name: told.example for row in JUDGED if (told := explanation(row.id)) is not None
}
ON_THE_WIRE: Final = re.compile(
    r"^(?:(?P<method>[A-Z]+) (?P<path>/\S*) )?HTTP/1\.1(?: (?P<status>\d+) .+)?$"
)
SHORT: Final = {"/register": "POST", "/auth/public-key": "GET"}
SURFACES: Final = ("udc", "registry", "orchestrator")


@dataclass
class Sent:
    """One message of an example: a request, or the answer to the one before."""

    method: str | None
    path: str | None
    status: int | None
    body: str

    @property
    def value(self) -> Any:
        """The body, with what an example cuts short in full: a token, a key."""
        value = json.loads(self.body)
        for path, member in (("/register", "token"), ("/auth/public-key", "public_key")):
            if member in value:
                whole = _operation(Sent(SHORT[path], path, None, ""))
                assert whole is not None
                value[member] = whole.response_example(201 if member == "token" else 200)[member]
        return value


def messages(example: Example) -> Iterator[Sent]:
    """Cut an example into its messages; a line that begins with `# ` is a remark."""
    now: Sent | None = None
    in_body = False
    for line in example.http.splitlines():
        if match := ON_THE_WIRE.match(line):
            if now is not None:
                yield now
            status = int(match["status"]) if match["status"] else None
            now, in_body = Sent(match["method"], match["path"], status, ""), False
        elif not line:
            in_body = now is not None and not now.body
        elif in_body and now is not None and not line.startswith("# "):
            now.body += line + "\n"
    if now is not None:
        yield now


@pytest.mark.parametrize("row", JUDGED, ids=lambda row: row.id)
def test_judged_row_says_what_passes_and_what_fails(row: Requirement) -> None:
    told = explanation(row.id)

    assert told is not None
    assert told.passes
    assert told.fails
    assert told.passes != told.fails


def test_excluded_row_is_passed_by_nothing() -> None:
    excluded = [row.id for row in catalogue().values() if row.excluded is not None]

    assert excluded
    assert not any(map(explanation, excluded))
    assert explanation("NOBODY-001") is None


def test_every_example_serves_a_row() -> None:
    written = {
        name
        for path in ROOM.glob("examples/*.yaml")
        for name in yaml.safe_load(path.read_text("utf-8"))
    }

    assert written == set(EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=lambda each: each.name)
def test_code_of_an_example_is_python(example: Example) -> None:
    tree = ast.parse(example.fastapi)

    assert tree.body
    assert max(map(len, example.fastapi.splitlines())) <= 100


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=lambda each: each.name)
def test_messages_of_an_example_keep_the_contract(example: Example) -> None:
    """What it says of an operation of the contract is judged by the contract's own schema."""
    sent = list(messages(example))
    assert sent
    assert all(each.body.startswith(("{", "[", "http_")) for each in sent if each.body)
    for asked, answer in pairwise([*sent, None]):
        operation = _operation(asked)
        if operation is None or asked is None or answer is None or answer.status is None:
            continue
        if answer.body.startswith(("{", "[")):
            assert not operation.response_problems(answer.status, answer.value), example.name
        if asked.body and answer.status < 400:
            assert not operation.request_problems(asked.value), example.name


def test_most_examples_show_an_operation_of_the_contract() -> None:
    shown = [name for name, each in EXAMPLES.items() if any(map(_operation, messages(each)))]

    assert len(shown) > len(EXAMPLES) / 2


def _operation(asked: Sent | None) -> Operation | None:
    if asked is None or asked.method is None or asked.path is None:
        return None
    found = (surface(name, recommended=True).match(asked.method, asked.path) for name in SURFACES)
    return next((match.operation for match in found if match is not None), None)
