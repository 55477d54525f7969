"""What was found, what the contract wants, and what to change: field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from udckit.conformance import Exchange, Observation, RunRecord, quote
from udckit.conformance.observation import Tally
from udckit.reports._dialect_signs import contract_body, listed_paths
from udckit.reports._printable import one_line
from udckit.reports._seen import route
from udckit.reports._sent import sent
from udckit.specs import dialects, surface

__all__ = ["Gap", "gaps", "notes", "said_gaps"]

_ROUTES: Final = {
    "/health": "getHealth",
    "/capabilities": "getCapabilities",
    "/state": "getState",
    "/dependencies": "getDependencies",
}
_RENAMED: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "/health": {
        "uptime_seconds": ("uptime", "uptime_sec"),
        "timestamp": ("updated_at", "time"),
    },
    "/capabilities": {
        "service_name": ("service", "name"),
        "droplet_id": ("id",),
        "capabilities": ("features",),
        "supported_operations": ("operations",),
        "integration_endpoints": ("endpoints",),
    },
    "/state": {"metrics": ()},
    "/dependencies": {
        "required_services": ("required", "connected"),
        "optional_services": ("optional",),
    },
    "/message": {"message_id": ("trace_id", "id"), "status": ("result",)},
}
"""Members that other dialects name otherwise."""

_FIGURES: Final = ("requests_total", "requests_per_minute", "cpu_percent", "cpu", "current_load")
_WORDS: Final = {
    "active": "healthy",
    "ok": "healthy",
    "up": "healthy",
    "inactive": "degraded",
    "maintenance": "degraded",
    "error": "unhealthy",
}
_PROTOCOL: Final = ("auth", "claims", "register", "heartbeat", "discovery", "tasks")
_FIVE: Final = ("/health", "/capabilities", "/state", "/dependencies", "/message")
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_GOOD: Final = range(200, 300)
_OK: Final = 200
_LONGEST: Final = 70


@dataclass(frozen=True, slots=True)
class Gap:
    """One place where the target and the contract differ."""

    where: str
    found: str
    wanted: str
    change: str


def gaps(record: RunRecord) -> tuple[Gap, ...]:
    """Compare every body that was read with the contract's schema, member by member."""
    found = [gap for path in _ROUTES for gap in _of_route(record, path)]
    found += _of_receipts(record)
    return tuple(
        Gap(*(one_line(text) for text in (each.where, each.found, each.wanted, each.change)))
        for each in found
    )


def said_gaps(key: str) -> tuple[Gap, ...]:
    """Say where a dialect's own text differs in what it asks of Registry and Orchestrator."""
    theirs, ours = dialects()[key].says, dialects()["F"].says
    return tuple(
        Gap(aspect, theirs[aspect] or "says nothing", ours[aspect], "follow the contract here")
        for aspect in _PROTOCOL
        if theirs.get(aspect) != ours.get(aspect)
    )


def notes(record: RunRecord) -> tuple[str, ...]:
    """Say what is common in the field and no right of a droplet: redirects, 202s, prefixes."""
    told: dict[str, None] = {}
    for exchange in record.exchanges.values():
        answer, path = exchange.answer, route(record, exchange)
        if answer is None or path.rstrip("/") not in _FIVE:
            continue
        name = f"{exchange.request.method} {path}"
        if answer.status in _REDIRECTS:
            told[f"{name} answers {answer.status} to {_location(exchange)}: serve it there"] = None
        elif answer.status in _GOOD and answer.status != _OK:
            told[f"{name} answers {answer.status}: the contract says 200"] = None
    prefix = _prefix(record)
    if prefix is not None:
        told[
            f"the endpoints stand under {prefix}: mount them at the root ({_base_path(prefix)})"
        ] = None
    told.update(dict.fromkeys(_signatures(record)))
    return tuple(one_line(each) for each in told)


def _base_path(prefix: str) -> str:
    return f"until then: --base-path {prefix}"


