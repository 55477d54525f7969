"""Authorities: who signs the tokens that the target trusts, and how the kit gets one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
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
    "of_registry",
]

PROBE_NAME: Final = "udckit-probe"
PROBE_ID: Final = 990_001
_CREATED: Final = 201
_TAKEN: Final = frozenset({400, 409, 422})
"""What a Registry may say to a name that it knows already (CONF-06)."""

NO_AUTHORITY: Final = (
    "no token: start your droplet against `udckit fakes up` and run again, or let the kit "
    "start it with --launch 'COMMAND --port {port}'"
)


@dataclass(frozen=True, slots=True)
class Authority:
    """Who gave the valid token.

    `kind` is kit, fakes, registry, token, target (a Registry under test), or None for nobody.
    """

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

    identity = Identity(PROBE_NAME, admitted.service_id, PROBE_ID)
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
        authority = _registered(_Caller(wire, tuple(headers)), kind)
    finally:
        wire.close()
    if authority is None:
        raise UnreachableError(
            f"The Registry at {url} does not answer. Is --registry right, and is it up?"
        )
    return authority


def of_registry(
    url: str,
    *,
    token: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    ca_file: str | None = None,
) -> Authority:
    """A Registry under test is its own authority, unless the operator gave a token of it."""
    wire = Wire(url, ca_file=ca_file)
    caller = _Caller(wire, tuple(headers))
    try:
        if token is not None:
            return replace(from_token(token), signed_by=_verifier(caller.public_key()))
        why = TokenShelf(why_none="the Registry does not answer POST /register")
        return _registered(caller, "target") or Authority("target", why)
    finally:
        wire.close()


@dataclass(frozen=True, slots=True)
class _Caller:
    """Asks a Registry what a droplet asks it when it starts."""

    wire: Wire
    headers: tuple[tuple[str, str], ...]

    def register(self, identity: Identity) -> tuple[int | None, dict[str, Any]]:
        asked = {
            "name": identity.service_name,
            "droplet_id": identity.droplet_id,
            "port": 8010,
            "health_endpoint": "/health",
            "capabilities": ["probing"],
            "version": "1.0.0",
            "udc_compliant": True,
        }
        return self._call("POST", "/register", json.dumps(asked).encode())

    def public_key(self) -> Any:
        return self._call("GET", "/auth/public-key", None)[1].get("public_key")

    def _call(
        self, method: str, path: str, body: bytes | None
    ) -> tuple[int | None, dict[str, Any]]:
        """Give status and object; no status where nothing answered."""
        json_type = () if body is None else (("Content-Type", "application/json"),)
        returned = self.wire.send(Outgoing(method, path, (*json_type, *self.headers), body))
        if returned.trouble is not None:
            return None, {}
        try:
            answer = json.loads(returned.body)
        except ValueError:
            answer = {}
        return returned.status, answer if isinstance(answer, dict) else {}


def _registered(caller: _Caller, kind: str) -> Authority | None:
    """Register; where the kit's name was taken by an earlier run, under a name of this run's own.

    None means that nothing answered.
    """
    identity = Identity(PROBE_NAME, droplet_id=PROBE_ID)
    status, answer = caller.register(identity)
    if status in _TAKEN:
        second = int(time.time())
        identity = Identity(f"{PROBE_NAME}-{second:x}", droplet_id=second % 20_000_000 * 100)
        status, answer = caller.register(identity)
    if status is None:
        return None
    token, number = answer.get("token"), answer.get("service_id")
    signed_by = _verifier(caller.public_key())
    if status != _CREATED or not isinstance(token, str) or not isinstance(number, int):
        why = f"the Registry answered {status} to the kit's registration"
        if status == _CREATED:
            why = "the Registry answered the kit's registration without a token and a service_id"
        return Authority(kind, TokenShelf(why_none=why), identity, signed_by)
    identity = replace(identity, service_id=number)
    return Authority(kind, TokenShelf(valid=token), identity, signed_by, (token,))


def _verifier(pem: Any) -> Callable[[str], str]:
    """Say whether a token was signed with the Registry's public key."""
    try:
        key = VerifyingKey(pem)
    except (ValueError, TypeError, AttributeError):
        return lambda _: "unknown"
    return lambda token: "authority" if key.signed(token) else "unknown"
