"""The callback that a droplet owes for a message that it answered `processing`."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from udckit.fakes._client import Client, UnreachableError
from udckit.fakes._membership import Membership
from udckit.specs import surface

if TYPE_CHECKING:
    from udckit.fakes.droplet import FakeDroplet

__all__ = ["Callbacks"]

_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


class Callbacks:
    """Delivers outcomes: to exactly the URL, with the droplet's token, again where that helps."""

    def __init__(
        self, droplet: "FakeDroplet", client: Client, membership: Membership, log: logging.Logger
    ) -> None:
        self._droplet = droplet
        self._client = client
        self._membership = membership
        self._log = log
        self._behaviour = droplet.behaviour

    async def deliver(self, url: str, outcome: Mapping[str, Any], sender: bytes) -> None:
        """POST the outcome once the work is done; `sender` is the Authorization that came."""
        await self._client.clock.asleep(self._behaviour.work_takes)
        outcome = {**outcome, **self._behaviour.callback}
        outcome = {name: value for name, value in outcome.items() if value is not None}
        if not self._behaviour.callback:
            self._judge(outcome)
        if self._behaviour.callback_loses_query:
            url = url.partition("?")[0]
        delay = self._behaviour.callback_delay
        for attempt in range(1, self._behaviour.callback_attempts + 1):
            if await self._try(url, outcome, sender):
                return
            if attempt < self._behaviour.callback_attempts:
                await self._client.clock.asleep(delay)
                delay *= 2
        if self._behaviour.logs_errors:
            self._log.error("callback given up", extra={"message_id": outcome.get("message_id")})

    async def _try(self, url: str, outcome: Mapping[str, Any], sender: bytes) -> bool:
        """Whether there is nothing more to do: it was taken, or refused for good."""
        token = self._token(sender)
        try:
            reply = await self._client.post(
                url, outcome, token=token, timeout=self._behaviour.callback_timeout
            )
        except UnreachableError as error:
            self._failed(str(error))
            return False
        if reply.status == 401:  # noqa: PLR2004 - Unauthorized
            await self._membership.renew(self._membership.token)
            return self._membership.token == token
        if reply.status in _TRANSIENT or (
            self._behaviour.retries_refusals and 400 <= reply.status < 500  # noqa: PLR2004 - the 4xx
        ):
            self._failed(f"status {reply.status}")
            return False
        return True

    def _token(self, sender: bytes) -> str | None:
        how = self._behaviour.callback_token
        if how == "sender":
            return sender.partition(b" ")[2].decode("latin-1")
        return None if how == "none" else self._droplet.token_to_send()

    def _judge(self, outcome: Mapping[str, Any]) -> None:
        operation = surface("udc", recommended=True).operations["postCallback"]
        for problem in operation.request_problems(outcome):
            what = f"the callback that it sent: {problem}"
            self._droplet.journal.blame_self(self._client.clock.now(), what)

    def _failed(self, cause: str) -> None:
        if self._behaviour.logs_errors:
            self._log.warning("callback failed", extra={"cause": cause})
