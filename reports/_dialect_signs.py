"""Signs of a dialect: every word, member and path in a record by which a dialect shows itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from udckit.conformance import Exchange, Observation, RunRecord
from udckit.conformance.observation import Tally
from udckit.reports._seen import route
from udckit.reports._sent import sent
from udckit.specs import dialects

__all__ = ["Sign", "contract_body", "listed_paths", "signs", "vocabulary"]

_ASPECTS: Final = {
    "health.status": "health_status",
    "health": "health_members",
    "capabilities": "capabilities",
    "state": "state",
    "dependencies": "dependencies",
    "message": "message_request",
    "receipt": "message_response",
    "error": "error",
    "claims": "claims",
}
"""Where the words of an area stand in what a dialect says of itself."""

_READ: Final = ("health", "capabilities", "state", "dependencies")
_DENIED: Final = re.compile(r"\*\*no \w+\*\*|\bno \w+")
_IDENTIFIER: Final = re.compile(r"[a-z][a-z0-9_]*[a-z0-9]")
_AS_MESH: Final = re.compile(r"\bsame\b|\bM fields\b")
_ENVELOPE: Final = frozenset({"status", "data"})
_CALLERS_FAULTS: Final = range(400, 500)
_GOOD: Final = range(200, 300)
_ABSENT: Final = frozenset({404, 405, 501})
_PARAMETER: Final = re.compile(r"\\\{[^/}]*\\\}")


@dataclass(frozen=True, slots=True)
class Sign:
    """One word that tells a dialect: what it is, where it was seen, and whose it is."""

    area: str
    word: str
    where: str
    whose: tuple[str, ...]


@cache
def vocabulary() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Give the words of each dialect by area: those that tell it, and those that it uses."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for key, dialect in dialects().items():
        words: dict[str, frozenset[str]] = {}
        for area in {*_ASPECTS, *dialect.tells}:
            says = dialect.says.get(_ASPECTS.get(area, ""), "")
            used = set(_IDENTIFIER.findall(_DENIED.sub("", says)))
            if _AS_MESH.search(says) and "M" in found:
                used |= found["M"].get(area, frozenset())
            words[area] = frozenset(used | set(dialect.tells.get(area, ())))
        found[key] = words
    return found


def signs(record: RunRecord) -> tuple[Sign, ...]:
    """Collect the signs of a record, each once."""
    found: dict[tuple[str, str], Sign] = {}
    for area, word, where in _all(record):
        whose = tuple(key for key, words in vocabulary().items() if word in words.get(area, ()))
        if whose:
            found.setdefault((area, word), Sign(area, word, where, whose))
    return tuple(found.values())


def contract_body(record: RunRecord, path: str) -> dict[str, Any] | None:
    """Give what a route of the contract says, taken out of an envelope where it stands in one."""
    return next((body for _, body in _good_bodies(record, path)), None)


def listed_paths(record: RunRecord) -> Iterator[tuple[str, str]]:
    """Give the methods and paths that the target says it serves, in its OpenAPI document."""
    for exchange in record.exchanges.values():
        if exchange.answer is None or "openapi" not in exchange.answer.body:
            continue  # most answers are none, and need not be parsed to know it
        body = _json(exchange)
        if not isinstance(body, dict) or not isinstance(body.get("openapi"), str):
            continue
        paths = body.get("paths")
        for path, item in paths.items() if isinstance(paths, dict) else ():
            for method in item if isinstance(item, dict) else ():
                yield str(method).upper(), str(path)


def _all(record: RunRecord) -> Iterator[tuple[str, str, str]]:
    yield from _read(record)
    yield from _answers(record)
    yield from _paths(record)
    yield from _heard(record)


def _read(record: RunRecord) -> Iterator[tuple[str, str, str]]:
    for area in _READ:
        where = f"GET /{area}"
        body = next(_good_bodies(record, f"/{area}"), None)
        if body is None:
            continue
        exchange, members = body
        if _wrapped(_json(exchange)):
            yield from (("envelope", name, where) for name in _json(exchange))
        for name, value in members.items():
            yield area, name, where
            if area == "health" and name == "status" and isinstance(value, str):
                yield "health.status", value, where


def _good_bodies(record: RunRecord, path: str) -> Iterator[tuple[Exchange, dict[str, Any]]]:
    for exchange in record.exchanges.values():
        if exchange.answer is None or exchange.answer.status not in _GOOD:
            continue
        if exchange.request.method != "GET" or route(record, exchange) != path:
            continue
        body = _json(exchange)
        if _wrapped(body):
            yield exchange, body["data"]
        elif isinstance(body, dict):
            yield exchange, body


def _wrapped(body: Any) -> bool:
    """True for an envelope: what the contract wants bare stands in a member `data`."""
    return (
        isinstance(body, dict) and isinstance(body.get("data"), dict) and body.keys() >= _ENVELOPE
    )


def _answers(record: RunRecord) -> Iterator[tuple[str, str, str]]:
    """Read receipts and errors: what a message was answered with, and how it was turned down."""
    own = vocabulary()["F"]["message"] | {"from_service", "message_type", "payload", "reply_to"}
    for exchange in record.exchanges.values():
        if exchange.answer is None:
            continue
        where = f"{exchange.request.method} {route(record, exchange)}"
        is_message = where == "POST /message"
        status = exchange.answer.status
        if status not in _CALLERS_FAULTS and not (is_message and status in _GOOD):
            continue
        body = _json(exchange)
        if not isinstance(body, dict):
            continue
        if is_message and status in _GOOD:
            body = body["data"] if _wrapped(body) else body
            yield from (("receipt", name, where) for name in body)
        elif status in _CALLERS_FAULTS:
            yield from (("error", name, where) for name in body)
            if is_message:
                asked = set(_texts(body)) - own
                yield from (("message", word, f"{where}, refused without it") for word in asked)


def _paths(record: RunRecord) -> Iterator[tuple[str, str, str]]:
    for method, path in listed_paths(record):
        for template in _templates():
            if template == f"{method} {path}" or _fits(template, method, path):
                yield "paths", template, "its OpenAPI document"


def _heard(record: RunRecord) -> Iterator[tuple[str, str, str]]:
    """Read what it sends: where it registers, where it beats, who signs for it."""
    for call in sent(record):
        where = str(call)
        yield from (
            ("paths", each, where) for each in _templates() if _fits(each, call.method, call.path)
        )
        if isinstance(call.body, dict) and "regist" in call.path:
            yield from (("registration", name, where) for name in call.body)
        for token in call.tokens:
            claims = token.get("claims")
            names = claims if isinstance(claims, dict) else ()
            yield from (("claims", name, f"the token of {where}") for name in names)


def _fits(template: str, method: str, path: str) -> bool:
    """True where a request is one that a dialect's path describes, parameters filled in."""
    wanted, _, shape = template.partition(" ")
    pattern = _PARAMETER.sub("[^/]+", re.escape(shape))
    return wanted == method and re.fullmatch(pattern, path) is not None


@cache
def _templates() -> tuple[str, ...]:
    known = (dialect.tells.get("paths", ()) for dialect in dialects().values())
    return tuple(dict.fromkeys(each for paths in known for each in paths))


def _json(exchange: Exchange) -> Any:
    seen = Observation(exchange, Tally())
    return seen.json if seen.json_trouble is None else None


def _texts(value: Any, depth: int = 6) -> Iterator[str]:
    """Give every text in a JSON value, member names left out."""
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, dict | list):
        inner: Iterable[Any] = value.values() if isinstance(value, dict) else value
        for each in inner:
            yield from _texts(each, depth - 1)
