"""When a strike happens: what must be so of a request, its turn, and its answer."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from faults.wire import Message

if TYPE_CHECKING:
    from faults.verifying import Trust, Verifier

__all__ = ["When", "as_json", "opened"]

MISSING: Final = object()
_STATUS: Final = re.compile(r"[1-5]([0-9]{2}|xx)")


@dataclass(frozen=True, slots=True)
class When:
    """Everything that is given must hold; nothing given strikes each time.

    `nth`, `since` and `every` count the exchanges for which all else holds, from 1. `lacks`,
    `is_null` and `has` name a member of the request's JSON object, `members` values that it has,
    `outside` a string that is none of those listed, `text` a pattern of the whole body.
    `larger` is bytes of the request's body, `target` a pattern of path and query, `concurrent`
    how many such exchanges are under way, `again` how often the same target and body came before
    at least. `header` maps names to patterns, `claims` members of the token to values; `jose` and
    `payload` are patterns of the token's header and claims as they are written. `verifier` is whom
    a verifier lets in. `status` is the answer's, as 404 or 4xx.
    """

    nth: int | None = None
    since: int | None = None
    every: int | None = None
    lacks: str | None = None
    is_null: str | None = None
    has: str | None = None
    members: Mapping[str, Any] | None = None
    outside: Mapping[str, Any] | None = None
    text: str | None = None
    larger: int | None = None
    body: Literal["malformed", "no object", "empty", "object"] | None = None
    authorization: Literal["absent", "present"] | None = None
    alg: str | None = None
    claims: Mapping[str, Any] | None = None
    jose: str | None = None
    payload: str | None = None
    verifier: Verifier | None = None
    header: Mapping[str, str] | None = None
    target: str | None = None
    concurrent: int | None = None
    again: int = 0
    status: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for each in self.status:
            if not _STATUS.fullmatch(each):
                raise ValueError(f"`{each}` is no status: write 404, or 4xx")
        for name in ("body", "authorization"):
            allowed = {
                "body": {"malformed", "no object", "empty", "object"},
                "authorization": {"absent", "present"},
            }[name]
            value = getattr(self, name)
            if value is not None and value not in allowed:
                raise ValueError(f"{name} is one of {', '.join(sorted(allowed))}; not {value!r}")

    def fits(self, request: Message, trust: Trust | None = None) -> bool:
        """True where the request is of the kind that is struck; turns are not counted yet."""
        return (
            self._fits_body(request)
            and self._fits_token(request)
            and self._is_let_in(request, trust)
            and (self.larger is None or len(request.body) > self.larger)
            and (self.target is None or re.search(self.target, request.target) is not None)
            and (self.text is None or re.search(self.text, _text(request)) is not None)
            and all(
                re.search(pattern, request.header(name) or "") is not None
                for name, pattern in (self.header or {}).items()
            )
        )

    def is_turn(self, number: int) -> bool:
        """True where the exchange with this number, counted from 1, is one to strike."""
        return (
            (self.nth is None or number == self.nth)
            and (self.since is None or number >= self.since)
            and (self.every is None or number % self.every == 0)
        )

    def is_answered(self, status: int) -> bool:
        """True where the answer has one of the status codes."""
        if not self.status:
            return True
        return any(each in {str(status), f"{status // 100}xx"} for each in self.status)

    def _fits_body(self, request: Message) -> bool:
        wanted = (self.lacks, self.is_null, self.has, self.members, self.outside, self.body)
        if all(each is None for each in wanted):
            return True
        value = as_json(request.body)
        if self.body is not None:
            kind = "malformed" if value is MISSING else "no object"
            kind = "empty" if not request.body else kind
            if self.body != ("object" if isinstance(value, dict) else kind):
                return False
        if all(each is None for each in wanted[:-1]):
            return True
        if not isinstance(value, dict):
            return False
        return (
            (self.lacks is None or self.lacks not in value)
            and (self.is_null is None or value.get(self.is_null, MISSING) is None)
            and (self.has is None or value.get(self.has) is not None)
            and all(value.get(key) == known for key, known in (self.members or {}).items())
            and all(
                isinstance(value.get(key), str) and value[key] not in known
                for key, known in (self.outside or {}).items()
            )
        )

    def _fits_token(self, request: Message) -> bool:
        given = request.header("authorization")
        if self.authorization is not None and (given is None) != (self.authorization == "absent"):
            return False
        if all(each is None for each in (self.alg, self.claims, self.jose, self.payload)):
            return True
        head, body = opened(request)
        header, claims = _object(head), _object(body)
        return (
            (self.alg is None or str(header.get("alg", "")).lower() == self.alg.lower())
            and all(claims.get(key) == value for key, value in (self.claims or {}).items())
            and (self.jose is None or re.search(self.jose, head) is not None)
            and (self.payload is None or re.search(self.payload, body) is not None)
        )

    def _is_let_in(self, request: Message, trust: Trust | None) -> bool:
        if self.verifier is None:
            return True
        if trust is None:
            raise RuntimeError("a `verifier` needs a proxy that knows the Registry's key")
        return self.verifier.lets_in(request, trust)


def _text(request: Message) -> str:
    return request.body.decode("utf-8", "replace")


def as_json(body: bytes) -> Any:
    """Read a body; MISSING where it is no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return MISSING


def opened(request: Message) -> tuple[str, str]:
    """Give a bearer token's header and claims as they are written, whoever signed it."""
    parts = (request.header("authorization") or "").split(" ")[-1].split(".")
    read = [_segment(part) for part in parts[:2]] + ["", ""]
    return read[0], read[1]


def _segment(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return ""


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
