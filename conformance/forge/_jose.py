"""Compact tokens by hand: what a library refuses to make is made here, byte for byte."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from udckit.conformance.forge._keys import attacker_ec, attacker_ed25519, attacker_rsa

__all__ = ["b64", "hmac_signature", "json_text", "rsa_signature", "signed_by_attacker", "unb64"]

_DIGESTS: Final[Mapping[str, Callable[[], hashes.HashAlgorithm]]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}
_COORDINATE: Final = 32


def b64(raw: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """Read base64url; raise ValueError for what is none."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def json_text(members: Mapping[str, Any], written: Mapping[str, str]) -> str:
    """Write an object as compact JSON; `written` are members whose values are letters already."""
    parts = [
        f"{json.dumps(name)}:{written[name] if name in written else _compact(value)}"
        for name, value in members.items()
    ]
    return "{" + ",".join(parts) + "}"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def hmac_signature(signing: bytes, alg: str, secret: bytes) -> bytes:
    """Sign as HS256, HS384 or HS512 do, with any bytes as the secret."""
    return hmac.new(secret, signing, getattr(hashlib, f"sha{_size(alg)}")).digest()


def rsa_signature(key: rsa.RSAPrivateKey, signing: bytes, alg: str) -> bytes:
    """Sign as RS… and PS… do; an `alg` of another family is a lie, and signed as RS256."""
    digest = _DIGESTS[_size(alg)]()
    if alg.upper().startswith("PS"):
        pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
        return key.sign(signing, pss, digest)
    return key.sign(signing, padding.PKCS1v15(), digest)


def signed_by_attacker(signing: bytes, alg: str) -> bytes:
    """Sign with the attacker's key that fits the algorithm."""
    if alg == "ES256":
        how = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(attacker_ec().sign(signing, how))
        return r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")
    if alg == "EdDSA":
        return attacker_ed25519().sign(signing)
    return rsa_signature(attacker_rsa(), signing, alg)


def _size(alg: str) -> str:
    return alg[-3:] if alg[-3:] in _DIGESTS else "256"
