"""A consumer contract as it is written: who needs what of whom, and which promises carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from udckit.conformance.pacts._terms import json_type

__all__ = ["Contract", "Need", "OneWay"]

_CLASSES = frozenset({"success", "clientError"})


@dataclass(frozen=True, slots=True)
class Need:
    """One exchange that a consumer relies on.

    `status` is a number, or `success` or `clientError` where the consumer takes any of them.
    `requirements` are the ids of the promises that it leans on.
    """

    description: str
    method: str
    path: str | Mapping[str, Any]
    status: int | str
    requirements: tuple[str, ...]
    state: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    answer: Any = None

    def __post_init__(self) -> None:
        if isinstance(self.status, str) and self.status not in _CLASSES:
            raise ValueError(f"{self.status!r} is no class of statuses")

    @property
    def example_status(self) -> int:
        """The status that the mock server answers with."""
        classes = {"success": 200, "clientError": 400}
        return self.status if isinstance(self.status, int) else classes[self.status]

    @property
    def answer_headers(self) -> Mapping[str, Any]:
        return {} if self.answer is None else {"Content-Type": json_type()}


@dataclass(frozen=True, slots=True)
class OneWay:
    """A body that the provider sends of itself, and the consumer only takes.

    `operation` is the one whose request body it is.
    """

    description: str
    contents: Any
    operation: str
    requirements: tuple[str, ...]
    state: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contract:
    """What one consumer needs of one provider; `marks` go into the pact's metadata."""

    consumer: str
    provider: str
    needs: tuple[Need | OneWay, ...]
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def file_name(self) -> str:
        return f"{self.consumer}-{self.provider}.json"
