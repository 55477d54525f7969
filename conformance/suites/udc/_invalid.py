"""Requests that are no valid input: each is wrong in one thing, and named by it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from udckit.conformance import MISSING, Ask, Probe, quote
from udckit.conformance.suites.udc._ground import message_with, whoever_we_are

__all__ = ["hostile", "missing_or_mistyped", "wrong_content_type"]

_MEMBERS: Final = ("from_service", "message_type", "payload")
_MISTYPED: Final[tuple[tuple[str, Any], ...]] = (
    ("from_service", {"name": "udckit"}),
    ("message_type", ["query"]),
    ("payload", [1, 2]),
    ("payload", "text"),
)
"""Values that no scalar coercion saves (CONF-46)."""

_NO_OBJECTS: Final = (b"[]", b'"query"', b"null", b"", b'{"from_service": "udckit-probe", ')

_JSON: Final = "application/json"
_DEEP: Final = 2_000
_DIGITS: Final = 5_000


def missing_or_mistyped(service: Probe) -> list[tuple[str, Ask]]:
    """Messages that lack a member, or have one of a wrong type, or are no JSON object at all."""
    us = whoever_we_are(service)
    changes = [
        *((name, MISSING) for name in _MEMBERS),
        *((name, None) for name in _MEMBERS),
        *_MISTYPED,
    ]
    asks = [
        (f"a message with `{name}` {quote(value)}", service.a_message(token=us, **{name: value}))
        for name, value in changes
    ]
    return asks + [
        (f"the body {body.decode() or 'that is empty'}", Ask("POST", "/message", us, body=body))
        for body in _NO_OBJECTS
    ]


def wrong_content_type(service: Probe) -> tuple[str, Ask]:
    """Give a valid message that calls itself text/plain."""
    valid = service.a_message(token=whoever_we_are(service))
    return "a message as text/plain", replace(valid, content_type="text/plain")


def hostile(service: Probe) -> list[tuple[str, Ask]]:
    """Input that parsers stumble over: any status below 500 is right for it."""
    us = whoever_we_are(service)
    valid = service.a_message(token=us)
    many = b"9" * _DIGITS
    return [
        ("NaN in the payload", message_with(service, b'{"n":NaN}')),
        ("a number beyond every float", message_with(service, b'{"n":1e999}')),
        (f"a number of {_DIGITS} digits", message_with(service, b'{"n":%b}' % many)),
        ("bytes that are no UTF-8", message_with(service, b'{"text":"\xff\xfe\xc3("}')),
        (f"{_DEEP} brackets that nobody closes", Ask("POST", "/message", us, body=b"[" * _DEEP)),
        ("a NUL in `message_type`", service.a_message(token=us, message_type="\0")),
        ("an object as `reply_to`", service.a_message(token=us, reply_to={"url": 1})),
        ("a number as `reply_to`", service.a_message(token=us, reply_to=7)),
        ("a charset that nobody knows", replace(valid, content_type=f"{_JSON}; charset=udckit")),
        ("a form", replace(valid, content_type="application/x-www-form-urlencoded")),
        ("a multipart body without a boundary", replace(valid, content_type="multipart/form-data")),
        ("no content type", replace(valid, content_type=None)),
        ("a query that is no percent-encoding", Ask("GET", "/state?%zz=%ff&%00")),
        ("a path that is no UTF-8", Ask("GET", "/udckit-%ff%fe")),
    ]
