"""Tokens that count and tokens that do not: the matrix of catalogue B.4, at every fake."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from udckit.fakes import (
    FakeDroplet,
    FakeOrchestrator,
    FakeRegistry,
    SigningKey,
    TokenRefusedError,
    VerifyingKey,
    decode_unverified,
)

NOW = 1_790_000_000
CLAIMS = {
    "service_id": 1,
    "service_name": "x",
    "capabilities": [],
    "exp": NOW + 60,
    "iat": NOW,
}
STRANGER = SigningKey.generate("stranger")


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def segment(value: Any) -> str:
    return b64(json.dumps(value).encode())


def handmade(header: dict[str, Any], claims: Any, secret: bytes | None = None) -> str:
    signing = f"{segment(header)}.{segment(claims)}"
    signature = b"" if secret is None else hmac.digest(secret, signing.encode(), hashlib.sha256)
    return f"{signing}.{b64(signature)}"


def tampered(key: SigningKey) -> str:
    header, _, signature = key.sign(CLAIMS).split(".")
    return f"{header}.{segment({**CLAIMS, 'service_name': 'boss'})}.{signature}"


BAD: dict[str, Callable[[SigningKey], str]] = {
    "empty": lambda _: "",
    "one segment": lambda _: "abc",
    "two segments": lambda key: key.sign(CLAIMS).rpartition(".")[0],
    "four segments": lambda key: key.sign(CLAIMS) + ".x",
    "bad base64": lambda key: "!!!." + key.sign(CLAIMS).partition(".")[2],
    "padded": lambda key: key.sign(CLAIMS) + "=",
    "header no JSON": lambda key: b64(b"alg") + "." + key.sign(CLAIMS).partition(".")[2],
    "header a list": lambda _: handmade([], CLAIMS),  # type: ignore[arg-type]  # that is the point
    "claims a list": lambda key: key.sign([]),  # type: ignore[arg-type]  # that is the point
    "null": lambda _: "null",
    "too long": lambda key: key.sign({**CLAIMS, "x": "y" * 9000}),
    "a stranger's key": lambda _: STRANGER.sign(CLAIMS),
    "tampered claims": tampered,
    "cut signature": lambda key: key.sign(CLAIMS)[:-20],
    "empty signature": lambda key: key.sign(CLAIMS).rpartition(".")[0] + ".",
    "expired": lambda key: key.sign({**CLAIMS, "exp": NOW - 120}),
    "just expired": lambda key: key.sign({**CLAIMS, "exp": NOW}),
    "no exp": lambda key: key.sign({k: v for k, v in CLAIMS.items() if k != "exp"}),
    "exp a string": lambda key: key.sign({**CLAIMS, "exp": str(NOW + 60)}),
    "exp null": lambda key: key.sign({**CLAIMS, "exp": None}),
    "exp true": lambda key: key.sign({**CLAIMS, "exp": True}),
    "exp a list": lambda key: key.sign({**CLAIMS, "exp": [NOW + 60]}),
    "exp negative": lambda key: key.sign({**CLAIMS, "exp": -1}),
    "exp infinite": lambda key: key.sign({**CLAIMS, "exp": float("inf")}),
    "iat a string": lambda key: key.sign({**CLAIMS, "iat": "now"}),
    "not before": lambda key: key.sign({**CLAIMS, "nbf": NOW + 30}),
    "no service_id": lambda key: key.sign({k: v for k, v in CLAIMS.items() if k != "service_id"}),
    "service_id a string": lambda key: key.sign({**CLAIMS, "service_id": "1"}),
    "service_id true": lambda key: key.sign({**CLAIMS, "service_id": True}),
    "no service_name": lambda key: key.sign({**CLAIMS, "service_name": None}),
    "alg none": lambda _: handmade({"alg": "none"}, CLAIMS),
    "alg None": lambda _: handmade({"alg": "None"}, CLAIMS),
    "alg none, two segments": lambda _: handmade({"alg": "none"}, CLAIMS).rstrip("."),
    "no alg": lambda _: handmade({"typ": "JWT"}, CLAIMS),
    "HS256 with the PEM": lambda key: handmade({"alg": "HS256"}, CLAIMS, key.public_pem.encode()),
    "HS256 with the stripped PEM": lambda key: handmade(
        {"alg": "HS256"}, CLAIMS, key.public_pem.strip().encode()
    ),
    "HS256 with a common secret": lambda _: handmade({"alg": "HS256"}, CLAIMS, b"secret"),
    "RS384 with the right key": lambda key: key.sign(CLAIMS, {"alg": "RS384"}),
    "RS512 with the right key": lambda key: key.sign(CLAIMS, {"alg": "RS512"}),
    "PS256 with the right key": lambda key: key.sign(CLAIMS, {"alg": "PS256"}),
    "RS256 said of a PS256": lambda key: ps256_called_rs256(key),
    "crit": lambda key: key.sign(CLAIMS, {"crit": ["exp"]}),
    "jwk of a stranger": lambda _: STRANGER.sign(CLAIMS, {"jwk": {"kty": "RSA"}}),
    "kid with a path": lambda _: STRANGER.sign(CLAIMS, {"kid": "../../dev/null"}),
}


def ps256_called_rs256(key: SigningKey) -> str:
    header, claims, _ = key.sign(CLAIMS).split(".")
    other = key.sign(CLAIMS, {"alg": "PS256"}).rpartition(".")[2]
    return f"{header}.{claims}.{other}"


@pytest.mark.parametrize("case", BAD)
def test_a_bad_token_is_refused_by_the_key(case: str, registry: FakeRegistry) -> None:
    with pytest.raises(TokenRefusedError):
        registry.key.verify(BAD[case](registry.key), now=NOW)


@pytest.mark.parametrize("case", BAD)
def test_a_bad_token_is_401_at_every_fake(ask: Any, case: str, registry: FakeRegistry) -> None:
    token = BAD[case](registry.key)
    with (
        FakeOrchestrator(registry=registry) as orchestrator,
        FakeDroplet(registry=registry) as droplet,
    ):
        urls = [
            f"{registry.url}/state",
            f"{registry.url}/services",
            f"{orchestrator.url}/tasks/x",
            f"{droplet.url}/state",
        ]
        answers = [ask(url, token=token) for url in urls]

    assert {one.status for one in answers} == {401}
    for one in answers:
        said = one.json["error"]["message"]
        assert "jwt" not in said.lower()
        assert token == "" or token not in said


def test_the_valid_twin_is_accepted_everywhere(ask: Any, registry: FakeRegistry) -> None:
    token = registry.key.sign(CLAIMS)
    with (
        FakeOrchestrator(registry=registry) as orchestrator,
        FakeDroplet(registry=registry) as droplet,
    ):
        for url in (f"{registry.url}/state", f"{orchestrator.url}/state", f"{droplet.url}/state"):
            assert ask(url, token=token).status == 200


@pytest.mark.parametrize("more", [{"kid": "odd"}, {"typ": "at+jwt"}, {"x5c": []}])
def test_the_right_key_with_odd_headers_counts(registry: FakeRegistry, more: Any) -> None:
    assert registry.key.verify(registry.key.sign(CLAIMS, more), now=NOW) == CLAIMS


@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Basic eDp5",
        "Token {token}",
        "{token}",
        "",
        "Bearer\u00e4 x",
        "Bearer ä",
        "Bearer " + "x" * 16_000,
        "Bearer {token},",
    ],
)
def test_a_malformed_authorization_is_401(ask: Any, registry: FakeRegistry, value: str) -> None:
    token = registry.key.sign(CLAIMS)
    header = value.replace("{token}", token).encode("latin-1").decode("latin-1")

    assert ask(f"{registry.url}/state", headers={"authorization": header}).status == 401


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer ", "Bearer\t"])
def test_the_scheme_is_read_without_regard_to_case(
    ask: Any, registry: FakeRegistry, scheme: str
) -> None:
    header = f"{scheme} {registry.key.sign(CLAIMS)}"

    assert ask(f"{registry.url}/state", headers={"authorization": header}).status == 200


def test_a_token_counts_in_the_header_only(ask: Any, registry: FakeRegistry) -> None:
    token = registry.key.sign(CLAIMS)

    assert ask(f"{registry.url}/state?token={token}&access_token={token}").status == 401
    assert ask(f"{registry.url}/state", headers={"cookie": f"token={token}"}).status == 401


def test_two_authorization_headers_are_refused_even_where_both_are_good(
    registry: FakeRegistry,
) -> None:
    import socket  # noqa: PLC0415 - http.client cannot send this

    one = f"authorization: Bearer {registry.key.sign(CLAIMS)}\r\n"
    sent = f"GET /state HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{one}{one}\r\n".encode()
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", registry.port)) as line:
            line.sendall(sent)
            assert line.recv(4096).startswith(b"HTTP/1.1 401")


def test_signing_agrees_with_another_library(registry: FakeRegistry) -> None:
    for algorithm in ("RS256", "RS384", "RS512", "PS256"):
        token = registry.key.sign({**CLAIMS, "exp": 2**40}, {"alg": algorithm})
        claims = jwt.decode(
            token,
            registry.public_key_pem,
            algorithms=[algorithm],
            options={"verify_iat": False},
        )
        assert claims["service_name"] == "x"


def test_verifying_agrees_with_another_library() -> None:
    token = jwt.encode(CLAIMS, STRANGER.private_pem, algorithm="RS256")

    assert STRANGER.verify(token, now=NOW) == CLAIMS
    assert decode_unverified(token) == ({"alg": "RS256", "typ": "JWT"}, CLAIMS)


def test_a_key_goes_through_pem_and_back() -> None:
    again = SigningKey.from_pem(STRANGER.private_pem, "again")

    assert again.public_pem == STRANGER.public_pem
    assert again.verify(STRANGER.sign(CLAIMS), now=NOW) == CLAIMS


@pytest.mark.parametrize(
    "pem", ["", "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"]
)
def test_what_is_no_public_key_is_a_value_error(pem: str) -> None:
    with pytest.raises(ValueError, match="not a public key"):
        VerifyingKey(pem)


def test_a_key_of_another_kind_is_a_value_error() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    with pytest.raises(ValueError, match="RSA"):
        VerifyingKey(pem)


def test_no_private_key_is_no_public_key() -> None:
    with pytest.raises(ValueError, match="public"):
        VerifyingKey(STRANGER.private_pem)
