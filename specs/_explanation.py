"""What keeps a requirement and what breaks it, with an example to copy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from udckit.specs._compiled import load

__all__ = ["Example", "Explanation", "explanation"]


@dataclass(frozen=True, slots=True)
class Example:
    """How it is done: as code for FastAPI, and as the bytes that go over the wire.

    An example serves all the rows that one piece of code keeps; names that it does not define are
    a droplet's own.
    """

    name: str
    fastapi: str
    http: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What passes and what fails, each as a list in words."""

    passes: str
    fails: str
    example: Example


@cache
def explanation(id: str) -> Explanation | None:  # noqa: A002 - as in `requirement`
    """Explain one requirement; None for one that is excluded, which nothing passes or fails."""
    compiled = load("explanations")
    row = compiled["rows"].get(id)
    if row is None:
        return None
    name = row["example"]
    return Explanation(row["passes"], row["fails"], Example(name, **compiled["examples"][name]))
