"""The scanner: looks for what no file of a run may hold, in whatever it is written."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from udckit.conformance import RunRecord, dump
from udckit.fakes import FakeRegistry, VerifyingKey
from udckit.reports import terminal
from udckit.reports._format import Run
from udckit.reports.formats import formats, render

__all__ = ["CANARY", "record_text", "report_texts", "secrets_in"]

CANARY: Final = "hunter2"
"""What every password of the fault catalogue begins with."""

_TOKEN: Final = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
_PRIVATE: Final = re.compile(r"PRIVATE KEY-----(?:\\+r)?(?:\\+n|\s)*[A-Za-z0-9+/]{20,}")
_USERINFO: Final = re.compile(
    r"[a-z][a-z0-9+.-]{2,20}://[^\s/:@\"'<>]*:(?!(?:<|&lt;|\\+u003c|%3C)password)[^\s/\"'<>]+@"
)
_TOLD_BY_THE_KIT: Final = frozenset({"postgresql://user:secret@"})
"""What an example of the kit's own shows, as a thing that must not be."""

_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{60,}={0,2}")


def secrets_in(text: str) -> list[str]:
    """Name the secrets in a text: a token that verifies, a private key, a password of a DSN."""
    return [found for layer in (text, *_unwrapped(text)) for found in _plain_secrets(layer)]


def _plain_secrets(text: str) -> Iterator[str]:
    for found in _TOKEN.finditer(text):
        if _key().signed(found.group()):
            yield f"a token that verifies: {found.group()[:40]}…"
    for pattern, what in ((_PRIVATE, "a private key"), (_USERINFO, "a password in a URL")):
        for match in pattern.finditer(text):
            if match.group() not in _TOLD_BY_THE_KIT:
                yield f"{what}: {match.group()[:60]}"
    if CANARY in text:
        at = text.index(CANARY)
        yield f"a password: {text[max(0, at - 40) : at + 20]}"


def _unwrapped(text: str) -> Iterator[str]:
    """Give what stands in base64, as bodies that are no text are written down."""
    for found in _BASE64.finditer(text):
        raw = found.group().rstrip("=")
        yield base64.b64decode(raw[: len(raw) // 4 * 4]).decode("latin-1")


@cache
def _key() -> VerifyingKey:
    """The key of every Registry of the stands: the kit's own test key."""
    return FakeRegistry().key.public


def record_text(record: RunRecord) -> str:
    """Give a record as it stands on the disk."""
    lines: list[dict[str, Any]] = [record.header, *record.others, *record.tokens.values()]
    lines += [each.as_json() for each in record.exchanges.values()]
    lines += [each.as_json() for each in record.verdicts.values()]
    lines += [record.footer] if record.footer is not None else []
    return "\n".join(map(dump, lines))


def report_texts(record: RunRecord) -> Iterable[tuple[str, str]]:
    """Write a record in every form that the kit knows, the terminal's included."""
    run = Run(record)
    for name in formats():
        for file, content in render(name, [run]).items():
            yield f"{name} {file}", content.decode()
    yield "terminal", terminal(record, detail="verbose")
    verdicts = [each.as_json() for each in record.verdicts.values()]
    yield "json", json.dumps(verdicts)
