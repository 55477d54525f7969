"""Authorities: who signs the tokens that the target trusts, and how the kit gets one."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from udckit.conformance._wire import Outgoing, Wire
from udckit.conformance.errors import InvocationError, UnreachableError
from udckit.conformance.forge import Forge
from udckit.conformance.probe import TokenShelf
from udckit.conformance.settings import Identity
from udckit.conformance.surroundings import Enrol
from udckit.fakes import (
    FakeRegistry,
    NameTakenError,
    SigningKey,
    VerifyingKey,
    decode_unverified,
)

__all__ = [
    "NO_AUTHORITY",
    "PROBE_NAME",
    "THE_KIT",
    "Authority",
    "from_fake",
    "from_nothing",
    "from_registry",
    "from_token",
    "knows",
    "of_registry",
    "with_key",
    "with_key_of_a_fake",
]

PROBE_NAME: Final = "udckit-probe"
PROBE_ID: Final = 990_001
THE_KIT: Final = ("User-Agent", "udckit")
"""What tells the kit's own calls from a droplet's in the journal of a fake."""
_CREATED: Final = 201
_TAKEN: Final = frozenset({400, 409, 422})
"""What a Registry may say to a name that it knows already (CONF-06)."""

_LOOK: Final = 1.0
"""Seconds in which a fake on loopback answers."""

NO_AUTHORITY: Final = (
    "no token: start your droplet against `udckit fakes up` and run again, or let the kit "
    "start it with --launch 'COMMAND --port {port}'"
)


UNKNOWN_TO_FAKES: Final = (
    "it did not register at the fakes that are up: if it was started against them, say --attached"
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
    enrol: Enrol | None = None


def from_nothing(*, beside_fakes: bool = False) -> Authority:
    """No authority at all: what needs a token is not observed.

    `beside_fakes` says that fakes are up which do not know the target.
    """
    why = f"{NO_AUTHORITY}; {UNKNOWN_TO_FAKES}" if beside_fakes else NO_AUTHORITY
    return Authority(None, TokenShelf(why_none=why))


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

    def enrol(name: str, facts: Mapping[str, Any]) -> tuple[str, int] | None:
        try:
            more = registry.register(name, _number_of(name), **facts)
        except (NameTakenError, ValueError):
            return None
        return more.token, more.service_id

    identity = Identity(PROBE_NAME, admitted.service_id, PROBE_ID)
    shelf = TokenShelf(valid=admitted.token, forge=Forge(admitted.token, key=registry.key))
    return Authority("kit", shelf, identity, signed_by, enrol=enrol)


def with_key(authority: Authority, key: SigningKey) -> Authority:
    """Give the forge the key that the authority signs with, so that it signs odd claims too.

    Raises:
        InvocationError: it is another key.
    """
    valid = authority.tokens.valid
    if valid is None:
        return authority
    if not key.public.signed(valid):
        raise InvocationError(
            "The signing key is not the one that signed the kit's valid token, so nothing that it "
            "signs would count: give the private key of the Registry that the target trusts."
        )
    shelf = TokenShelf(valid=valid, forge=Forge(valid, key=key))
    return replace(authority, tokens=shelf)


def with_key_of_a_fake(authority: Authority, url: str) -> Authority:
    """Give the forge the key that a fake under test tells on loopback; others tell none."""
    wire = Wire(url)
    try:
        told = _parsed(wire.send(Outgoing("GET", "/__udckit__/key", deadline=_LOOK)).body)
        return with_key(authority, SigningKey.from_pem(told["private_key"], str(told["name"])))
    except (LookupError, TypeError, ValueError, AttributeError, InvocationError):
        return authority
    finally:
        wire.close()


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
    if authority is not None and authority.tokens.valid is not None:
        return replace(authority, enrol=_enrolling(url, tuple(headers), ca_file))
    if authority is None:
        raise UnreachableError(
            f"The Registry at {url} does not answer. Is --registry right, and is it up?"
        )
    return authority


def knows(url: str, authority: Authority, port: int | None) -> bool:
    """True where a droplet that listens on `port` is registered at the Registry."""
    wire = Wire(url)
    token = authority.tokens.valid or ""
    try:
        bearer = ("Authorization", f"Bearer {token}")
        returned = wire.send(Outgoing("GET", "/services", (bearer, THE_KIT)))
    finally:
        wire.close()
    listed = _parsed(returned.body)
    services = listed.get("services") if isinstance(listed, dict) else listed
    return isinstance(services, list) and any(
        isinstance(each, dict) and each.get("port") == port for each in services
    )


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
    enrol = _enrolling(url, tuple(headers), ca_file)
    try:
        if token is not None:
            pem = caller.public_key()
            shelf = TokenShelf(valid=token, forge=Forge(token, public_pem=_usable(pem)))
            given = from_token(token)
            return replace(given, tokens=shelf, signed_by=_verifier(pem), enrol=enrol)
        why = TokenShelf(why_none="the Registry does not answer POST /register")
        registered = _registered(caller, "target") or Authority("target", why)
        return replace(registered, enrol=enrol)
    finally:
        wire.close()


@dataclass(frozen=True, slots=True)
class _Caller:
    """Asks a Registry what a droplet asks it when it starts."""

    wire: Wire
    headers: tuple[tuple[str, str], ...]

    def register(
        self, identity: Identity, facts: Mapping[str, Any] | None = None
    ) -> tuple[int | None, dict[str, Any]]:
        asked = {
            "name": identity.service_name,
            "droplet_id": identity.droplet_id,
            "port": 8010,
            "health_endpoint": "/health",
            "capabilities": ["probing"],
            "version": "1.0.0",
            "udc_compliant": True,
            **(facts or {}),
        }
        return self._call("POST", "/register", json.dumps(asked).encode())

    def public_key(self) -> Any:
        return self._call("GET", "/auth/public-key", None)[1].get("public_key")

    def _call(
        self, method: str, path: str, body: bytes | None
    ) -> tuple[int | None, dict[str, Any]]:
        """Give status and object; no status where nothing answered."""
        json_type = () if body is None else (("Content-Type", "application/json"),)
        headers = (THE_KIT, *json_type, *self.headers)
        returned = self.wire.send(Outgoing(method, path, headers, body))
        if returned.trouble is not None:
            return None, {}
        answer = _parsed(returned.body)
        return returned.status, answer if isinstance(answer, dict) else {}


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


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
    pem = caller.public_key()
    signed_by = _verifier(pem)
    if status != _CREATED or not isinstance(token, str) or not isinstance(number, int):
        why = f"the Registry answered {status} to the kit's registration"
        if status == _CREATED:
            why = "the Registry answered the kit's registration without a token and a service_id"
        return Authority(kind, TokenShelf(why_none=why), identity, signed_by)
    identity = replace(identity, service_id=number)
    shelf = TokenShelf(valid=token, forge=Forge(token, public_pem=_usable(pem)))
    return Authority(kind, shelf, identity, signed_by, (token,))


def _enrolling(url: str, headers: tuple[tuple[str, str], ...], ca_file: str | None) -> Enrol:
    """Register further services of the kit's at a Registry; each run's under the same names."""

    def enrol(name: str, facts: Mapping[str, Any]) -> tuple[str, int] | None:
        wire = Wire(url, ca_file=ca_file)
        try:
            identity = Identity(name, droplet_id=_number_of(name))
            status, answer = _Caller(wire, headers).register(identity, facts)
        finally:
            wire.close()
        token, number = answer.get("token"), answer.get("service_id")
        if status != _CREATED or not isinstance(token, str) or not isinstance(number, int):
            return None
        return token, number

    return enrol


def _number_of(name: str) -> int:
    """Give a further service its droplet_id, the same in each run: else its name would be taken."""
    return PROBE_ID + 100 + zlib.crc32(name.encode()) % 9_000


def _usable(pem: Any) -> str | None:
    """Give a public key that a forge can misuse; None for anything but RSA in PEM."""
    try:
        VerifyingKey(pem)
    except (ValueError, TypeError, AttributeError):
        return None
    return str(pem)


def _verifier(pem: Any) -> Callable[[str], str]:
    """Say whether a token was signed with the Registry's public key."""
    try:
        key = VerifyingKey(pem)
    except (ValueError, TypeError, AttributeError):
        return lambda _: "unknown"
    return lambda token: "authority" if key.signed(token) else "unknown"
