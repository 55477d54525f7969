"""Guide section 2: register with the Registry on startup, and stay registered."""

import asyncio
import contextlib
import logging
import math
import time

import jwt

from reference_droplet import __version__
from reference_droplet.calls import Calls
from reference_droplet.dependencies import Dependency
from reference_droplet.settings import Settings

# What the guide's sample does otherwise: it raises out of the startup handler when the Registry is
# not there yet, so that the order in which containers start decides whether the droplet lives
# (CONF-13); and it takes a token once and keeps it after it has expired (CONF-07).

CAPABILITIES = ("job_processing",)
FIRST_WAIT, LONGEST_WAIT = 1.0, 10.0
RENEW_AFTER = 0.8  # of a token's life
SHORTEST_LIFE = 5.0  # seconds between two renewals, whatever the token says

logger = logging.getLogger(__name__)


class RegistrationFailedError(Exception):
    """The Registry gave no token."""


class Registry:
    """Who this droplet is: its service_id, and the token that proves it."""

    def __init__(self, settings: Settings, calls: Calls, dependency: Dependency) -> None:
        self.service_id: int | None = None
        self._settings = settings
        self._calls = calls
        self._dependency = dependency
        self._token: str | None = None
        self._ends = math.inf
        self._has_token = asyncio.Event()
        self._was_refused = asyncio.Event()

    @property
    def is_registered(self) -> bool:
        return self._token is not None and time.monotonic() < self._ends

    async def token(self) -> str:
        """A token that holds; waits while there is none."""
        while self._token is None or not self.is_registered:
            self._has_token.clear()
            await self._has_token.wait()
        return self._token

    def refuse(self, token: str) -> None:
        """Say that somebody answered 401 to this token: it is thrown away and replaced."""
        if token == self._token:
            self._token = None
            self._was_refused.set()

    async def stay_registered(self) -> None:
        """Register, and again before the token ends or when it was refused; for ever."""
        while True:
            life = await self._register_with_patience()
            self._was_refused.clear()
            renewal = None if life is None else max(SHORTEST_LIFE, life * RENEW_AFTER)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._was_refused.wait(), renewal)

    async def _register_with_patience(self) -> float | None:
        """Try until it is done, after 1, 2, 4, 8, and then always 10 seconds."""
        wait = FIRST_WAIT
        while True:
            try:
                return await self._register()
            except Exception as error:  # noqa: BLE001 - no failure whatever may end the trying
                self._dependency.note(is_up=False)
                logger.warning("Registry: POST /register failed, next in %g s: %s", wait, error)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _register(self) -> float | None:
        """Register once; how many seconds the token holds, or None where it does not say."""
        answer = await self._calls.send(
            "POST",
            f"{self._settings.registry_url}/register",
            within=10,
            json_body={
                "name": self._settings.service_name,
                "droplet_id": self._settings.droplet_id,
                "port": self._settings.service_port,
                "health_endpoint": "/health",
                "capabilities": list(CAPABILITIES),
                "version": __version__,
                "udc_compliant": True,
            },
        )
        if answer.status != 201:  # noqa: PLR2004 - IG §2.1: anything else is a failure
            raise RegistrationFailedError(f"answered {answer.status} instead of 201")
        match answer.body:
            case {"token": str(token), "service_id": int(number)} if token and number is not True:
                life = _life(token)
            case _:
                raise RegistrationFailedError("answered 201 without token and service_id")
        self._token, self.service_id = token, number
        self._ends = math.inf if life is None else time.monotonic() + life
        self._has_token.set()
        self._dependency.note(is_up=True)
        logger.info("registered as service %d", number)
        return life


def _life(token: str) -> float | None:
    """Seconds from iat to exp: right even where the Registry's clock is not ours."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        life = float(claims["exp"]) - float(claims.get("iat", time.time()))
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        return None
    return life if 0 < life < math.inf else None
