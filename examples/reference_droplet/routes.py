"""How a protected router is made: token first, errors documented in the contract's form."""

from typing import Any

from fastapi import APIRouter, Security
from fastapi.security import HTTPBearer

from reference_droplet.auth import ProtectedRoute
from reference_droplet.errors import ErrorBody

ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": ErrorBody, "description": "No valid token"},
    422: {"model": ErrorBody, "description": "The request is not valid"},
    503: {"model": ErrorBody, "description": "Something that is needed is away"},
}


def protected_router() -> APIRouter:
    """A router whose routes all want a token.

    HTTPBearer only documents that here: alone it would take any token, and the FastAPI that many
    droplets pin answers 403 to a missing one, where the contract says 401 (CONF-23).
    """
    return APIRouter(
        route_class=ProtectedRoute,
        dependencies=[Security(HTTPBearer(auto_error=False, bearerFormat="JWT"))],
        responses=ERRORS,
    )
