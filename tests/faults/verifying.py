"""A verifier of tokens that is right but for what it is told: whom would it let in?"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import re
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate

from faults.conditions import as_json
from faults.wire import Message
from udckit.fakes import SigningKey

__all__ = ["Trust", "Verifier", "bearer"]

_SHORT: Final = 1.0
_HMAC: Final = frozenset({"HS256", "HS384", "HS512"})
_UNION: Final = re.compile(r"UNION SELECT '([^']*)'")
_PLACES: Final = frozenset({"header", "query", "cookie", "body"})
_SKIPS: Final = frozenset({"signature", "exp", "no exp", "null exp", "names"})
_BRINGS: Final = frozenset({"jwk", "x5c", "jku", "x5u", "kid"})


@dataclass(frozen=True, slots=True)
class Trust:
    """What a droplet knows of its Registry. `own` is a token that the Registry gave to it."""

    key: SigningKey
    now: Callable[[], float]
    own: str
    service_name: str


@dataclass(frozen=True, slots=True)
class Verifier:
    """Which tokens it lets in. With nothing said it is right.

    `scheme` is a pattern of the header, whose first group is the token; `place` where the token is
    looked for. `unsigned` are the spellings of `alg` that need no signature, `any` is every
    spelling of none. `secrets` are those that an HMAC may be keyed with: quoted text, or a form of
    the public key. `brings` is the member of the header that says which key counts. `skips` are
    steps left out. `unchecked` are algorithms whose signatures are taken on trust, `trusts` names
    that need none; `empty` and `zeros` say that such a signature will do. `of_the_future` lets in
    only what was issued later than now.
    """

    scheme: str = r"(?i)^bearer +(\S+)$"
    place: str = "header"
    unsigned: tuple[str, ...] = ()
    segments: tuple[int, ...] = (3,)
    algorithms: tuple[str, ...] = ("RS256",)
    unchecked: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    brings: str | None = None
    skips: frozenset[str] = field(default_factory=frozenset)
    leeway: float = 30.0
    trusts: tuple[str, ...] = ()
    empty: bool = False
    zeros: bool = False
    of_the_future: bool = False

    def __post_init__(self) -> None:
        brings = set() if self.brings is None else {self.brings}
        wrong = {self.place} - _PLACES | set(self.skips) - _SKIPS | brings - _BRINGS
        if wrong:
            raise ValueError(f"a verifier does not know {', '.join(sorted(wrong))}")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Verifier:
        """Read what the catalogue says; raise TypeError or ValueError where that is wrong."""
        lists = {name: tuple(told) for name, told in row.items() if isinstance(told, list)}
        if "skips" in lists:
            return cls(**{**row, **lists, "skips": frozenset(lists["skips"])})
        return cls(**{**row, **lists})

    def lets_in(self, request: Message, trust: Trust) -> bool:
        """True where this verifier would let the sender of a request in."""
        return any(self._holds(token, trust) for token in self._tokens(request))

    def _tokens(self, request: Message) -> Iterator[str]:
        if self.place == "header":
            for name, value in request.headers:
                if name.lower() == "authorization" and (found := re.search(self.scheme, value)):
                    yield found.group(1)
        elif self.place == "query":
            for name, values in parse_qs(urlsplit(request.target).query).items():
                if name in {"token", "access_token"}:
                    yield from values
        elif self.place == "cookie":
            for pair in (request.header("cookie") or "").split(";"):
                yield pair.partition("=")[2]
        else:
            body = as_json(request.body)
            if isinstance(body, dict) and isinstance(body.get("token"), str):
                yield body["token"]

    def _holds(self, token: str, trust: Trust) -> bool:
        parts = token.split(".")
        if len(parts) not in self.segments:
            return False
        header, claims = _object(parts[0]), _object(parts[1])
        if header is None or claims is None:
            return False
        signing = ".".join(parts[:2])
        signature = _raw(parts[2]) if len(parts) > 2 else b""
        named = claims.get("service_name")
        known = named in self.trusts or self._signed(header, signing, signature, trust)
        return known and self._lives(claims, trust.now()) and self._named(claims)

    def _signed(
        self, header: Mapping[str, Any], signing: str, signature: bytes, trust: Trust
    ) -> bool:
        alg = header.get("alg")
        any_none = "any" in self.unsigned and str(alg).lower() == "none"
        free = {"signature"} <= self.skips or any_none or str(alg) in self.unsigned
        if free or alg in self.unchecked:
            return True
        if (self.empty and not signature) or (self.zeros and not any(signature)):
            return True
        if alg in _HMAC:
            return any(
                hmac.compare_digest(_digest(str(alg), secret, signing), signature)
                for secret in self._secrets(header, trust)
            )
        keys = [trust.key.private_key.public_key(), *self._brought(header)]
        return alg in self.algorithms and any(
            _verifies(key, str(alg), signing, signature) for key in keys
        )

    def _secrets(self, header: Mapping[str, Any], trust: Trust) -> Iterator[bytes]:
        for name in self.secrets:
            yield name.strip("'").encode() if name.startswith("'") else _form(name, trust)
        kid, jwk = str(header.get("kid")), header.get("jwk")
        if self.brings == "kid" and kid.endswith("/dev/null"):
            yield b""
        if self.brings == "kid" and (found := _UNION.search(kid)):
            yield found.group(1).encode()
        if self.brings == "jwk" and isinstance(jwk, dict) and jwk.get("kty") == "oct":
            yield _raw(str(jwk.get("k")))

    def _brought(self, header: Mapping[str, Any]) -> Iterator[Any]:
        """Give the keys that a token brings along, or points at."""
        told = header.get(self.brings or "")
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, jwt.PyJWTError):
            if told is None:
                return
            if self.brings == "jwk":
                yield jwt.PyJWK(told).key
            elif self.brings == "x5c":
                yield load_der_x509_certificate(base64.b64decode(told[0])).public_key()
            elif self.brings == "jku":
                yield jwt.PyJWK(json.loads(_fetched(told))["keys"][0]).key
            elif self.brings == "x5u":
                yield load_pem_x509_certificate(_fetched(told)).public_key()

    def _lives(self, claims: Mapping[str, Any], now: float) -> bool:
        expiry, issued = claims.get("exp"), claims.get("iat")
        if self.of_the_future and not (isinstance(issued, int) and issued > now + self.leeway):
            return False
        if "exp" not in claims:
            return bool(self.skips & {"exp", "no exp"})
        if expiry is None:
            return bool(self.skips & {"exp", "null exp"})
        if isinstance(expiry, bool) or not isinstance(expiry, int | float):
            return False
        return "exp" in self.skips or expiry > now - self.leeway

    def _named(self, claims: Mapping[str, Any]) -> bool:
        name, number = claims.get("service_name"), claims.get("service_id")
        return "names" in self.skips or (isinstance(name, str) and isinstance(number, int))


def bearer(request: Message) -> str | None:
    """Give the token of a request's Authorization header."""
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None


