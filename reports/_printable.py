"""Text from a target, made harmless: whatever a terminal would act on is shown instead."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["cut", "one_line", "printable", "spellable"]

_ACTING: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that move a cursor, turn the direction of text, or show nothing."""

_PLAIN: Final = str.maketrans(
    {"✓": "+", "✗": "x", "\N{EN DASH}": "-", "·": "|", "…": "...", "\N{NO-BREAK SPACE}": " "}
)


def printable(text: str) -> str:
    r"""Spell out what a terminal would act on: a bell becomes `\x07`, a line break `\n`."""
    if text.isprintable():
        return text
    return "".join(each if _is_harmless(each) else _spelled(each) for each in text)


def one_line(text: str) -> str:
    """Give harmless text on one line, runs of white space as one blank."""
    return printable(" ".join(text.split()))


def cut(text: str, length: int) -> str:
    """Cut text to a length, and show that it was cut."""
    return text if len(text) <= length else text[: max(length - 1, 0)] + "…"


def spellable(text: str, encoding: str | None) -> str:
    """Give the text in signs that the encoding of an output can spell."""
    if encoding is None:
        return text
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.translate(_PLAIN)
        return plain.encode(encoding, "backslashreplace").decode(encoding)
    except LookupError:
        return text.translate(_PLAIN)
    return text


def _is_harmless(sign: str) -> bool:
    return sign == " " or (sign.isprintable() and unicodedata.category(sign) not in _ACTING)


def _spelled(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii") if ord(sign) != ord("\\") else sign
