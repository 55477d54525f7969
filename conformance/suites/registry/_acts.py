"""What the checks of a Registry do: register under names of the kit's own, and look them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote as percent

from udckit.conformance import (
    ANONYMOUS,
    MISSING,
    VALID,
    Ask,
    NotObserved,
    Observation,
    Probe,
    quote,
)
from udckit.conformance.probe import Token
from udckit.fakes import VerifyingKey

CAPABILITIES: Final = ("udckit-probing", "udckit-echoing")
PORT: Final = 8010

_PEERS: Final = (
    "peer",
    "plain",
    "wordy",
    "held",
    "fresh",
    "refused",
    *(f"hostile-{number}" for number in range(9)),
    *(f"at-once-{number}" for number in range(8)),
    *(f"twin-{number}" for number in range(8)),
)
"""Who the kit registers as; the place in this list makes the droplet_id."""

_CREATED: Final = 201
_OK: Final = 200
_NOT_FOUND: Final = 404
_REFUSED: Final = frozenset({401, 403})
_SETTLED: Final = 2.0
_TWIN_HOLDS_FOR: Final = 8


def name_of(service: Probe, peer: str) -> str:
    """Give the name under which a peer of the kit is registered in this run."""
    own = service.identity.service_name
    return f"{own if own.startswith('udckit-') else 'udckit-probe'}-{peer}"


def facts_of(service: Probe, peer: str, **members: Any) -> dict[str, Any]:
    """Make a valid registration; members given replace those of it, MISSING leaves one out."""
    body = {
        "name": name_of(service, peer),
        "droplet_id": service.identity.droplet_id + 1 + _PEERS.index(peer),
        "port": PORT,
        "health_endpoint": "/health",
        "capabilities": list(CAPABILITIES),
        "version": "1.0.0",
        "udc_compliant": True,
        **members,
    }
    return {member: value for member, value in body.items() if value is not MISSING}


def a_registration(service: Probe, peer: str, **members: Any) -> Ask:
    """Ask for a registration, without a token where that is let in (CONF-05)."""
    return Ask("POST", "/register", _credential(service), facts_of(service, peer, **members))


def anonymous_registration(service: Probe) -> Observation:
    """Give the run's one registration without a token, and its answer."""
    ask = Ask("POST", "/register", ANONYMOUS, facts_of(service, "peer"))
    return service.once("registration without a token", ask)


def registration(service: Probe) -> Observation:
    """Give the run's one valid registration and its answer, whatever that is."""
    seen = anonymous_registration(service)
    if seen.status not in _REFUSED:
        return seen
    if not service.has_token:
        raise NotObserved("no registration without a token", blocked_by="REG-REGISTER-002")
    ask = Ask("POST", "/register", VALID, facts_of(service, "peer"))
    return service.once("registration with a token", ask)


def _credential(service: Probe) -> Token:
    refused = anonymous_registration(service).status in _REFUSED
    return VALID if refused and service.has_token else ANONYMOUS


def registered(service: Probe) -> Observation:
    """Give the run's one registration, where it is one."""
    seen = registration(service)
    if seen.status != _CREATED or not isinstance(seen.json, dict):
        raise NotObserved("a valid registration is not taken", blocked_by="REG-REGISTER-001")
    return seen


def refused_beside_twins(service: Probe, asks: Iterable[Ask]) -> Iterable[Observation]:
    """Send what should be refused, eight at most between two valid registrations."""
    for number, ask in enumerate(asks):
        if number % _TWIN_HOLDS_FOR == 0:
            _twin(service, number // _TWIN_HOLDS_FOR)
        yield service.send(ask)
    _twin(service, 7)


def _twin(service: Probe, number: int) -> None:
    registered(service)
    seen = service.send(a_registration(service, f"twin-{number}"))
    if seen.status != _CREATED:
        told = seen.status or seen.exchange.trouble_in_words
        raise NotObserved(
            f"a valid registration beside the refused ones came to {told}",
            blocked_by="REG-REGISTER-001",
        )


def claims_of(service: Probe, seen: Observation) -> Mapping[str, Any]:
    """Give the claims of the token in an answer, which somebody may have signed or not."""
    facts = service.token_of(seen.member("token"))
    if facts is None or not isinstance(facts.claims, dict):
        raise NotObserved("the token cannot be read", blocked_by="REG-TOKEN-001")
    return facts.claims


def public_key(service: Probe) -> Observation:
    """Give the run's one reading of the public key."""
    return service.once("public key", Ask("GET", "/auth/public-key", ANONYMOUS))


def usable_key(service: Probe) -> str:
    """Give the public key, where it is one."""
    pem = public_key(service).member("public_key")
    if key_of(pem) is None:
        raise NotObserved(f"the public key is none: {quote(pem)}", blocked_by="REG-KEY-001")
    return str(pem)


def key_of(pem: Any) -> VerifyingKey | None:
    """Read an RSA public key; None for anything else."""
    try:
        return VerifyingKey(pem) if isinstance(pem, str) else None
    except ValueError:
        return None


def by_name(name: str) -> str:
    """Give the path of a name in the directory."""
    return f"/services/by-name/{percent(name, safe='')}"


def found(service: Probe) -> Observation:
    """Look the registered peer up; a directory that needs a moment is given one."""
    registered(service)
    path = by_name(name_of(service, "peer"))
    seen = service.read(path)
    if seen.status == _NOT_FOUND:
        return service.read_later(path, after=seen, seconds=_SETTLED)
    return seen


def in_directory(service: Probe) -> Observation:
    """Look the registered peer up, where the directory shows it at all."""
    seen = found(service)
    if seen.status != _OK or not isinstance(seen.json, dict):
        raise NotObserved("a registered name is not found", blocked_by="REG-SVC-001")
    return seen


def listing(service: Probe) -> Observation:
    """Give the run's one listing."""
    registered(service)
    return service.read("/services")


def listed(seen: Observation) -> list[Any] | None:
    """Give the services of a listing; None where it is none."""
    body = seen.json
    items = body.get("services") if isinstance(body, dict) else body
    return items if seen.status == _OK and isinstance(items, list) else None


def item_of(items: list[Any], name: str, number: Any) -> Any:
    """Find a service among listed items, by name or by service_id; MISSING where it is not."""
    for item in items:
        if isinstance(item, dict) and (name in _texts(item) or item.get("service_id") == number):
            return item
        if item == name:
            return item
    return MISSING


def _texts(item: Mapping[str, Any]) -> list[str]:
    return [value for value in item.values() if isinstance(value, str)]


def clock_of(seen: Observation) -> float:
    """Tell the target's clock at an answer: by its Date header, else by the kit's."""
    try:
        return parsedate_to_datetime(seen.header("date") or "").timestamp()
    except ValueError:
        return seen.at
