"""Compact RS256 tokens: made, taken apart and verified, with key objects and nothing slower."""

import base64
import binascii
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from udckit.fakes._strict_json import JsonError, dumps, strict_loads

__all__ = [
    "Claims",
    "Decoded",
    "SigningKey",
    "TokenRefusedError",
    "VerifyingKey",
    "check_claims",
    "decode_unverified",
    "elliptic_pem",
    "signing_input",
    "test_key",
]

Claims = Mapping[str, Any]

TEST_KEY_FILE = "not-a-secret-udckit-test-key.pem"
LONGEST = 8192  # characters; a token of the contract has about 600

_PKCS1 = padding.PKCS1v15()
_SHA256 = hashes.SHA256()
_HEADER = b"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"  # {"alg":"RS256","typ":"JWT"}
_RS: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "RS256": hashes.SHA256,
    "RS384": hashes.SHA384,
    "RS512": hashes.SHA512,
}
_PS: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "PS256": hashes.SHA256,
    "PS384": hashes.SHA384,
    "PS512": hashes.SHA512,
}


class TokenRefusedError(ValueError):
    """A token that does not count, and why; the reason names no library and quotes no token.

    `unknown_key` is true where another key might have verified it: reason enough to ask the
    Registry for its key again.
    """

    def __init__(self, reason: str, *, unknown_key: bool = False) -> None:
        super().__init__(reason)
        self.unknown_key = unknown_key


class Decoded(NamedTuple):
    """What a token says, believed by nobody."""

    header: Mapping[str, Any]
    claims: Claims


