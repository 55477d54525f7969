"""The terms of a consumer contract: what matches what, as the pact core reads it."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["TOKEN", "bearer", "from_state", "integer", "json_type", "like", "matching", "worded"]

TOKEN = (
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"  # noqa: S105 - nobody's token: its signature says "example"
    ".eyJzZXJ2aWNlX2lkIjo5OTl9.ZXhhbXBsZQ"
)
"""What stands in a contract where a token goes; a live one is put in at verification."""


def like(value: Any) -> dict[str, Any]:
    """Anything of the example's JSON type."""
    return {"pact:matcher:type": "type", "value": value}


def integer(value: int) -> dict[str, Any]:
    """Any integer."""
    return {"pact:matcher:type": "integer", "value": value}


def matching(pattern: str, value: str) -> dict[str, Any]:
    """Text that a pattern fits from end to end, as the pact core reads it; the example must."""
    if re.fullmatch(pattern, value) is None:
        raise ValueError(f"the example {value!r} does not fit {pattern!r}")
    return {"pact:matcher:type": "regex", "regex": pattern, "value": value}


def worded(pattern: str, value: str) -> dict[str, Any]:
    """Text in a body that a pattern fits.

    The type is asked for beside the pattern: to the pact core a list is text too, its JSON.
    """
    kinds = [{"pact:matcher:type": "type"}, matching(pattern, value)]
    del kinds[1]["value"]
    return {"pact:matcher:type": kinds, "value": value}


def from_state(term: dict[str, Any], expression: str) -> dict[str, Any]:
    """Give a term whose value the provider's state puts in at verification, such as `${name}`."""
    return {**term, "pact:generator:type": "ProviderState", "expression": expression}


def bearer(name: str = "token") -> dict[str, Any]:
    """Give an Authorization header whose token the provider's state names."""
    return from_state(matching("^Bearer .+$", f"Bearer {TOKEN}"), f"Bearer ${{{name}}}")


def json_type() -> dict[str, Any]:
    """A JSON media type, whatever its parameters."""
    return matching(r"^application/([a-z0-9.-]+\+)?json(;.*)?$", "application/json")
