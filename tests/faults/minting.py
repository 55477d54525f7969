"""What a wrong Registry does to tokens and keys: it mints anew, and serves another key."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)

from faults.conditions import as_json
from faults.places import places

if TYPE_CHECKING:
    from faults.actions import Struck

__all__ = ["MINT", "SERVE", "mint", "serve_key"]

MINT: Final = frozenset({"at", "alg", "head", "key", "set", "delete", "rename", "add", "into"})
SERVE: Final = frozenset({"kinds", "as"})

_SECRET: Final = "a secret that is long enough for every algorithm of the HS family, even for HS512"  # noqa: S105 - a wrong Registry's
_NONE: Final = b'{"alg":"none"}'
_INTO: Final[Mapping[str, Callable[[Any], Any]]] = {
    "string": str,
    "milliseconds": lambda value: value * 1000,
    "list": lambda one: [one],
}


def mint(struck: Struck, how: Mapping[str, Any]) -> None:
    """Put another token in the place of the one at `at`, signed with the fault's `own` key.

    The claims are those of the old one, but for what is set, deleted, renamed, added to or
    turned into something else; where there was no token, only what is set. Errors stay as they are.
    """
    value = as_json(struck.answered.body)
    wanted = how.get("at", "token")
    if struck.answered.status // 100 != 2 or not isinstance(value, dict | list):
        return
    for at in [wanted] if isinstance(wanted, str) else wanted:
        for holder, key in places(value, at):
            holder[key] = _signed(_claims(holder.get(key), how), how)
    struck.answered.set_body(json.dumps(value).encode())


def _claims(old: Any, how: Mapping[str, Any]) -> dict[str, Any]:
    claims = {"exp": int(time.time()) + 3600}
    if isinstance(old, str) and old.count(".") == 2:
        segment = old.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    claims.update(how.get("set", {}))
    for name, other in how.get("rename", {}).items():
        claims[other] = claims.pop(name)
    for name in how.get("delete", []):
        claims.pop(name, None)
    for name, more in how.get("add", {}).items():
        claims[name] += more
    for name, into in how.get("into", {}).items():
        claims[name] = _INTO[into](claims[name])
    return claims


def _signed(claims: dict[str, Any], how: Mapping[str, Any]) -> str:
    algorithm = how.get("alg", "RS256")
    body = json.dumps(claims, separators=(",", ":")).encode()
    if algorithm == "none":
        return f"{_segment(_NONE)}.{_segment(body)}."
    if algorithm.startswith("HS"):
        return jwt.api_jws.encode(body, _SECRET, algorithm=algorithm)
    if algorithm.startswith("ES"):
        return jwt.api_jws.encode(body, _elliptic(), algorithm=algorithm)
    key = _rsa(how.get("key", "own"))
    head = how.get("head", json.dumps({"alg": algorithm}))
    signing = f"{_segment(head.encode())}.{_segment(body)}"
    digest = {"RS256": SHA256(), "RS512": SHA512()}[algorithm]
    return f"{signing}.{_segment(key.sign(signing.encode(), PKCS1v15(), digest))}"


def serve_key(struck: Struck, how: Mapping[str, Any]) -> None:
    """Serve the key of the fault's own that `kinds` names, one after the other; "" is the real one.

    `as` is pem, literal (line breaks written as a backslash and an n), private, bare, crlf, or
    pkcs1.
    """
    kinds = how.get("kinds", ["own"])
    kind = kinds[(struck.turn - 1) % len(kinds)]
    value = as_json(struck.answered.body)
    if not isinstance(value, dict):
        return
    if kind:
        public = (_elliptic() if kind == "elliptic" else _rsa(kind)).public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        value["public_key"] = pem
    form = how.get("as", "pem")
    if form == "private":
        private = _rsa("own").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        value["public_key"] += private.decode()
    elif form == "literal":
        value["public_key"] = value["public_key"].replace("\n", "\\n")
    elif form == "crlf":
        value["public_key"] = value["public_key"].strip().replace("\n", "\r\n")
    elif form == "pkcs1":
        loaded = load_pem_public_key(value["public_key"].encode())
        value["public_key"] = loaded.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    elif form == "bare":
        value["public_key"] = "".join(value["public_key"].splitlines()[1:-1])
    struck.answered.set_body(json.dumps(value).encode())


@cache
def _rsa(kind: str) -> rsa.RSAPrivateKey:
    """A key that no right Registry has; `short` is too short."""
    return rsa.generate_private_key(65537, 1024 if kind == "short" else 2048)


@cache
def _elliptic() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _segment(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
