"""Guide sections 3 and 5: every call to another service carries the token."""

import asyncio
import logging
from urllib.parse import urlsplit

from reference_droplet.calls import Answer, CallFailedError, Calls
from reference_droplet.registry import Registry

# What the guide's samples do otherwise: they send the global `jwt_token`, which is None until the
# droplet is registered ("Bearer None"), and go on sending it after it was refused with 401.

TOKEN_PATIENCE = 15.0  # seconds to wait for a registration that is under way

logger = logging.getLogger(__name__)


class ServiceCalls:
    """Calls as this droplet."""

    def __init__(self, calls: Calls, registry: Registry) -> None:
        self._calls = calls
        self._registry = registry

    async def send(
        self, method: str, url: str, *, within: float, json_body: object = None
    ) -> Answer:
        """Send with our token; a 401 is answered with a new one, once. Raises CallFailedError."""
        token = await self._token()
        answer = await self._calls.send(
            method, url, within=within, token=token, json_body=json_body
        )
        if answer.status != 401:  # noqa: PLR2004 - the token was not refused
            return answer
        logger.warning("our token was refused by %s, registering again", urlsplit(url).netloc)
        self._registry.refuse(token)
        return await self._calls.send(
            method, url, within=within, token=await self._token(), json_body=json_body
        )

    async def _token(self) -> str:
        try:
            async with asyncio.timeout(TOKEN_PATIENCE):
                return await self._registry.token()
        except TimeoutError:
            raise CallFailedError("this droplet is not registered", was_sent=False) from None
