"""Recipes for what stands in, or instead of, the Authorization header."""

from __future__ import annotations

from typing import Final

from udckit.conformance.forge._recipe import Presentation, Recipe

__all__ = ["FORMS"]

_HTTP_MAY_OBJECT: Final = (400, 401, 431)
"""Oversize, non-ASCII, duplicate: what an HTTP server may say before the application (CONF-45)."""

_ANYBODY: Final = "anybody who reaches the port acts as any service"
_PARSER: Final = (
    "the header is cut up by guesswork: what a gateway refuses as malformed, this service lets in"
)
_LEAKS: Final = (
    "tokens end up in access logs, histories and Referer headers, where others read them; "
    "a cookie lets any web page send requests on a user's behalf"
)


def _header(*values: str) -> Presentation:
    return Presentation(authorization=values)


def _garbage(name: str, words: str, text: str, *, critical: bool = False) -> Recipe:
    return Recipe(
        name=name,
        words=words,
        ids=("AUTH-006",),
        gain=_ANYBODY,
        by="text",
        text=text,
        critical=critical,
    )


FORMS: Final = (
    Recipe(
        name="anonymous",
        words="a request without an Authorization header",
        ids=("AUTH-002", "AUTH-024", "UDC-STATE-001", "UDC-DEPS-001", "UDC-MSG-001"),
        gain=_ANYBODY,
        by="valid",
        shown=_header(),
        critical=True,
    ),
    Recipe(
        name="no-scheme",
        words="a valid token without a scheme before it",
        ids=("AUTH-003",),
        gain=_PARSER,
        by="valid",
        shown=_header("{token}"),
        critical=True,
    ),
    Recipe(
        name="scheme-basic",
        words="a valid token after the scheme Basic",
        ids=("AUTH-003",),
        gain=_PARSER,
        by="valid",
        shown=_header("Basic {token}"),
    ),
    Recipe(
        name="scheme-basic-password",
        words="a name and a password after the scheme Basic",
        ids=("AUTH-003",),
        gain=_ANYBODY,
        by="text",
        text="dWRja2l0OnVkY2tpdA==",
        shown=_header("Basic {token}"),
    ),
    Recipe(
        name="scheme-token",
        words="a valid token after the scheme Token",
        ids=("AUTH-003",),
        gain=_PARSER,
        by="valid",
        shown=_header("Token {token}"),
    ),
    Recipe(
        name="scheme-jwt",
        words="a valid token after the scheme JWT",
        ids=("AUTH-003",),
        gain=_PARSER,
        by="valid",
        shown=_header("JWT {token}"),
    ),
    Recipe(
        name="header-token-and-more",
        words="a valid token with another word behind it",
        ids=("AUTH-004",),
        gain=_PARSER,
        by="valid",
        shown=_header("Bearer {token} udckit"),
        critical=True,
    ),
    Recipe(
        name="header-scheme-alone",
        words="the word Bearer and no token",
        ids=("AUTH-004",),
        gain=_ANYBODY,
        by="text",
        shown=_header("Bearer"),
    ),
    Recipe(
        name="header-empty",
        words="an empty Authorization header",
        ids=("AUTH-004",),
        gain=_ANYBODY,
        by="text",
        shown=_header(""),
    ),
    Recipe(
        name="header-two-words",
        words="two words after Bearer",
        ids=("AUTH-004",),
        gain=_ANYBODY,
        by="text",
        text="udckit udckit",
    ),
    Recipe(
        name="header-twice",
        words="two Authorization headers with a forged token each",
        ids=("AUTH-004",),
        gain="a gateway checks one of the two headers, and this service trusts the other",
        by="attacker",
        shown=_header("Bearer {token}", "Bearer udckit"),
        expected=_HTTP_MAY_OBJECT,
        or_closed=True,
    ),
    Recipe(
        name="header-oversize",
        words="an Authorization header of 16 KB",
        ids=("AUTH-004",),
        gain="one request makes a worker fail, so that a few of them keep the service down",
        by="attacker",
        edits=("repeated until it is 16 KB long",),
        expected=_HTTP_MAY_OBJECT,
        or_closed=True,
    ),
    Recipe(
        name="header-not-ascii",
        words="a token of letters that are not ASCII",
        ids=("AUTH-004",),
        gain="one request makes a worker fail, so that a few of them keep the service down",
        by="text",
        text="t\u00f6ken.\u00fc\u00df.\u00e9",
        expected=_HTTP_MAY_OBJECT,
        or_closed=True,
    ),
    Recipe(
        name="scheme-lower",
        words="a valid token after `bearer`",
        ids=("AUTH-005",),
        by="valid",
        shown=_header("bearer {token}"),
        expected=(),
    ),
    Recipe(
        name="scheme-upper",
        words="a valid token after `BEARER`",
        ids=("AUTH-005",),
        by="valid",
        shown=_header("BEARER {token}"),
        expected=(),
    ),
    _garbage("garbage-one-segment", "one word as the token", "udckit", critical=True),
    _garbage("garbage-null", "the token `null`", "null"),
    _garbage("garbage-dots", "a token of two dots", ".."),
    _garbage("garbage-two-segments", "a token of two words", "udckit.udckit"),
    _garbage("garbage-not-base64", "a token whose segments are not base64url", "!!.**.??"),
    _garbage("garbage-header-no-json", "a token whose header is not JSON", "dWRja2l0.e30.dWRja2l0"),
    _garbage("garbage-header-list", "a token whose header is the list []", "W10.e30.dWRja2l0"),
    _garbage("garbage-header-number", "a token whose header is a number", "NDI.e30.dWRja2l0"),
    _garbage(
        "garbage-five-segments",
        "an encrypted token (JWE, five segments)",
        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..dWRja2l0.dWRja2l0.dWRja2l0",
    ),
    Recipe(
        name="garbage-four-segments",
        words="a valid token with a fourth segment",
        ids=("AUTH-006",),
        gain=_PARSER,
        by="valid",
        edits=("a fourth segment added",),
    ),
    Recipe(
        name="garbage-claims-no-json",
        words="a token whose claims are not JSON",
        ids=("AUTH-006",),
        gain=_ANYBODY,
        payload="udckit",
    ),
    Recipe(
        name="garbage-claims-list",
        words="a rightly signed token whose claims are the list []",
        ids=("AUTH-006",),
        gain="one token of the Registry's own makes every request fail",
        by="authority",
        payload="[]",
        needs=frozenset({"sign"}),
    ),
    Recipe(
        name="place-query-token",
        words="a valid token in the query (?token=)",
        ids=("AUTH-018",),
        gain=_LEAKS,
        by="valid",
        shown=Presentation(authorization=(), query="token"),
    ),
    Recipe(
        name="place-query-access-token",
        words="a valid token in the query (?access_token=)",
        ids=("AUTH-018",),
        gain=_LEAKS,
        by="valid",
        shown=Presentation(authorization=(), query="access_token"),
    ),
    Recipe(
        name="place-cookie-token",
        words="a valid token in the cookie `token`",
        ids=("AUTH-018",),
        gain=_LEAKS,
        by="valid",
        shown=Presentation(authorization=(), cookie="token"),
    ),
    Recipe(
        name="place-cookie-access-token",
        words="a valid token in the cookie `access_token`",
        ids=("AUTH-018",),
        gain=_LEAKS,
        by="valid",
        shown=Presentation(authorization=(), cookie="access_token"),
    ),
    Recipe(
        name="place-body",
        words="a valid token in the member `token` of the body",
        ids=("AUTH-018",),
        gain=_LEAKS,
        by="valid",
        shown=Presentation(authorization=(), member="token"),
        critical=True,
    ),
)
