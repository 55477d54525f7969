"""Text from a target in Markdown: spelled so that neither Markdown nor HTML finds a sign in it."""

from __future__ import annotations

import re
from typing import Final

from udckit.reports._printable import cut, one_line

__all__ = ["inert"]

_LONGEST: Final = 600
_ACTING: Final = re.compile(r"[&<>|\\`*_\[\]#~!@$^{}]|:(?=//)|(?<=www)\.|^[-+=]", re.IGNORECASE)
"""What Markdown or HTML reads as more than itself, an address that would become a link included."""

_NUMBERED: Final = re.compile(r"^(\d+)([.)])(?=\s|$)")


def inert(text: str) -> str:
    """Spell every sign that could mean something as a character reference."""
    shown = cut(one_line(text), _LONGEST)
    numbered = _NUMBERED.match(shown)
    start = "" if numbered is None else f"{numbered[1]}&#{ord(numbered[2])};"
    rest = shown if numbered is None else shown[numbered.end() :]
    return start + _ACTING.sub(lambda found: f"&#{ord(found.group())};", rest)
