"""Recipes for signatures: tampered, missing, by the wrong key or the wrong algorithm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from udckit.conformance.forge._recipe import OF_THE_NAME, In, Recipe

__all__ = ["SIGNATURES"]

_MASTER: Final = "anybody makes a token for any service with any rights, and needs no secret for it"
_PUBLIC: Final = (
    "the public key, which everybody may fetch, becomes the secret: anybody signs a token for any "
    "service with it"
)
_GUESSED: Final = "who guesses the secret makes tokens for any service; the usual ones are in lists"
_PROMOTED: Final = "a holder of any token rewrites it: another service's name, more rights, no end"
_AGILE: Final = (
    "the attacker chooses the algorithm: what the platform does not use, and nobody watches, "
    "becomes a way in"
)
_OWN_KEY: Final = "the attacker sends the key along that the token is checked with, and is let in"
_NEEDS_PEM: Final = frozenset({"public-key"})
_NEEDS_KEY: Final = frozenset({"sign"})


def _none(name: str, words: str, header: Mapping[str, Any], *, dot: bool = True) -> Recipe:
    return Recipe(
        name=name,
        words=words,
        ids=("AUTH-012",),
        gain=_MASTER,
        by="nobody",
        header=header,
        edits=() if dot else ("the last dot taken away",),
        critical=name == "alg-none",
    )


def _tampered(name: str, words: str, **how: Any) -> Recipe:
    return Recipe(
        name=name,
        words=words,
        ids=("AUTH-008",),
        gain=_PROMOTED,
        by="tampered" if "claims" in how or "header" in how else "valid",
        **how,
    )


def _confused(name: str, secret: str, alg: str = "HS256") -> Recipe:
    return Recipe(
        name=name,
        words=f"an {alg} token keyed with the Registry's public key ({secret})",
        ids=("AUTH-013",),
        gain=_PUBLIC,
        by="secret",
        header={"alg": alg},
        secret=secret,
        critical=name == "hs256-pem",
        needs=_NEEDS_PEM,
    )


def _guessed(name: str, secret: str, alg: str = "HS256") -> Recipe:
    return Recipe(
        name=name,
        words=f"an {alg} token keyed with {secret if secret != repr('') else 'an empty secret'}",
        ids=("AUTH-014",),
        gain=_GUESSED,
        by="secret",
        header={"alg": alg},
        secret=secret,
        critical=name == "hs256-secret",
    )


def _right_key(alg: str) -> Recipe:
    return Recipe(
        name=f"{alg.lower()}-right-key",
        words=f"an {alg} token signed with the Registry's own key",
        ids=("AUTH-015",),
        gain=_AGILE,
        by="authority",
        header={"alg": alg},
        critical=alg == "RS384",
        needs=_NEEDS_KEY,
    )


def _wrong_key(alg: str, *, secret: str | None = None) -> Recipe:
    return Recipe(
        name=f"{alg.lower()}-attacker",
        words=f"an {alg} token of an attacker's key",
        ids=("AUTH-015",),
        gain=_MASTER,
        by="attacker" if secret is None else "secret",
        header={"alg": alg},
        secret=secret,
    )


def _trick(name: str, words: str, header: Mapping[str, Any], **how: Any) -> Recipe:
    return Recipe(name=name, words=words, ids=("AUTH-016",), gain=_OWN_KEY, header=header, **how)


SIGNATURES: Final = (
    Recipe(
        name="attacker-key",
        words="a token with right claims that an attacker's RSA key signed",
        ids=("AUTH-007", "AUTH-024"),
        gain=_MASTER,
        critical=True,
    ),
    Recipe(
        name="attacker-key-as-registry",
        words="a token that an attacker's key signed for the service `registry`",
        ids=("AUTH-007",),
        gain=_MASTER,
        claims={"service_name": "registry", "service_id": 1},
    ),
    _tampered(
        "tampered-name",
        "a valid token whose service_name was changed",
        claims={"service_name": "registry"},
        critical=True,
    ),
    _tampered(
        "tampered-number",
        "a valid token whose service_id was changed",
        claims={"service_id": 1},
    ),
    _tampered(
        "tampered-expiry",
        "a valid token whose exp was put off by a year",
        claims={"exp": In(31_536_000)},
    ),
    _tampered(
        "tampered-capabilities",
        "a valid token with capabilities added",
        claims={"capabilities": ["admin", "udckit"]},
    ),
    _tampered(
        "tampered-header",
        "a valid token whose header was changed",
        header={"typ": "JWT", "kid": "udckit"},
    ),
    _tampered(
        "signature-emptied",
        "a valid token without its signature, the dot kept",
        edits=("the signature emptied",),
    ),
    _tampered(
        "signature-gone",
        "a valid token without its signature",
        edits=("the signature taken away, dot and all",),
    ),
    _tampered(
        "signature-cut",
        "a valid token with the end of its signature cut off",
        edits=("the signature cut short",),
    ),
    _tampered(
        "signature-bit",
        "a valid token with one bit of its signature flipped",
        edits=("a bit of the signature flipped",),
    ),
    _tampered(
        "signature-zeros",
        "a valid token whose signature is all zeros",
        edits=("the signature all zeros",),
    ),
    _none("alg-none", "an unsigned token, alg none", {"alg": "none"}),
    _none(
        "alg-none-no-dot", "an unsigned token, alg none, no last dot", {"alg": "none"}, dot=False
    ),
    _none("alg-none-title", "an unsigned token, alg None", {"alg": "None"}),
    _none(
        "alg-none-title-no-dot", "an unsigned token, alg None, no dot", {"alg": "None"}, dot=False
    ),
    _none("alg-none-upper", "an unsigned token, alg NONE", {"alg": "NONE"}),
    _none(
        "alg-none-upper-no-dot", "an unsigned token, alg NONE, no dot", {"alg": "NONE"}, dot=False
    ),
    _none("alg-none-mixed", "an unsigned token, alg nOnE", {"alg": "nOnE"}),
    _none(
        "alg-none-mixed-no-dot", "an unsigned token, alg nOnE, no dot", {"alg": "nOnE"}, dot=False
    ),
    _none("alg-missing", "an unsigned token whose header has no alg", {"alg": ...}),
    _none("alg-null", "an unsigned token, alg null", {"alg": None}),
    _none("alg-empty", "an unsigned token, alg empty", {"alg": ""}),
    Recipe(
        name="alg-none-signature-kept",
        words="a token with alg none and the valid token's signature",
        ids=("AUTH-012",),
        gain=_MASTER,
        by="tampered",
        header={"alg": "none"},
    ),
    Recipe(
        name="alg-twice",
        words="an unsigned token whose header says alg twice, none and RS256",
        ids=("AUTH-012",),
        gain=_MASTER,
        by="nobody",
        head='{"alg":"RS256","alg":"none","typ":"JWT"}',
    ),
    _confused("hs256-pem", "PEM"),
    _confused("hs256-pem-stripped", "PEM without its last newline"),
    _confused("hs256-pem-newline", "PEM with a last newline"),
    _confused("hs256-pem-pkcs1", "PEM of PKCS#1"),
    _confused("hs256-pem-bare", "PEM without its armour"),
    _confused("hs256-der", "DER"),
    _confused("hs256-modulus", "modulus"),
    _confused("hs384-pem", "PEM", "HS384"),
    _confused("hs512-pem", "PEM", "HS512"),
    _guessed("hs256-secret", "'secret'"),
    _guessed("hs256-empty", "''"),
    _guessed("hs256-your-secret-here", "'your-secret-here'"),
    _guessed("hs256-your-secret-key", "'your-secret-key'"),
    _guessed("hs256-changeme", "'changeme'"),
    _guessed("hs256-password", "'password'"),
    _guessed("hs256-dev-secret", "'dev-secret'"),
    _guessed("hs256-service-name", OF_THE_NAME),
    _guessed("hs512-secret", "'secret'", "HS512"),
    _right_key("RS384"),
    _right_key("RS512"),
    _right_key("PS256"),
    _right_key("PS384"),
    _right_key("PS512"),
    _wrong_key("RS384"),
    _wrong_key("PS256"),
    _wrong_key("ES256"),
    _wrong_key("EdDSA"),
    _wrong_key("HS384", secret="'udckit-attacker'"),  # noqa: S106 - the attacker's, told to all
    _wrong_key("HS512", secret="'udckit-attacker'"),  # noqa: S106 - likewise
    _trick(
        "header-jwk",
        "a token that brings its key along (jwk)",
        {"jwk": "$attacker-jwk"},
        critical=True,
    ),
    _trick(
        "header-jwk-secret",
        "an HS256 token that brings its secret along (jwk)",
        {"alg": "HS256", "jwk": "$secret-jwk"},
        by="secret",
        secret="'udckit-attacker'",  # noqa: S106 - the attacker's, told to all
    ),
    _trick(
        "header-x5c",
        "a token that brings its certificate along (x5c)",
        {"x5c": "$attacker-certificates"},
    ),
    _trick(
        "header-jku",
        "a token that says where its key is (jku)",
        {"jku": "$keys/jwks.json", "kid": "udckit-attacker"},
    ),
    _trick(
        "header-x5u",
        "a token that says where its certificate is (x5u)",
        {"x5u": "$keys/certificate.pem"},
    ),
    _trick(
        "header-kid-empty-file",
        "an HS256 token whose kid names an empty file",
        {"alg": "HS256", "kid": "../../../../../../dev/null"},
        by="secret",
        secret="''",  # noqa: S106 - the name of an empty secret
    ),
    _trick(
        "header-kid-path",
        "a token of an attacker's key whose kid is a path",
        {"kid": "../../../../../../etc/hostname"},
    ),
    _trick(
        "header-kid-sql",
        "an HS256 token whose kid is SQL that gives the attacker's secret",
        {"alg": "HS256", "kid": "udckit' UNION SELECT 'udckit-attacker' -- "},
        by="secret",
        secret="'udckit-attacker'",  # noqa: S106 - the attacker's, told to all
    ),
)
