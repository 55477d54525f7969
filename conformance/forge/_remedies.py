"""What an author of a FastAPI droplet writes instead: with PyJWT, and with python-jose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["Remedy", "remedy"]


@dataclass(frozen=True, slots=True)
class Remedy:
    """Lines of code that mend a finding; both read `public_key` as fetched from the Registry."""

    pyjwt: str
    jose: str


_HEADER: Final = """\
def bearer(authorization: str | None = Header(None)) -> str:
    parts = (authorization or "").split()
    if len(parts) != 2 or parts[0].lower() != "bearer":
        raise HTTPException(401, "A bearer token is needed.")
    return parts[1]
"""

_PYJWT: Final = """\
try:
    claims = jwt.decode(
        token,
        public_key,
        algorithms=["RS256"],
        leeway=30,
        options={"require": ["exp", "service_id", "service_name"], "verify_aud": False},
    )
except (jwt.PyJWTError, TypeError, ValueError, OverflowError):
    raise HTTPException(401, "The token is not valid.") from None
"""

_JOSE: Final = """\
try:
    claims = jwt.decode(
        token,
        public_key,
        algorithms=["RS256"],
        options={"require_exp": True, "leeway": 30, "verify_aud": False},
    )
except (JWTError, TypeError, ValueError, OverflowError):
    raise HTTPException(401, "The token is not valid.") from None
"""

_NAMED: Final = """\
named = isinstance(claims["service_name"], str)
numbered = isinstance(claims["service_id"], int) and not isinstance(claims["service_id"], bool)
if not (named and numbered):
    raise HTTPException(401, "The token names no service.")
"""

_NAMED_JOSE: Final = _NAMED.replace('claims["', 'claims.get("').replace('"]', '")')

_EXPIRY: Final = """\
if not isinstance(claims.get("exp"), (int, float)) or isinstance(claims["exp"], bool):
    raise HTTPException(401, "The token has no expiry.")
"""

_GUARD: Final = """\
router = APIRouter(dependencies=[Depends(current_service)])  # every route of it, none forgotten
"""

_DECODE: Final = Remedy(_PYJWT, _JOSE)
_BEARER: Final = Remedy(_HEADER, _HEADER)
_ON_ROUTES: Final = Remedy(_GUARD, _GUARD)

_REMEDIES: Final[Mapping[str, Remedy]] = {
    **dict.fromkeys(("AUTH-002", "AUTH-003", "AUTH-004", "AUTH-005", "AUTH-018"), _BEARER),
    **dict.fromkeys(
        ("AUTH-006", "AUTH-007", "AUTH-008", "AUTH-009", "AUTH-012", "AUTH-013"), _DECODE
    ),
    **dict.fromkeys(("AUTH-014", "AUTH-015", "AUTH-016", "AUTH-027"), _DECODE),
    "AUTH-010": Remedy(_PYJWT + _EXPIRY, _JOSE + _EXPIRY),
    "AUTH-011": Remedy(_PYJWT + _EXPIRY, _JOSE + _EXPIRY),
    "AUTH-017": Remedy(_PYJWT + _NAMED, _JOSE + _NAMED_JOSE),
    **dict.fromkeys(
        ("AUTH-024", "AUTH-028", "AUTH-032", "UDC-STATE-001", "UDC-DEPS-001", "UDC-MSG-001"),
        _ON_ROUTES,
    ),
}


def remedy(requirement: str) -> Remedy | None:
    """Give the code that mends a requirement; None where the row's own `fix` says it all."""
    return _REMEDIES.get(requirement)