def _of_route(record: RunRecord, path: str) -> Iterator[Gap]:
    body = contract_body(record, path)
    if body is None:
        statuses = [
            exchange.answer.status
            for exchange in record.exchanges.values()
            if exchange.answer is not None
            and exchange.request.method == "GET"
            and route(record, exchange) == path
        ]
        if statuses:
            yield Gap(
                f"GET {path}",
                f"status {statuses[0]}, no JSON object"
                if statuses[0] == _OK
                else f"status {statuses[0]}",
                "a JSON object",
                f"serve GET {path}",
            )
        return
    operation = surface("udc").operations[_ROUTES[path]]
    for problem in operation.response_problems(_OK, body):
        name, _, rest = problem.at.partition(".")
        found = f"`{problem.at}` {problem.observed}"
        change = f"make `{problem.at}` {problem.expected}"
        if not rest and name not in body:
            found, change = _missing(path, name, body, problem.expected)
        elif problem.at == "status" and path == "/health":
            change = _word(body.get("status"))
        yield Gap(f"GET {path} {problem.at}", found, f"`{problem.at}` {problem.expected}", change)


def _missing(path: str, name: str, body: Mapping[str, Any], expected: str) -> tuple[str, str]:
    other = next((each for each in _RENAMED.get(path, {}).get(name, ()) if each in body), None)
    if other is not None:
        return f"`{other}` {_short(body[other])}", f"rename `{other}` to `{name}`, as {expected}"
    figures = [each for each in _FIGURES if each in body]
    if name == "metrics" and figures:
        named = ", ".join(f"`{each}`" for each in figures)
        return f"{named} beside it", "put the figures into `metrics`"
    return "no such member", f"add `{name}`: {expected}"


def _word(value: Any) -> str:
    if isinstance(value, str) and value.lower() in _WORDS:
        return f"say `{_WORDS[value.lower()]}` where it says `{value}`"
    return "say `healthy`, `degraded` or `unhealthy`"


def _of_receipts(record: RunRecord) -> Iterator[Gap]:
    operation = surface("udc").operations["postMessage"]
    for exchange in record.exchanges.values():
        if exchange.answer is None or exchange.answer.status not in _GOOD:
            continue
        if exchange.request.method != "POST" or route(record, exchange) != "/message":
            continue
        body = Observation(exchange, Tally()).json
        for problem in operation.response_problems(_OK, body) if isinstance(body, dict) else ():
            found, change = f"`{problem.at}` {problem.observed}", f"make it {problem.expected}"
            if problem.at and problem.at not in body and "." not in problem.at:
                found, change = _missing("/message", problem.at, body, problem.expected)
            where = f"POST /message {problem.at}"
            yield Gap(where, found, f"`{problem.at}` {problem.expected}", change)
        return


def _location(exchange: Exchange) -> str:
    headers = exchange.answer.headers if exchange.answer is not None else ()
    return next((value for name, value in headers if name.lower() == "location"), "nowhere")


def _prefix(record: RunRecord) -> str | None:
    """Find what the contract's paths stand under, in the target's own list of its routes."""
    under: dict[str, int] = {}
    for _, path in listed_paths(record):
        for each in _FIVE:
            if path.endswith(each) and path != each:
                prefix = path.removesuffix(each)
                under[prefix] = under.get(prefix, 0) + 1
    best = max(under, key=lambda each: under[each], default=None)
    return best if best is not None and under[best] > 1 else None


def _signatures(record: RunRecord) -> Iterator[str]:
    """Say with what the tokens of the target's own are signed, where that is not RS256."""
    for token in (token for call in sent(record) for token in call.tokens):
        header = token.get("header")
        algorithm = header.get("alg") if isinstance(header, dict) else None
        if isinstance(algorithm, str) and algorithm != "RS256":
            yield f"it sends a token signed with {algorithm}: the contract knows RS256 only"


def _short(value: Any) -> str:
    text = quote(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
