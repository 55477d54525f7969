"""Guide section 7: a cache that only makes things faster, and may be away."""

import json
import logging
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

# What the guide's sample does otherwise: its client blocks the event loop, knows no time-out, and
# an outage of Redis becomes a 500 of every function that is cached; a key made of str(args) is the
# same for 1 and "1", and `if cached_value` computes an empty result for ever anew.

CONNECTS_WITHIN = 1.0
LIVES_FOR = 300

logger = logging.getLogger(__name__)


class Cache:
    """Keeps JSON values for five minutes; None for `url` keeps nothing."""

    def __init__(self, url: str | None) -> None:
        self._redis = (
            None
            if url is None
            else Redis.from_url(
                url,
                socket_connect_timeout=CONNECTS_WITHIN,
                socket_timeout=CONNECTS_WITHIN,
                decode_responses=True,
            )
        )

    async def get(self, key: str) -> Any:
        """What is kept under a key; None where nothing is, or Redis is away."""
        if self._redis is None:
            return None
        try:
            text = await self._redis.get(key)
            return None if text is None else json.loads(text)
        except (RedisError, OSError, ValueError) as error:
            logger.warning("the cache does not answer: %s", type(error).__name__)
            return None

    async def put(self, key: str, value: Any) -> None:
        """Keep a value, if that can be."""
        if self._redis is not None:
            try:
                await self._redis.set(key, json.dumps(value), ex=LIVES_FOR)
            except (RedisError, OSError) as error:
                logger.warning("the cache does not take: %s", type(error).__name__)

    async def forget(self, key: str) -> None:
        """Forget a value; where Redis is away it dies of age."""
        if self._redis is not None:
            try:
                await self._redis.delete(key)
            except (RedisError, OSError) as error:
                logger.warning("the cache does not forget: %s", type(error).__name__)

    async def check(self) -> bool:
        """Whether Redis answers."""
        return self._redis is not None and bool(await self._redis.ping())  # type: ignore[misc] # its stubs allow a plain bool

    async def close(self) -> None:
        if self._redis is not None:
            await self._redis.aclose()
