"""What a refusal says: the form of an error, and nothing of how the token was looked at."""

import re
from typing import Final

from udckit.conformance import Observation, Probe, doors, expect, shown, verifies
from udckit.conformance.forge import recipe

_SHOWN: Final = (
    "anonymous",
    "scheme-basic-password",
    "garbage-one-segment",
    "garbage-header-no-json",
    "attacker-key",
    "signature-cut",
    "alg-none",
    "expired-hour",
)
_INTERNALS: Final = re.compile(
    r"""
      \b(?:jwt|jws|jwk|jose|joserfc|pyjwt|authlib)\.[a-z_]+
    | \b[A-Za-z]*(?:JWT|JWS|JOSE|JWK)[A-Za-z]*Error\b
    | \b(?:Decode|ExpiredSignature|InvalidSignature|InvalidToken|InvalidAlgorithm)Error\b
    | \bERR_JW[A-Z_]+
    | Traceback\ \(most\ recent\ call\ last\)
    | Not\ enough\ segments
    | Signature\ verification\ failed
    | Signature\ has\ expired
    | Invalid\ (?:header|payload|crypto)\ padding
    | Invalid\ (?:header|payload)\ string
    | Invalid\ (?:Compact\ JWS|token\ type)
    | Error\ decoding\ (?:token\ headers|signature|token)
    | The\ specified\ alg\ value\ is\ not\ allowed
    | jwt\ (?:malformed|expired|must\ be\ provided)
    | bad_signature | invalid_token:\s
    """,
    re.VERBOSE,
)
"""Sentences and names of the libraries that verify tokens, as they stand in their sources."""


@verifies("AUTH-026")
def a_refusal_reveals_nothing(service: Probe) -> None:
    """The body of a 401 is an error of the contract, and quotes no library."""
    recipes = [recipe(name) for name in _SHOWN]
    possible = [each for each in recipes if each.needs <= service.can]
    for seen in shown(service, doors(service)[0], possible):
        if seen.status == 401:  # noqa: PLR2004 - what the row speaks of
            _is_plain(seen)


def _is_plain(seen: Observation) -> None:
    found = _INTERNALS.search(seen.text)
    expect(seen).holds(
        found is None,
        expected="a body without the words of a library",
        observed=f"{found.group()!r}" if found is not None else None,
    )
    error = seen.member("error")
    expect(seen).holds(
        isinstance(error, dict) and {"code", "message"} <= set(error),
        expected='a body of the form {"error": {"code": …, "message": …}}',
    )
