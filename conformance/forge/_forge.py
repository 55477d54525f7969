"""The forge: follows a recipe with the valid token, the keys at hand and the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from udckit.conformance.forge._jose import (
    b64,
    hmac_signature,
    json_text,
    rsa_signature,
    signed_by_attacker,
    unb64,
)
from udckit.conformance.forge._keys import attacker_certificate, attacker_jwk
from udckit.conformance.forge._recipe import OF_THE_NAME, In, Recipe, Written
from udckit.fakes import SigningKey, decode_unverified

__all__ = ["TWIN", "Forge"]

TWIN: Final = Recipe(
    name="twin",
    words="a token that the forge signed with the key that the target trusts",
    ids=(),
    by="authority",
    claims={"iat": In(-1), "exp": In(600)},
    expected=(),
    needs=frozenset({"sign"}),
)
"""What must be accepted before a rightly signed token with odd claims says anything."""

_LONG: Final = 16_384
_CUT: Final = 20


class Forge:
    """Makes tokens. `can` says which recipes it can follow, by what they need.

    Deterministic for the same valid token, key and clock; but PS… signatures are salted. A forge
    over a record (`for_record`) makes nothing: what was sent is in the record.
    """

    def __init__(
        self,
        valid: str,
        *,
        public_pem: str | None = None,
        key: SigningKey | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._valid = valid
        self._key = key
        self._pem = key.public_pem if key is not None and public_pem is None else public_pem
        self._now = now
        self._blank = False
        has = {"sign": key is not None, "public-key": self._pem is not None}
        self.can = frozenset(name for name, there in has.items() if there)

    @classmethod
    def for_record(cls, can: frozenset[str]) -> Forge:
        """Stand in for the forge of a run that is judged again."""
        forge = cls("")
        forge._blank = True
        forge.can = can
        return forge

    def make(self, recipe: Recipe, surroundings: Mapping[str, str] | None = None) -> str:
        """Make the token of a recipe.

        `surroundings` are `service_name`, the target's, and `keys`, the URL of a peer that
        listens. Raises LookupError where the recipe needs what this forge has not.
        """
        if self._blank:
            return f"<{recipe.name}>"
        if missing := recipe.needs - self.can - {"address"}:
            raise LookupError(f"{recipe.name} needs {', '.join(sorted(missing))}")
        around = dict(surroundings or {})
        token = recipe.text or self._made(recipe, around)
        for edit in recipe.edits:
            token = _EDITS[edit](token)
        return token

    def _made(self, recipe: Recipe, around: Mapping[str, str]) -> str:
        if recipe.by in {"valid", "text"}:
            return self._valid if recipe.by == "valid" else recipe.text
        head = recipe.head or self._part(self._old("header"), recipe.header, around)
        body = recipe.payload or self._part(self._old("claims"), recipe.claims, around)
        signing = f"{b64(head.encode())}.{b64(body.encode('utf-8', 'surrogatepass'))}"
        return f"{signing}.{self._signature(recipe, signing.encode(), around)}"

    def _old(self, part: str) -> dict[str, Any]:
        decoded = decode_unverified(self._valid)
        if decoded is None:
            return {"alg": "RS256", "typ": "JWT"} if part == "header" else {}
        return dict(decoded.header if part == "header" else decoded.claims)

    def _part(
        self, old: dict[str, Any], changed: Mapping[str, Any], around: Mapping[str, str]
    ) -> str:
        written: dict[str, str] = {}
        for name, value in changed.items():
            if value is ...:
                old.pop(name, None)
                continue
            if isinstance(value, Written):
                written[name] = value.text
            old[name] = _filled(value, int(self._now()), around)
        return json_text(old, written)

    def _signature(self, recipe: Recipe, signing: bytes, around: Mapping[str, str]) -> str:
        alg = str(recipe.header.get("alg", "RS256"))
        if recipe.by == "authority" and self._key is not None:
            return b64(rsa_signature(self._key.private_key, signing, alg))
        if recipe.by == "attacker":
            return b64(signed_by_attacker(signing, alg))
        if recipe.by == "secret":
            return b64(hmac_signature(signing, alg, self._secret(recipe.secret or "", around)))
        return self._valid.rpartition(".")[2] if recipe.by == "tampered" else ""

    def _secret(self, name: str, around: Mapping[str, str]) -> bytes:
        """Give the bytes of a secret by its name in a recipe; quoted text stands for itself."""
        if name.startswith("'"):
            return name.strip("'").encode()
        if name == OF_THE_NAME:
            return around.get("service_name", "my-service").encode()
        pem = self._pem or ""
        key = serialization.load_pem_public_key(pem.encode())
        if not isinstance(key, rsa.RSAPublicKey):
            raise LookupError("the Registry's key is no RSA key")  # noqa: TRY004 - as all that is not at hand
        encoding, forms = serialization.Encoding, serialization.PublicFormat
        numbers = key.public_numbers()
        return {
            "PEM": lambda: pem.encode(),
            "PEM without its last newline": lambda: pem.rstrip("\r\n").encode(),
            "PEM with a last newline": lambda: (pem.rstrip("\r\n") + "\n").encode(),
            "PEM of PKCS#1": lambda: key.public_bytes(encoding.PEM, forms.PKCS1),
            "PEM without its armour": lambda: "".join(pem.split("\n")[1:-2]).encode(),
            "DER": lambda: key.public_bytes(encoding.DER, forms.SubjectPublicKeyInfo),
            "modulus": lambda: numbers.n.to_bytes(key.key_size // 8, "big"),
        }[name]()


def _filled(value: Any, now: int, around: Mapping[str, str]) -> Any:
    """Fill the clock, the peer's address and the attacker's key into a member."""
    if isinstance(value, In):
        return now + value.seconds
    if isinstance(value, str) and value.startswith("$"):
        return _KEYED[value]() if value in _KEYED else _address(value, around)
    return value


def _address(value: str, around: Mapping[str, str]) -> str:
    return value.replace("$keys", around.get("keys", "http://udckit-attacker.invalid"))


_KEYED: Final[Mapping[str, Callable[[], Any]]] = {
    "$attacker-jwk": attacker_jwk,
    "$attacker-certificates": lambda: [attacker_certificate()],
    "$secret-jwk": lambda: {"kty": "oct", "k": b64(b"udckit-attacker"), "alg": "HS256"},
}


def _without_signature(token: str) -> str:
    return token.rpartition(".")[0]


def _signature_changed(token: str, change: Callable[[bytes], bytes]) -> str:
    start, _, signature = token.rpartition(".")
    return f"{start}.{b64(change(unb64(signature)))}"


def _bit_flipped(raw: bytes) -> bytes:
    middle = len(raw) // 2
    return raw[:middle] + bytes([raw[middle] ^ 0x10]) + raw[middle + 1 :]


_EDITS: Final[Mapping[str, Callable[[str], str]]] = {
    "the last dot taken away": _without_signature,
    "the signature taken away, dot and all": _without_signature,
    "the signature emptied": lambda token: _without_signature(token) + ".",
    "the signature cut short": lambda token: token[:-_CUT],
    "a bit of the signature flipped": lambda token: _signature_changed(token, _bit_flipped),
    "the signature all zeros": lambda token: _signature_changed(token, lambda r: bytes(len(r))),
    "a fourth segment added": lambda token: f"{token}.udckit",
    "repeated until it is 16 KB long": lambda token: (token * (1 + _LONG // len(token)))[:_LONG],
}
"""Changes of a finished token, by the words in which a recipe names them."""
