"""What a body is to the contract: right, wrong, or open; most of what is odd is open."""

import json
from typing import Any

import pytest

from udckit.conformance.generated.bodies import parse
from udckit.conformance.generated.contract import fault_in, kind_of
from udckit.specs import surface

REGISTER = surface("registry").operations["registerService"]
MESSAGE = surface("udc").operations["postMessage"]
BEAT = surface("orchestrator").operations["postHeartbeat"]

REGISTRATION: dict[str, Any] = {
    "name": "udckit-x",
    "droplet_id": 10,
    "port": 8010,
    "health_endpoint": "/health",
    "capabilities": ["a"],
    "version": "1.0.0",
    "udc_compliant": True,
}


def kind(body: Any, operation: Any = REGISTER) -> str:
    return kind_of(operation, parse(json.dumps(body)))


def test_example_of_each_operation_is_right() -> None:
    for operation in (REGISTER, MESSAGE, BEAT, surface("orchestrator").operations["postTask"]):
        for example in operation.request_examples:
            assert kind(example, operation) == "right", operation.id


@pytest.mark.parametrize(
    "members",
    [
        {"port": 0},
        {"port": 65_536},
        {"port": "port"},
        {"port": {}},
        {"port": None},
        {"name": ["x"]},
        {"capabilities": "a"},
        {"capabilities": ["a", {}]},
        {"droplet_id": []},
        {"droplet_id": "ten"},
    ],
)
def test_what_nothing_saves_is_wrong_and_named(members: dict[str, Any]) -> None:
    body = {**REGISTRATION, **members}

    assert kind(body) == "wrong"
    assert fault_in(REGISTER, parse(json.dumps(body))).startswith(f"`{next(iter(members))}` ")


@pytest.mark.parametrize(
    "members",
    [
        {"port": "8010"},
        {"port": 8010.0},
        {"port": True},
        {"port": "NaN"},
        {"droplet_id": 0},
        {"droplet_id": 2**63},
        {"capabilities": ["a", 5]},
        {"version": 1},
        {"host": {}},
        {"udc_compliant": "yes"},
        {"more": 1},
        {"name": "x" * 2_000},
        {"name": "nul \0"},
    ],
)
def test_what_a_coercion_or_a_limit_may_decide_is_open(members: dict[str, Any]) -> None:
    assert kind({**REGISTRATION, **members}) == "open"


@pytest.mark.parametrize("text", ["", " ", "[]", "null", "7", '"x"', '{"name": "x"', '{"a":'])
def test_what_is_no_object_is_wrong(text: str) -> None:
    assert kind_of(REGISTER, parse(text)) == "wrong"


@pytest.mark.parametrize(
    "text",
    ["\ufeff{}", '{"a":NaN}', '{"a":1,"a":2}', "{}{}", "{'a':1}", '{"a":1e999}', "[" * 9_999],
    ids=["mark", "NaN", "twice", "two", "quotes", "infinite", "deep"],
)  # fmt: skip
def test_what_parsers_disagree_about_is_open(text: str) -> None:
    assert kind_of(REGISTER, parse(text)) == "open"


def test_empty_list_for_an_object_is_open_because_some_languages_have_one_of_both() -> None:
    body = {"from_service": "a", "message_type": "query", "payload": []}

    assert kind(body, MESSAGE) == "open"
    assert kind({**body, "payload": [1]}, MESSAGE) == "wrong"
