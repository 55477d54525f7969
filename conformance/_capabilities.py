"""Capabilities: what a target has, looked for before anything is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from udckit.conformance.calls import asking_for_a_callback
from udckit.conformance.errors import NotObserved
from udckit.conformance.observation import Observation
from udckit.conformance.probe import ANONYMOUS, VALID, Ask, Probe
from udckit.specs import requirement

__all__ = [
    "CAPABILITIES",
    "FOREIGN_ORIGIN",
    "asked_from_elsewhere",
    "metrics_page",
    "openapi_document",
]

Look = Callable[[Probe], bool]

FOREIGN_ORIGIN: Final = "https://evil.example"

_OK: Final = 200
_REDIRECT: Final = range(300, 400)
_PROMETHEUS: Final = frozenset({"text/plain", "application/openmetrics-text"})
_DATABASES: Final = frozenset({"database", "db", "sql"})
_CACHES: Final = ("redis", "valkey")


def _openly(service: Probe, path: str, *, once: bool = False) -> Observation:
    """GET anonymously, else with a valid token; follow one redirect on the same origin."""

    def get(path: str, how: str, **more: Any) -> Observation:
        ask = Ask("GET", path, **more)
        return service.once(f"{path} {how}", ask) if once else service.send(ask)

    seen = get(path, "openly", token=ANONYMOUS)
    if seen.status in {401, 403} and service.has_token:
        seen = get(path, "with a token", token=VALID)
    target = seen.header("location") if seen.status in _REDIRECT else None
    base = seen.exchange.base
    if target is not None and (target.startswith(base + "/") or _is_path(target)):
        seen = get(target.removeprefix(base), "after a redirect")
    return seen


def _is_path(target: str) -> bool:
    return target.startswith("/") and not target.startswith("//")


def metrics_page(service: Probe) -> Observation:
    """Read /metrics as the capability is looked for."""
    return _openly(service, "/metrics")


def openapi_document(service: Probe) -> Observation:
    """Read /openapi.json as the capability is looked for; once in a run."""
    return _openly(service, "/openapi.json", once=True)


def _metrics(service: Probe) -> bool:
    seen = metrics_page(service)
    if not seen.answered:
        raise NotObserved("no answer")
    return seen.status == _OK and seen.media_type in _PROMETHEUS


def _openapi(service: Probe) -> bool:
    seen = openapi_document(service)
    if not seen.answered:
        raise NotObserved("no answer")
    version = seen.member("openapi")
    return seen.status == _OK and isinstance(version, str) and version.startswith("3.")


def _listed(service: Probe) -> list[Mapping[str, Any]]:
    """Give the services that /dependencies lists."""
    seen = service.read("/dependencies")
    if seen.status != _OK or not isinstance(seen.json, dict):
        raise NotObserved("no reading of /dependencies")
    lists = (seen.member("required_services"), seen.member("optional_services"))
    return [
        item for each in lists if isinstance(each, list) for item in each if isinstance(item, dict)
    ]


def _database(service: Probe) -> bool:
    return any(str(item.get("type")).lower() in _DATABASES for item in _listed(service))


def _redis(service: Probe) -> bool:
    named = [f"{item.get('name')} {item.get('type')}".lower() for item in _listed(service)]
    return any(word in each for each in named for word in _CACHES)


def _database_or_redis(service: Probe) -> bool:
    return _database(service) or _redis(service)


def _request_metrics(service: Probe) -> bool:
    seen = service.read("/state")
    if seen.status != _OK or not isinstance(seen.json, dict):
        raise NotObserved("no reading of /state")
    metrics = seen.member("metrics")
    return "last_activity" in seen.json or (
        isinstance(metrics, dict) and any("request" in name.lower() for name in metrics)
    )


def _async_messages(service: Probe) -> bool:
    """A message of a peer that listens is the likeliest to be answered later."""
    _for_later_stages(service)
    seen = asking_for_a_callback(service)
    if seen.status != _OK or not isinstance(seen.json, dict):
        raise NotObserved("no message was accepted")
    return bool(seen.member("status") == "processing")


def _cors(service: Probe) -> bool:
    _for_later_stages(service)
    seen = asked_from_elsewhere(service)
    if not seen.answered:
        raise NotObserved("no answer")
    return seen.header("access-control-allow-origin") is not None


def asked_from_elsewhere(service: Probe) -> Observation:
    """Read /health as a browser does for a page of another origin."""
    ask = Ask("GET", "/health", token=ANONYMOUS, headers=(("Origin", FOREIGN_ORIGIN),))
    return service.once("/health from another origin", ask)


def _log(service: Probe) -> bool:
    _for_later_stages(service)
    return service.log() is not None


def _for_later_stages(service: Probe) -> None:
    """Stage 1 alone needs none of it, and is spared the requests."""
    settings = service.settings
    stages: set[str] = {requirement(each).stage for each in settings.only}
    stages = stages or set(settings.stages)
    if stages == {"shape"}:
        raise NotObserved("stage shape does not ask for it")


def _tls(service: Probe) -> bool:
    return service.settings.target.startswith("https://")


def _signing_key(service: Probe) -> bool:
    """A Registry owes the rows of its key to who has it; whoever trusts a Registry always does."""
    return _always_for_key_clients(service) or "sign" in service.can


def _always_for_key_clients(service: Probe) -> bool:
    return service.settings.role != "registry"


CAPABILITIES: Final[Mapping[str, Look]] = {
    "metrics": _metrics,
    "openapi": _openapi,
    "request-metrics": _request_metrics,
    "database": _database,
    "redis": _redis,
    "database-or-redis": _database_or_redis,
    "tls": _tls,
    "cors": _cors,
    "log": _log,
    "async-messages": _async_messages,
    "key-client": _always_for_key_clients,
    "signing-key": _signing_key,
}
"""Capabilities that are shown on the wire, each with the look that finds it.

The others (peers, external-apis, rate-limits-tested, …) are declared, or found by the stage
that observes them.
"""
