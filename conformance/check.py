"""Checks: plain functions that a requirement is verified by, found by the name of their suite."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from udckit.specs import requirement

__all__ = ["Check", "all_checks", "verifies"]

CheckFunction = Callable[..., None]

_SUITES: Final = "udckit.conformance.suites"
_ORDINARY: Final = 0
_ONCE_IT_IS_PLAYED: Final = 99
"""The order of checks of recordings: what is probed is asked while the scenarios are played."""


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement's check. `wants` is its parameter's name: service, verdicts, or recording.

    `order` moves a check behind the others: a later reading costs no waiting then, and a burst
    disturbs nobody. `sends` says what safety it needs: read-only, additive or disruptive.
    """

    id: str
    function: CheckFunction
    wants: str
    order: int = _ORDINARY

    @property
    def claim(self) -> str:
        """The claim as a sentence: the first line of the docstring."""
        return (inspect.getdoc(self.function) or self.function.__name__).splitlines()[0]


_registered: dict[str, Check] = {}


def verifies(*ids: str, order: int = _ORDINARY) -> Callable[[CheckFunction], CheckFunction]:
    """Register a check for the requirements that it verifies.

    Raises:
        UnknownRequirementError: at import, where an id is no row of the catalogue.
        ValueError: where a row has a check already, or is excluded.

    """

    def register(function: CheckFunction) -> CheckFunction:
        wants = next(iter(inspect.signature(function).parameters))
        for each in ids:
            row = requirement(each)
            if row.excluded is not None:
                raise ValueError(f"{each} is excluded ({row.excluded}): it can have no check")
            known = _registered.get(each)
            if known is not None and known.function.__qualname__ != function.__qualname__:
                raise ValueError(f"{each} is verified twice: {known.function} and {function}")
            later = wants in {"recording", "recordings"} and order == _ORDINARY
            at = _ONCE_IT_IS_PLAYED if later else order
            _registered[each] = Check(each, function, wants, at)
        return function

    return register


@cache
def all_checks() -> Mapping[str, Check]:
    """Import every suite, and give the checks by requirement id."""
    _import_all(importlib.import_module(_SUITES))
    return _registered


def _import_all(package: Any) -> None:
    for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        module = importlib.import_module(found.name)
        if found.ispkg:
            _import_all(module)
