"""A droplet's standing with its Registry: registered, under a number, with a token that holds."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from udckit.fakes._client import Client, UnreachableError
from udckit.fakes._tokens import decode_unverified
from udckit.fakes.behaviour import Behaviour
from udckit.specs import surface

__all__ = ["Membership"]

FIRST_DELAY = 1.0
LONGEST_DELAY = 10.0  # seconds between two attempts (IG §9.1)
LONGEST_LIFE = 86_400.0  # seconds: no token is relied on for longer
RENEWED_AT = 0.8  # of a token's lifetime


class Membership:
    """Registers and keeps at it: after a failure, before the token expires, and after a 401."""

    def __init__(
        self,
        url: Callable[[], str],
        facts: Callable[[], Mapping[str, Any]],
        client: Client,
        log: logging.Logger,
        behaviour: Behaviour,
    ) -> None:
        self._url = url
        self._facts = facts
        self._client = client
        self._clock = client.clock
        self._log = log
        self._behaviour = behaviour
        self._lock = asyncio.Lock()
        self.token: str | None = None
        self.service_id: int | None = None
        self.registrations = 0

    @property
    def is_registered(self) -> bool:
        return self.token is not None

    async def join(self) -> bool:
        """Register, however long it takes; false where the behaviour is to give up."""
        if self.registrations == 0:
            await self._clock.asleep(self._behaviour.registers_after)
            for _ in range(1, self._behaviour.registers_times):
                await self._register()
        delay = FIRST_DELAY
        while not await self._register():
            if self._gives_up():
                return False
            tight = self._behaviour.registration_retry == "tight"
            await self._clock.asleep(0.01 if tight else delay)
            if self._behaviour.registration_retry != "steady":
                delay = min(LONGEST_DELAY, 2 * delay)
        return True

    async def keep(self) -> None:
        """Register again each time before the token expires; runs until it is cancelled."""
        while True:
            await self._clock.asleep(self._renewal_in())
            if self._behaviour.renews_before_expiry:
                await self.join()

    async def renew(self, refused: str | None) -> None:
        """Get another token, unless somebody else got one since `refused` was sent."""
        async with self._lock:
            if self.token == refused and self._behaviour.renews_on_401:
                await self._register()

    def _gives_up(self) -> bool:
        behaviour = self._behaviour
        return behaviour.registration_retry == "none" or behaviour.exits_when_registration_fails

    def _renewal_in(self) -> float:
        """Seconds from registration to the next one."""
        held = decode_unverified(self.token or "")
        claims = held.claims if held is not None else {}
        expiry, issued = claims.get("exp"), claims.get("iat", self._clock.now())
        if not isinstance(expiry, (int, float)) or not isinstance(issued, (int, float)):
            return LONGEST_LIFE
        return min(LONGEST_LIFE, max(1.0, RENEWED_AT * (expiry - issued)))

    async def _register(self) -> bool:
        self.registrations += 1
        try:
            reply = await self._client.post(
                f"{self._url()}{self._behaviour.registers_at}",
                self._facts(),
                timeout=self._behaviour.registration_timeout,
            )
        except UnreachableError as error:
            self._failed(str(error))
            return False
        value = reply.value
        if reply.status != 201:  # noqa: PLR2004 - anything else is a failure (IG §2.1)
            self._failed(f"status {reply.status}")
            return False
        problems = surface("registry").operations["registerService"].response_problems(201, value)
        if problems or decode_unverified(value["token"]) is None:
            self._failed(str(problems[0]) if problems else "the token is no token")
            return False
        self.token, self.service_id = value["token"], value["service_id"]
        self._log.info("registered", extra={"service_id": self.service_id})
        return True

    def _failed(self, cause: str) -> None:
        for _ in range(self._behaviour.lines_per_error if self._behaviour.logs_errors else 0):
            self._log.warning("registration failed", extra={"cause": cause})
