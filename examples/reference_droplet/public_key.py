"""Guide section 4.1: the Registry's public key, fetched, cached, and renewed when it changes."""

import asyncio
import logging
import math
import time

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from reference_droplet.calls import Answer, CallFailedError, Calls

# What the guide's sample does otherwise: @lru_cache keeps the key for ever, so that a Registry with
# a new key locks everybody out (CONF-15); a Registry that is away becomes "401 Invalid token", as
# if the caller were to blame (CONF-24); and httpx.get blocks the event loop meanwhile.

LONGEST_LIFE = 300.0
RETRY_AFTER = 2.0
BURST, REFILL = 3.0, 10.0  # fetches on bad signatures: three at once, then one in ten seconds

logger = logging.getLogger(__name__)


class PublicKey:
    """The key that tokens are verified with."""

    def __init__(self, calls: Calls, registry_url: str) -> None:
        self._calls = calls
        self._url = f"{registry_url}/auth/public-key"
        self._key: RSAPublicKey | None = None
        self._fetched_at = -math.inf
        self._failed_at = -math.inf
        self._allowance, self._allowed_at = BURST, time.monotonic()
        self._lock = asyncio.Lock()

    async def get(self) -> RSAPublicKey | None:
        """The key; None while the Registry gives none. An old key is better than none."""
        if self._key is None or time.monotonic() - self._fetched_at > LONGEST_LIFE:
            async with self._lock:
                now = time.monotonic()
                is_old = now - self._fetched_at > LONGEST_LIFE
                pause = RETRY_AFTER if self._key is None else LONGEST_LIFE / 10
                if is_old and now - self._failed_at > pause:
                    await self._fetch()
        return self._key

    async def instead_of(self, key: RSAPublicKey) -> RSAPublicKey | None:
        """Another key than this one, under which a signature did not verify; None without one."""
        async with self._lock:
            if self._key is key and self._may_ask():
                await self._fetch()
            return None if self._key is key else self._key

    def _may_ask(self) -> bool:
        """Whether bad tokens have not yet made us ask too often."""
        now = time.monotonic()
        gained = (now - self._allowed_at) / REFILL
        self._allowance, self._allowed_at = min(BURST, self._allowance + gained), now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    async def _fetch(self) -> None:
        try:
            key = _rsa_key(await self._calls.send("GET", self._url, within=5))
        except (CallFailedError, UnsupportedAlgorithm, ValueError) as error:
            self._failed_at = time.monotonic()
            logger.error("Registry: GET /auth/public-key failed: %s", error)  # noqa: TRY400 - an outage, no bug of ours
            return
        if self._key is None or key.public_numbers() != self._key.public_numbers():
            self._key = key
        self._fetched_at = time.monotonic()


def _rsa_key(answer: Answer) -> RSAPublicKey:
    """The key in {"public_key": "-----BEGIN PUBLIC KEY-----…"}. Raises ValueError."""
    match answer.body:
        case {"public_key": str(pem)} if answer.is_success:
            key = load_pem_public_key(pem.encode())
            if isinstance(key, RSAPublicKey):
                return key
    raise ValueError(f"answered {answer.status}, without an RSA key")
