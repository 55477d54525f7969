"""Guide section 9: retries where a retry is safe, and a circuit breaker for each peer."""

import logging
import time
from collections.abc import Awaitable, Callable

from tenacity import (
    AsyncRetrying,
    retry_if_exception,
    retry_if_result,
    stop_after_attempt,
    wait_exponential,
)

from reference_droplet.calls import Answer, CallFailedError

# What the guide's samples do otherwise: @retry repeats whatever raises, so that a POST whose answer
# was lost is done twice and a 404 is asked for three times; @circuit counts exceptions alone, so
# that a peer that answers 500 never opens it, and one circuit stands before all peers.

ATTEMPTS = 3
FAILURES = 5
REST = 60.0
TRANSIENT = frozenset({408, 429, 502, 503, 504})

logger = logging.getLogger(__name__)

Call = Callable[[], Awaitable[Answer]]


async def with_retries(call: Call, *, is_safe: bool) -> Answer:
    """Three attempts, 1 s and 2 s apart. Raises CallFailedError of the last.

    `is_safe` says that the call may be made twice; another is repeated only where it never left,
    or was refused for now.
    """

    def may_repeat(error: BaseException) -> bool:
        if not isinstance(error, CallFailedError) or isinstance(error, CircuitOpenError):
            return False
        return not error.is_late and (is_safe or not error.was_sent)

    async def attempt() -> Answer:  # tenacity awaits coroutine functions alone
        return await call()

    attempts = AsyncRetrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential(multiplier=1, min=1, max=10),
        retry=retry_if_exception(may_repeat)
        | retry_if_result(lambda answer: answer.status in TRANSIENT),
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    return await attempts(attempt)


class CircuitOpenError(CallFailedError):
    """Nobody was asked: it failed too often just now."""

    def __init__(self) -> None:
        super().__init__("the circuit is open", was_sent=False)


class Circuit:
    """Opens after five failures in a row; a minute later one call may try again."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._failures = 0
        self._opened: float | None = None
        self._is_trying = False

    async def call(self, call: Call) -> Answer:
        """Make the call. Raises CircuitOpenError, or what the call raises."""
        if self._opened is not None:
            if self._is_trying or time.monotonic() - self._opened < REST:
                raise CircuitOpenError
            self._is_trying = True
        try:
            answer = await call()
        except CallFailedError:
            self._failed()
            raise
        finally:
            self._is_trying = False
        if answer.status >= 500:  # noqa: PLR2004 - the 5xx
            self._failed()
        else:
            self._failures, self._opened = 0, None
        return answer

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= FAILURES or self._opened is not None:
            self._opened = time.monotonic()
            logger.error("%s failed %d times in a row", self._name, self._failures)
