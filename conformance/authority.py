"""Authorities: who signs the tokens that the target trusts, and how the kit gets one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from udckit.conformance._wire import Outgoing, Wire
from udckit.conformance.errors import UnreachableError
from udckit.conformance.probe import TokenShelf
from udckit.conformance.settings import Identity
from udckit.fakes import FakeRegistry, VerifyingKey, decode_unverified

__all__ = [
    "NO_AUTHORITY",
    "PROBE_NAME",
    "Authority",
    "from_fake",
    "from_nothing",
    "from_registry",
    "from_token",
]

PROBE_NAME: Final = "udckit-probe"
PROBE_ID: Final = 990_001
_CREATED: Final = 201

NO_AUTHORITY: Final = (
    "no token: start your droplet against `udckit fakes up` and run again, or let the kit "
    "start it with --launch 'COMMAND --port {port}'"
)


@dataclass(frozen=True, slots=True)
class Authority:
    """Who gave the valid token. `kind` is kit, fakes, registry, token, or None for nobody."""

    kind: str | None
    tokens: TokenShelf
    identity: Identity = field(default_factory=Identity)
    signed_by: Callable[[str], str] = lambda _: "unknown"
    secrets: tuple[str, ...] = ()


def from_nothing() -> Authority:
    """No authority at all: what needs a token is not observed."""
    return Authority(None, TokenShelf(why_none=NO_AUTHORITY))


def from_token(token: str) -> Authority:
    """A token that the operator gave; its claims say who the kit is."""
    decoded = decode_unverified(token)
    claims = decoded.claims if decoded is not None else {}
    name, number = claims.get("service_name"), claims.get("service_id")
    identity = Identity(
        service_name=name if isinstance(name, str) else PROBE_NAME,
        service_id=number if isinstance(number, int) else 0,
    )
    return Authority("token", TokenShelf(valid=token), identity, secrets=(token,))


def from_fake(registry: FakeRegistry) -> Authority:
    """The kit's own Registry, which the droplet was started against."""
    admitted = registry.register(PROBE_NAME, PROBE_ID, capabilities=("probing",))

    def signed_by(token: str) -> str:
        return "authority" if registry.signed_by(token) is not None else "unknown"

    identity = Identity(PROBE_NAME, admitted.service_id)
    return Authority("kit", TokenShelf(valid=admitted.token), identity, signed_by)


def from_registry(
    url: str,
    *,
    kind: str = "registry",
    headers: Iterable[tuple[str, str]] = (),
    ca_file: str | None = None,
) -> Authority:
    """Register the kit at a Registry as any droplet would; raise UnreachableError without one."""
    wire = Wire(url, ca_file=ca_file)
    try:
        asked = {
            "name": PROBE_NAME,
            "droplet_id": PROBE_ID,
            "port": 8010,
            "health_endpoint": "/health",
            "capabilities": ["probing"],
            "version": "1.0.0",
            "udc_compliant": True,
        }
        status, answer = _call(wire, "POST", "/register", asked, headers)
        token, number = answer.get("token"), answer.get("service_id")
        if status != _CREATED or not isinstance(token, str) or not isinstance(number, int):
            why = f"the Registry at {url} answered {status} to the kit's registration"
            return Authority(kind, TokenShelf(why_none=why))
        _, answer = _call(wire, "GET", "/auth/public-key", None, ())
    finally:
        wire.close()
    return Authority(
        kind,
        TokenShelf(valid=token),
        Identity(PROBE_NAME, number),
        _verifier(answer.get("public_key")),
        (token,),
    )


def _call(
    wire: Wire, method: str, path: str, body: Any, headers: Iterable[tuple[str, str]]
) -> tuple[int, dict[str, Any]]:
    content = None if body is None else json.dumps(body).encode()
    more = (("Content-Type", "application/json"),) if body is not None else ()
    returned = wire.send(Outgoing(method, path, (*more, *headers), content))
    if returned.trouble is not None:
        raise UnreachableError(
            f"The Registry does not answer {method} {path}: {returned.detail or returned.trouble}. "
            "Is --registry right, and is it up?"
        )
    try:
        answer = json.loads(returned.body)
    except ValueError:
        answer = {}
    return returned.status, answer if isinstance(answer, dict) else {}


def _verifier(pem: Any) -> Callable[[str], str]:
    """Say whether a token was signed with the Registry's public key."""
    try:
        key = VerifyingKey(pem)
    except (ValueError, TypeError, AttributeError):
        return lambda _: "unknown"
    return lambda token: "authority" if key.signed(token) else "unknown"