def _fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=_SHORT) as answer:  # noqa: S310 - the kit's own peer
        body: bytes = answer.read()
        return body


def _form(name: str, trust: Trust) -> bytes:
    pem = trust.key.public_pem
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, RSAPublicKey), "the contract signs with RS256"
    numbers = key.public_numbers()
    forms: dict[str, Callable[[], bytes]] = {
        "pem": lambda: pem.rstrip("\n").encode() + b"\n",
        "pem stripped": lambda: pem.rstrip("\n").encode(),
        "pkcs1": lambda: key.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        "der": lambda: key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "modulus": lambda: numbers.n.to_bytes(key.key_size // 8, "big"),
        "the service's name": lambda: trust.service_name.encode(),
    }
    return forms[name]()


def _digest(alg: str, secret: bytes, signing: str) -> bytes:
    return hmac.new(secret, signing.encode(), getattr(hashlib, f"sha{alg[2:]}")).digest()


def _verifies(key: Any, alg: str, signing: str, signature: bytes) -> bool:
    method = jwt.get_algorithm_by_name(alg)
    try:
        return method.verify(signing.encode(), key, signature)
    except (TypeError, ValueError, jwt.PyJWTError):
        return False


def _object(segment: str) -> dict[str, Any] | None:
    try:
        value = json.loads(_raw(segment))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _raw(segment: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        return b""
