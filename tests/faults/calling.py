"""What a wrong droplet does beside answering: it calls somebody, and writes into its log."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
import urllib.request
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from faults.conditions import as_json, opened
from faults.verifying import bearer
from udckit.conformance.heard import Line
from udckit.fakes import SigningKey

if TYPE_CHECKING:
    from faults.actions import Struck

__all__ = ["CALL", "call", "fetch", "log"]

CALL: Final = frozenset({"token", "plainly"})

_SHORT: Final = 1.0
_MINUTE: Final = 60


def call(struck: Struck, how: Mapping[str, Any]) -> None:
    """Call the `reply_to` of the message back, before it is answered.

    `token` is whose goes with it: own, sender, forged, expired, or none. `plainly` opens a
    connection and says nothing, whatever the scheme.
    """
    body = as_json(struck.request.body)
    target = body.get("reply_to") if isinstance(body, dict) else None
    if not isinstance(target, str):
        return
    with contextlib.suppress(OSError, ValueError):
        if how.get("plainly", False):
            _connect(target)
            return
        headers = {"Content-Type": "application/json"}
        token = _token(struck, how.get("token", "own"))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        outcome = {"message_id": "m-1", "status": "completed", "result": {}}
        request = urllib.request.Request(target, json.dumps(outcome).encode(), headers)  # noqa: S310 - the kit's own peer
        urllib.request.urlopen(request, timeout=_SHORT).close()  # noqa: S310 - likewise


def _token(struck: Struck, whose: str) -> str | None:
    trust = struck.trusted
    claims = {"service_id": 7, "service_name": "fleet-own", "exp": int(trust.now()) + _MINUTE}
    if whose == "forged":
        return _stranger().sign(claims)
    if whose == "expired":
        return trust.key.sign(claims | {"exp": int(trust.now()) - 60 * _MINUTE})
    return {"own": trust.own, "sender": bearer(struck.request)}.get(whose)


@cache
def _stranger() -> SigningKey:
    return SigningKey.generate("a stranger")


def _connect(target: str) -> None:
    found = re.search(r"//([\w.]+):(\d+)", target)
    if found is not None:
        socket.create_connection((found.group(1), int(found.group(2))), timeout=_SHORT).close()


def fetch(struck: Struck, member: str) -> None:
    """Fetch what a member of the token's header points at, as one does who trusts it."""
    told = json.loads(opened(struck.request)[0] or "{}").get(member)
    if isinstance(told, str):
        with contextlib.suppress(OSError, ValueError):
            urllib.request.urlopen(told, timeout=_SHORT).close()  # noqa: S310 - the kit's own peer


def log(struck: Struck, text: str) -> None:
    """Write a line into the log; `{authorization}` and `{target}` are the request's."""
    told = {
        "{authorization}": struck.request.header("authorization") or "-",
        "{target}": struck.request.target,
    }
    for mark, value in told.items():
        text = text.replace(mark, value)
    struck.logged.append(Line(time.time(), text))
