"""One exchange as text, as HTTP would spell it: for attachments and folded details."""

from __future__ import annotations

import json
import re
from typing import Final

from udckit.conformance import Exchange
from udckit.reports._printable import cut, one_line, printable

__all__ = ["answer_text", "milliseconds", "outcome", "request_text"]

_MOST_OF_A_BODY: Final = 4_000
_WORTH_INDENTING: Final = 60
_SLOW: Final = 0.1
_STEP: Final = "  "
_PIECES: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def outcome(exchange: Exchange) -> str:
    """Say what came of a request, such as `200 in 3 ms`, or what happened instead."""
    if exchange.answer is None:
        return one_line(exchange.trouble_in_words)
    return f"{exchange.answer.status} in {milliseconds(exchange.seconds)}"


def milliseconds(seconds: float) -> str:
    """Spell a time as a person reads it."""
    return f"{seconds * 1000:.1f} ms" if seconds < _SLOW else f"{seconds * 1000:.0f} ms"


def request_text(exchange: Exchange) -> str:
    """Spell the request."""
    request = exchange.request
    lines = [f"{printable(request.method)} {cut(printable(request.target), _MOST_OF_A_BODY)}"]
    lines += [f"{printable(name)}: {printable(value)}" for name, value in request.headers]
    return _with_body(lines, request.body, request.encoding)


def answer_text(exchange: Exchange) -> str:
    """Spell the answer, or say that there was none."""
    answer = exchange.answer
    if answer is None:
        return f"no answer: {one_line(exchange.trouble_in_words)}"
    lines = [f"HTTP {answer.status}"]
    lines += [f"{printable(name)}: {printable(value)}" for name, value in answer.headers]
    text = _with_body(lines, answer.body, answer.encoding)
    return f"{text}\n… longer than what was read" if answer.truncated else text


def _with_body(lines: list[str], body: str | None, encoding: str) -> str:
    if not body:
        return "\n".join(lines)
    shown = body if encoding != "text" else _indented(body)
    told = "\n".join(printable(line) for line in shown[:_MOST_OF_A_BODY].split("\n"))
    more = len(shown) - _MOST_OF_A_BODY
    if more > 0:
        told += f"\n… and {more} characters more"
    if encoding != "text":
        told = f"({encoding}) {told}"
    return "\n".join((*lines, "", told))


def _indented(body: str) -> str:
    """Indent a JSON body that is worth it, piece by piece, so that nothing in it is changed."""
    if not _WORTH_INDENTING <= len(body) <= _MOST_OF_A_BODY or body[0] not in "{[":
        return body
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return body
    told: list[str] = []
    depth = 0
    for piece in _PIECES.findall(body):
        if piece in "]}":
            depth -= 1
            empty = told[-1] in {"{", "["}
            told.append(piece if empty else f"\n{_STEP * depth}{piece}")
            continue
        if told and told[-1] in {"{", "[", ","}:
            told.append(f"\n{_STEP * depth}")
        told.append(": " if piece == ":" else piece)
        depth += piece in "{["
    return "".join(told)
