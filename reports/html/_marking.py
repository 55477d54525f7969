"""Expected beside observed, with the difference marked."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Final

__all__ = ["Part", "marked"]

Part = tuple[str, bool]
"""Text, and whether it stands on one side only."""

_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")
_CALL: Final = re.compile(r" \[[A-Z]+ /[^\]]*\]$")
_LONGEST: Final = 1_200
_ALIKE: Final = 0.15


def marked(expected: str, observed: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Cut two texts into parts, those that differ marked; nothing is, where nothing is alike."""
    found = _CALL.search(observed)
    call = found.group() if found is not None else ""  # says where, and differs from nothing
    observed = observed.removesuffix(call)
    a, b = _WORDS.findall(expected[:_LONGEST]), _WORDS.findall(observed[:_LONGEST])
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return ((expected, False),), ((observed + call, False),)
    left: list[Part] = []
    right: list[Part] = []
    for word, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        differs = word != "equal"
        _add(left, "".join(a[a_from:a_to]), differs=differs)
        _add(right, "".join(b[b_from:b_to]), differs=differs)
    _add(left, expected[_LONGEST:], differs=False)
    _add(right, observed[_LONGEST:] + call, differs=False)
    return tuple(left), tuple(right)


def _add(parts: list[Part], text: str, *, differs: bool) -> None:
    if text:
        parts.append((text, differs and not text.isspace()))