class VerifyingKey:
    """An RSA public key, which says whether a token counts."""

    __slots__ = ("_key", "pem")

    def __init__(self, pem: str) -> None:
        """Raises ValueError for what is no RSA public key in PEM."""
        try:
            key = serialization.load_pem_public_key(pem.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ValueError("not a public key in PEM") from error
        if not isinstance(key, rsa.RSAPublicKey):
            raise ValueError("not an RSA key")  # noqa: TRY004 - a bad value, not a bad type
        self._key = key
        self.pem = pem

    def signed(self, token: str) -> bool:
        """Whether this key signed `token` with RS256, whatever the token claims."""
        signing, _, signature = token.rpartition(".")
        return self._verifies(signing, signature)

    def verify(self, token: str, *, now: float | None = None) -> Claims:
        """The claims of a token that counts at `now` (epoch seconds; default: the machine's clock).

        RS256 and nothing else, a signature of this key, `exp` in the future, `service_id` and
        `service_name` there (UDC §3). Raises TokenRefusedError otherwise.
        """
        if len(token) > LONGEST:
            raise TokenRefusedError("the token is too long")
        decoded = decode_unverified(token)
        if decoded is None:
            raise TokenRefusedError("the token is not three base64url segments of JSON")
        if decoded.header.get("alg") != "RS256":
            raise TokenRefusedError("the token is not signed with RS256")
        if "crit" in decoded.header:
            raise TokenRefusedError("the token asks for an extension that is not understood")
        if not self.signed(token):
            raise TokenRefusedError("the signature does not verify", unknown_key=True)
        check_claims(decoded.claims, time.time() if now is None else now)
        return decoded.claims

    def _verifies(self, signing: str, signature: str) -> bool:
        raw = _unsegment(signature)
        if raw is None:
            return False
        try:
            self._key.verify(raw, signing.encode(), _PKCS1, _SHA256)
        except (InvalidSignature, UnicodeEncodeError):
            return False
        return True


class SigningKey:
    """An RSA key that signs as the Registry does; no `kid`, which the contract does not know."""

    __slots__ = ("_key", "name", "public", "public_pem")

    def __init__(self, key: rsa.RSAPrivateKey, name: str) -> None:
        self._key = key
        self.name = name
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        self.public_pem = key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()
        self.public = VerifyingKey(self.public_pem)

    @classmethod
    def generate(cls, name: str = "fresh") -> "SigningKey":
        """A new RSA-2048 key; takes 12 to 120 ms."""
        return cls(rsa.generate_private_key(public_exponent=65537, key_size=2048), name)

    @classmethod
    def from_pem(cls, pem: str | bytes, name: str = "given") -> "SigningKey":
        """A key from unencrypted PEM; the key is checked, which takes about 40 ms."""
        return cls(_load(pem, checked=True), name)

    @property
    def private_pem(self) -> str:
        pkcs8 = serialization.PrivateFormat.PKCS8
        plain = serialization.NoEncryption()
        return self._key.private_bytes(serialization.Encoding.PEM, pkcs8, plain).decode()

    @property
    def private_key(self) -> rsa.RSAPrivateKey:
        """The key object, for a forge that signs what this class will not."""
        return self._key

    def sign(self, claims: Claims, headers: Mapping[str, Any] | None = None) -> str:
        """A token over `claims`; `headers` are added to, or replace, `alg` and `typ`.

        An `alg` of the RS and PS families is really signed with that algorithm. Any other word
        is written into the header and signed with RS256: a lie that a verifier must see through.
        """
        if not headers:
            signing = _HEADER + b"." + _segment(claims)
            return (signing + b"." + _b64(self._key.sign(signing, _PKCS1, _SHA256))).decode()
        header = {"alg": "RS256", "typ": "JWT", **headers}
        signing = signing_input(header, claims)
        return (signing + b"." + _b64(self._signature(str(header["alg"]), signing))).decode()

    def verify(self, token: str, *, now: float | None = None) -> Claims:
        """As `VerifyingKey.verify`."""
        return self.public.verify(token, now=now)

    def _signature(self, alg: str, signing: bytes) -> bytes:
        if alg in _PS:
            digest = _PS[alg]()
            pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
            return self._key.sign(signing, pss, digest)
        return self._key.sign(signing, _PKCS1, _RS.get(alg, hashes.SHA256)())


def check_claims(claims: Claims, now: float) -> None:
    """Raise TokenRefusedError unless the claims are those of a live token (UDC §3, IG §4.1)."""
    expiry = claims.get("exp")
    if not _is_number(expiry):
        raise TokenRefusedError("the claim exp is missing or not a number")
    if expiry <= now:
        raise TokenRefusedError("the token has expired")
    for name in ("iat", "nbf"):
        if name in claims and not _is_number(claims[name]):
            raise TokenRefusedError(f"the claim {name} is not a number")
    if claims.get("nbf", now) > now:
        raise TokenRefusedError("the token does not count yet")
    service_id = claims.get("service_id")
    if not isinstance(service_id, int) or isinstance(service_id, bool):
        raise TokenRefusedError("the claim service_id is missing or not an integer")
    service_name = claims.get("service_name")
    if not isinstance(service_name, str) or not service_name:
        raise TokenRefusedError("the claim service_name is missing or not a string")


def decode_unverified(token: str) -> Decoded | None:
    """Header and claims of a compact token, or None for what is none; nothing is verified."""
    segments = token.split(".")
    if len(segments) != 3:  # noqa: PLR2004 - header, claims, signature: RFC 7515 §7.1
        return None
    header, claims = _object(segments[0]), _object(segments[1])
    if header is None or claims is None:
        return None
    return Decoded(header, claims)


def signing_input(header: Mapping[str, Any], claims: Claims) -> bytes:
    """`header.claims`, the bytes that a signature covers."""
    return _segment(header) + b"." + _segment(claims)


@cache
def test_key() -> SigningKey:
    """The kit's own key, the same for everybody and no secret; its check is left out."""
    pem = (Path(__file__).parent / "keys" / TEST_KEY_FILE).read_bytes()
    return SigningKey(_load(pem, checked=False), "udckit-test-key")


def _load(pem: str | bytes, *, checked: bool) -> rsa.RSAPrivateKey:
    raw = pem.encode() if isinstance(pem, str) else pem
    try:
        key = serialization.load_pem_private_key(
            raw, None, unsafe_skip_rsa_key_validation=not checked
        )
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("not an unencrypted private key in PEM") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")  # noqa: TRY004 - a bad value, not a bad type
    return key


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _b64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _segment(value: Mapping[str, Any]) -> bytes:
    return _b64(dumps(value).encode())


def _unsegment(segment: str) -> bytes | None:
    """The bytes of a base64url segment; None for padding, other letters or loose bits."""
    try:
        raw = base64.b64decode(segment + "=" * (-len(segment) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if _b64(raw).decode() == segment else None


def _object(segment: str) -> dict[str, Any] | None:
    raw = _unsegment(segment)
    if raw is None:
        return None
    try:
        value = strict_loads(raw)
    except JsonError:
        return None
    return value if isinstance(value, dict) else None


@cache
def elliptic_pem() -> str:
    """Give a public key of another type than RSA, in PEM: a right form that verifies no RS256."""
    return (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
