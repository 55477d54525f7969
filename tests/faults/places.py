"""Places in a JSON value: `metrics.*`, `required_services.0.type`, `paths./health.get`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

__all__ = ["delete", "places", "put", "rename"]

Place = tuple[Any, Any]


def places(value: Any, path: str) -> list[Place]:
    """Find every container and key that a path names; the last key need not be there yet.

    `*` is each item of a list and each member of an object; a dot inside a name is written `\\.`.
    """
    *steps, last = _steps(path)
    containers = [value]
    for step in steps:
        containers = [child for each in containers for _, child in _children(each, step)]
    return [(each, key) for each in containers for key in _keys(each, last)]


def put(value: Any, path: str, new: Any) -> None:
    """Set what a path names; objects on the way that are missing are made."""
    *steps, last = _steps(path)
    for depth in range(len(steps)):
        if "*" not in steps[: depth + 1]:
            _make(value, steps[: depth + 1])
    for container, key in places(value, path):
        container[key] = new
    if last == "+" and steps:
        for each in places(value, ".".join(step.replace(".", "\\.") for step in steps)):
            each[0][each[1]].append(new)


def delete(value: Any, path: str) -> None:
    """Take away what a path names."""
    for container, key in reversed(places(value, path)):
        if isinstance(container, list) or key in container:
            del container[key]


def rename(value: Any, path: str, name: str) -> None:
    """Give a member another name, at the same place among the others."""
    for container, key in places(value, path):
        if isinstance(container, dict) and key in container:
            members = [(name if known == key else known, each) for known, each in container.items()]
            container.clear()
            container.update(members)


def _steps(path: str) -> list[str]:
    return [step.replace("\\.", ".") for step in re.split(r"(?<!\\)\.", path)]


def _children(value: Any, step: str) -> Iterator[Place]:
    for key in _keys(value, step):
        if isinstance(value, list) or key in value:
            yield key, value[key]


def _keys(value: Any, step: str) -> list[Any]:
    if isinstance(value, dict):
        return list(value) if step == "*" else [step]
    if isinstance(value, list):
        if step == "*":
            return list(range(len(value)))
        return [int(step)] if step.isdigit() and int(step) < len(value) else []
    return []


def _make(value: Any, steps: list[str]) -> None:
    *before, last = steps
    for step in before:
        value = value[int(step)] if isinstance(value, list) else value[step]
    if isinstance(value, dict) and not isinstance(value.get(last), dict | list):
        value[last] = {}
