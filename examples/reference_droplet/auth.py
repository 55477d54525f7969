"""Guide section 4.2: who is asking. A dependency to put on every protected route."""

import json
import logging
import math
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from reference_droplet.errors import Problem
from reference_droplet.public_key import PublicKey

# What the guide's sample does otherwise: it reads payload["exp"] and so turns a token without exp
# into a 500 or a pass, depending on what catches it; it answers with the library's own words; and
# PyJWT, like python-jose, takes a token without exp for one that never ends.

LONGEST_TOKEN = 8192
BEARER = re.compile(
    r"[ \t]*bearer[ \t]+([\w-]+)\.([\w-]+)\.([\w-]+)[ \t]*", re.ASCII | re.IGNORECASE
)
ONLY_SIGNATURE: Any = {
    f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """The service that the token was issued to."""

    service_id: int
    service_name: str


class RefusedTokenError(Exception):
    """Why a token does not count; for the log, not for the caller."""


class Verifier:
    """Tells whose token a request carries."""

    def __init__(self, key: PublicKey) -> None:
        self._key = key

    async def caller(self, authorization: list[str]) -> Caller:
        """Who sent these Authorization fields. Raises Problem: 401, or 503 without a key."""
        try:
            return await self._caller(authorization)
        except RefusedTokenError as error:
            logger.warning("refused with 401: %s", error)
            raise Problem(401, "UNAUTHORIZED", "A valid bearer token is required.") from None

    async def _caller(self, authorization: list[str]) -> Caller:
        if len(authorization) != 1 or len(authorization[0]) > LONGEST_TOKEN:
            raise RefusedTokenError("not one Authorization field of sane length")
        shape = BEARER.fullmatch(authorization[0])
        if shape is None:
            raise RefusedTokenError("no bearer token")
        header = _header(shape[1])
        if header.get("alg") != "RS256" or "crit" in header:
            raise RefusedTokenError("not a plain RS256 token")  # before any key is touched
        key = await self._key.get()
        if key is None:
            raise Problem(503, "KEY_UNAVAILABLE", "Tokens cannot be verified at the moment.")
        token = ".".join(shape.groups())
        payload = _verified(token, key)
        if payload is None:
            newer = await self._key.instead_of(key)
            payload = None if newer is None else _verified(token, newer)
        if payload is None:
            raise RefusedTokenError("the signature does not verify")
        return _identified(payload)


def _header(segment: str) -> dict[str, Any]:
    try:
        header = json.loads(urlsafe_b64decode(segment + "=="))
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise RefusedTokenError("its header is no JSON object")
    return header


def _verified(token: str, key: RSAPublicKey) -> dict[str, Any] | None:
    try:
        return jwt.decode(token, key, algorithms=["RS256"], options=ONLY_SIGNATURE)
    except jwt.InvalidSignatureError:
        return None
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise RefusedTokenError(f"unreadable: {type(error).__name__}") from None


def _identified(claims: dict[str, Any]) -> Caller:
    exp = claims.get("exp")
    if isinstance(exp, bool) or not isinstance(exp, int | float):
        raise RefusedTokenError("exp is no number")
    if not time.time() < exp < math.inf:
        raise RefusedTokenError("expired")
    match claims:
        case {"service_id": bool()}:
            raise RefusedTokenError("service_id is no integer")
        case {"service_id": int(number), "service_name": str(name)} if name:
            return Caller(number, name)
    raise RefusedTokenError("service_id or service_name is missing")


async def current_service(request: Request) -> Caller:
    """Who is asking; verified once per request."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is None:
        verifier: Verifier = request.app.state.droplet.verifier
        known = await verifier.caller(request.headers.getlist("authorization"))
        request.state.caller = known
    return known


CurrentService = Annotated[Caller, Depends(current_service)]


class ProtectedRoute(APIRoute):
    """Asks who is there before FastAPI reads the body: else a stranger's bad JSON gets a 422."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def authenticated(request: Request) -> Response:
            await current_service(request)
            return await handle(request)

        return authenticated
