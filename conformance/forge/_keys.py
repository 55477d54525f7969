"""The attacker's keys: the same for everybody and no secret, so that nobody may trust them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

__all__ = [
    "attacker_certificate",
    "attacker_ec",
    "attacker_ed25519",
    "attacker_jwk",
    "attacker_key_files",
    "attacker_rsa",
]

_KEY: Final = "not-a-secret-udckit-attacker-key.pem"
_CERTIFICATE: Final = "udckit-attacker-certificate.pem"
_SCALAR: Final = 0x75646B69742D61747461636B65722D65632D6B65792D6E6F742D61207365637A


@cache
def attacker_rsa() -> rsa.RSAPrivateKey:
    """An RSA-2048 key; its check is left out, as of the kit's own test key."""
    pem = files("udckit.conformance.forge").joinpath("keys", _KEY).read_bytes()
    key = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the attacker's key file holds no RSA key")
    return key


@cache
def attacker_ec() -> ec.EllipticCurvePrivateKey:
    """A key on P-256, for ES256."""
    return ec.derive_private_key(_SCALAR, ec.SECP256R1())


@cache
def attacker_ed25519() -> ed25519.Ed25519PrivateKey:
    """A key for EdDSA."""
    return ed25519.Ed25519PrivateKey.from_private_bytes(b"udckit attacker, trusted by none")


def attacker_certificate() -> str:
    """The attacker's self-made certificate as `x5c` holds it: base64 of the DER."""
    pem = files("udckit.conformance.forge").joinpath("keys", _CERTIFICATE).read_text("ascii")
    return "".join(pem.splitlines()[1:-1])


@cache
def attacker_key_files() -> Mapping[str, tuple[str, bytes]]:
    """What stands where `jku` and `x5u` point: by file name, the media type and the body."""
    pem = files("udckit.conformance.forge").joinpath("keys", _CERTIFICATE).read_bytes()
    return {
        "jwks.json": ("application/json", json.dumps({"keys": [attacker_jwk()]}).encode()),
        "certificate.pem": ("application/x-pem-file", pem),
    }


def attacker_jwk() -> dict[str, str]:
    """The attacker's RSA public key as a JWK."""
    numbers = attacker_rsa().public_key().public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": "udckit-attacker",
        "n": _number(numbers.n),
        "e": _number(numbers.e),
    }


def _number(value: int) -> str:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
