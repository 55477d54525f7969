"""A body as it was sent, and what in it a parser may object to before anybody reads a member."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

__all__ = ["Body", "parse"]

_LONGEST: Final = 1_000
_DEEPEST: Final = 12
_SAFE_INTEGER: Final = 2**53
_WIDEST: Final = 100
_CONTROL: Final = range(0x20)
_SURROGATE: Final = range(0xD800, 0xE000)


@dataclass(frozen=True, slots=True)
class Body:
    """A body. `odd` says why a parser, a limit or a database may refuse it; None: no reason."""

    value: Any = None
    is_json: bool = True
    odd: str | None = None

    @property
    def members(self) -> Mapping[str, Any]:
        """The members of an object; none where it is no object."""
        return self.value if isinstance(self.value, Mapping) else {}


class _OddError(ValueError):
    pass


def parse(text: str | None, *, is_text: bool = True) -> Body:
    """Read a body. `is_text` is false where it was no UTF-8."""
    if text is None or not is_text:
        return Body(is_json=False, odd=None if is_text else "bytes that are no UTF-8")
    if text.startswith("\ufeff"):
        return Body(is_json=False, odd="a byte order mark")
    try:
        value = json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_constant)
    except _OddError as odd:
        return Body(is_json=False, odd=str(odd))
    except RecursionError:
        return Body(is_json=False, odd="a nesting that is deep")
    except ValueError:
        return Body(is_json=False, odd=None if _is_cut_off(text) else "what some parsers take")
    return Body(value, odd=next(_oddities(value), None))


def _is_cut_off(text: str) -> bool:
    """Say whether a text is empty, or begins as JSON and never ends: no parser takes it."""
    bare = text.strip()
    return not bare or (bare[0] in "{[" and bare[-1] not in "}]")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _OddError("a member that is there twice")
    return found


def _no_constant(word: str) -> NoReturn:
    raise _OddError(word)


def _oddities(value: Any, depth: int = 0) -> Iterator[str]:
    """Say what a service may refuse in any value, whatever member it belongs to."""
    if depth > _DEEPEST:
        yield "a nesting that is deep"
        return
    if isinstance(value, Mapping | list):
        if len(value) > _WIDEST:
            yield "many members"
        for key in value if isinstance(value, Mapping) else ():
            yield from _of_a_text(key)
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _oddities(inner, depth + 1)
    elif isinstance(value, str):
        yield from _of_a_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        yield "a number beyond every float"
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > _SAFE_INTEGER:
        yield "an integer past 2^53"


def _of_a_text(text: str) -> Iterator[str]:
    if any(ord(sign) in _CONTROL or ord(sign) in _SURROGATE for sign in text):
        yield "signs that are no text"
    if len(text) > _LONGEST:
        yield "a long text"
