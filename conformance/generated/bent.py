"""An example with one thing in it, at any depth, replaced by a value of another kind."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["MISTYPED", "bent"]

MISTYPED: Final = ({"udckit": 1}, ["udckit"], "udckit", 7, None)
"""One of each kind: what a member is given that wants another."""

_KINDS: Final[tuple[Any, ...]] = (None, True, 7, "udckit", [], ["udckit"], {}, {"udckit": 1})

_Place = tuple[Any, ...]


def bent(value: Any) -> Iterator[Any]:
    """Give every such copy of an example."""
    for place in _places(value):
        known = type(_at(value, place))
        for kind in _KINDS:
            if type(kind) is not known:
                yield _put(value, place, kind)


def _places(value: Any, at: _Place = ()) -> Iterator[_Place]:
    inner: Any = value.items() if isinstance(value, Mapping) else ()
    if isinstance(value, list):
        inner = enumerate(value)
    for key, each in inner:
        yield (*at, key)
        yield from _places(each, (*at, key))


def _at(value: Any, place: _Place) -> Any:
    for key in place:
        value = value[key]
    return value


def _put(value: Any, place: _Place, new: Any) -> Any:
    made = copy.deepcopy(value)
    *way, last = place
    _at(made, tuple(way))[last] = new
    return made
