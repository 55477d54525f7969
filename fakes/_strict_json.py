"""JSON as RFC 8259 has it, read from strangers: every oddity is one kind of error."""

import json
from typing import Any

__all__ = ["JsonError", "dumps", "strict_loads"]

DEEPEST = 200  # levels; a payload of the contract nests a handful


class JsonError(ValueError):
    """Bytes that are no JSON which can be taken in and given out again."""


def _no_constant(word: str) -> float:
    raise JsonError(f"{word} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise JsonError("a number is too large")
    return number


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)
_ENCODER = json.JSONEncoder(separators=(",", ":"))

dumps = _ENCODER.encode


def strict_loads(raw: bytes) -> Any:
    """The value that `raw` holds.

    Raises JsonError for invalid UTF-8, a byte order mark, NaN and Infinity, numbers that do not
    fit, lone surrogates, nesting deeper than 200 levels, and whatever else is no JSON.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise JsonError("the bytes are not UTF-8") from error
    if text.count("[") + text.count("{") > DEEPEST and _depth(text) > DEEPEST:
        raise JsonError("nested too deep")
    try:
        value = _DECODER.decode(text)
    except JsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise JsonError("malformed") from error
    if "\\u" in text or "\\U" in text:
        _refuse_lone_surrogates(value)
    return value


def _depth(text: str) -> int:
    """The deepest nesting of brackets outside strings."""
    deepest = depth = 0
    quoted = escaped = False
    for letter in text:
        if quoted:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                quoted = False
        elif letter == '"':
            quoted = True
        elif letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest


def _refuse_lone_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise JsonError("a string holds half a character") from error
