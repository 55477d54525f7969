"""The forge makes what its recipes say: other code reads each token, and a table says what it is.

The table is the battery as it was reviewed. Where a token is meant to change, delete the table and
run this file once: it writes the table anew and fails, so that the change is looked at.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from udckit.conformance.forge import Forge, Recipe, recipes
from udckit.conformance.forge._keys import attacker_ec, attacker_ed25519, attacker_rsa
from udckit.fakes import SigningKey

TABLE: Final = Path(__file__).with_name("forged_tokens.txt")
NOW: Final = 2_000_000_000
PEM: Final = Path(__file__).parents[2] / "fakes/keys/not-a-secret-udckit-test-key.pem"
KEY: Final = SigningKey.from_pem(PEM.read_bytes())
CLAIMS: Final = {"service_name": "kit", "service_id": 5, "iat": NOW - 10, "exp": NOW + 3600}
VALID: Final = KEY.sign(CLAIMS)
AROUND: Final = {"service_name": "victim", "keys": "http://keys.invalid"}
HASHES: Final = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
LONG: Final = 200


def raw(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def secrets() -> Iterator[tuple[str, bytes]]:
    """Give every secret that a verifier could be fooled with, in forms that openssl writes too."""
    pem = KEY.public_pem
    lines = pem.strip().split("\n")
    key = serialization.load_pem_public_key(pem.encode())
    assert isinstance(key, rsa.RSAPublicKey)
    n = key.public_numbers().n
    yield "the PEM, newline and all", (pem.strip() + "\n").encode()
    yield "the PEM without its last newline", pem.strip().encode()
    yield "the PEM's inner lines", "".join(lines[1:-1]).encode()
    yield "the DER", base64.b64decode("".join(lines[1:-1]))
    yield "the modulus", n.to_bytes((n.bit_length() + 7) // 8, "big")
    pkcs1 = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
    yield "the PEM of PKCS#1", pkcs1
    for word in ("", "secret", "your-secret-here", "your-secret-key", "changeme", "password"):
        yield f"{word!r}", word.encode()
    for word in ("dev-secret", "victim", "udckit-attacker"):
        yield f"{word!r}", word.encode()


def checks() -> Iterator[tuple[str, Callable[[bytes, bytes], bool]]]:
    """Give every way in which a signature can be right."""
    for size, digest in HASHES.items():
        for whose, key in (("registry", KEY.private_key), ("attacker", attacker_rsa())):
            public = key.public_key()
            yield f"RS{size} {whose}", tries(public.verify, padding.PKCS1v15(), digest)
            salted = padding.PSS(padding.MGF1(digest), digest.digest_size)
            yield f"PS{size} {whose}", tries(public.verify, salted, digest)
        for name, secret in secrets():
            yield f"HS{size} {name}", keyed(secret, size)
    yield "EdDSA attacker", tries(attacker_ed25519().public_key().verify)
    yield "ES256 attacker", of_two_numbers


def tries(verify: Callable[..., None], *how: object) -> Callable[[bytes, bytes], bool]:
    def check(signature: bytes, signing: bytes) -> bool:
        try:
            verify(signature, signing, *how)
        except InvalidSignature:
            return False
        return True

    return check


def keyed(secret: bytes, size: str) -> Callable[[bytes, bytes], bool]:
    return lambda signature, signing: signature == hmac.digest(secret, signing, f"sha{size}")


def of_two_numbers(signature: bytes, signing: bytes) -> bool:
    if len(signature) != 64:
        return False
    r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
    der = utils.encode_dss_signature(r, s)
    return tries(attacker_ec().public_key().verify, ec.ECDSA(hashes.SHA256()))(der, signing)


CHECKS: Final = tuple(checks())


def signed(token: str) -> str:
    """Say what a token's last segment is."""
    signing, _, last = token.rpartition(".")
    if token.count(".") != 2:
        return f"{token.count('.')} dots"
    if not last:
        return "nothing after the last dot"
    if last == VALID.rpartition(".")[2]:
        return "the valid token's signature" if token != VALID else "the valid token"
    right = [name for name, check in CHECKS if check(raw(last), signing.encode())]
    return ", ".join(right) or "no right signature"


def read(token: str) -> str:
    """Tell a token as a reader sees it: header, claims, and who signed it."""
    parts = token.split(".")
    if len(parts) < 2:
        return f"no token: {cut(token)}"
    try:
        inner = " ".join(cut(raw(part).decode("utf-8", "backslashreplace")) for part in parts[:2])
        return f"{inner} {signed(token)}, {len(token)} letters"
    except ValueError:
        return f"no base64: {cut(token)}"


def cut(text: str) -> str:
    if len(text) <= LONG:
        return ascii(text)
    return f"{text[:60]!a}… {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def told(recipe: Recipe) -> str:
    """Give a line of the table: what the recipe asks for, and the token that came of it."""
    forge = Forge(VALID, key=KEY, now=lambda: NOW + 0.9)
    asked = "everywhere" if recipe.critical else "once"
    right = f"{min(recipe.expected, default=0)}-{max(recipe.expected, default=0)}"
    right += f" of {len(recipe.expected)}{' or closed' if recipe.or_closed else ''}"
    head = f"{recipe.name}: {'/'.join(recipe.ids)}, {asked}, {right}; {recipe.words};"
    needs = ",".join(sorted(recipe.needs)) or "nothing"
    shown = recipe.shown_in_words
    return f"{head} needs {needs}; {shown}; {read(forge.make(recipe, AROUND))}"


def table() -> dict[str, str]:
    if not TABLE.exists():
        TABLE.write_text("".join(f"{told(each)}\n" for each in recipes().values()), "utf-8")
        pytest.fail(f"{TABLE.name} was written anew: look at what changed")
    lines = TABLE.read_text("utf-8").splitlines()
    return {line.partition(":")[0]: line for line in lines}


def test_each_token_is_what_the_table_says() -> None:
    reviewed = table()
    made = {name: told(each) for name, each in recipes().items()}

    assert list(made) == list(reviewed)
    assert {name for name in made if made[name] != reviewed[name]} == set()


def test_forge_over_a_token_that_it_cannot_read_fills_the_usual_header_alone() -> None:
    made = Forge("opaque", key=KEY, now=lambda: NOW).make(recipes()["expired-hour"])

    claims = f'{{"iat":{NOW - 7200},"exp":{NOW - 3600}}}'
    assert read(made).startswith(f"""'{{"alg":"RS256","typ":"JWT"}}' '{claims}' RS256 registry""")
