"""The beats of a droplet: every 60 seconds, whatever becomes of one of them."""

import logging
from typing import TYPE_CHECKING, Any

from udckit.fakes._client import Client, UnreachableError
from udckit.fakes._membership import Membership
from udckit.specs import surface

if TYPE_CHECKING:
    from udckit.fakes.droplet import FakeDroplet

__all__ = ["Pulse"]


class Pulse:
    """Beats on a schedule that does not drift."""

    def __init__(
        self, droplet: "FakeDroplet", client: Client, membership: Membership, log: logging.Logger
    ) -> None:
        self._droplet = droplet
        self._client = client
        self._membership = membership
        self._log = log
        self._behaviour = droplet.behaviour
        self._was_odd = False

    async def beat_on(self) -> None:
        """Beat until cancelled, or as long as the behaviour says."""
        clock = self._client.clock
        await clock.asleep(self._behaviour.first_beat_after)
        due = clock.monotonic()
        beats = 0
        while self._behaviour.beats_stop_after is None or beats < self._behaviour.beats_stop_after:
            taken = await self._beat()
            beats += 1
            if not taken and self._behaviour.beats_stop_on_failure:
                return
            if self._was_odd and self._behaviour.beats_stop_on_odd_answer:
                return
            due += self._behaviour.beat_every + beats * self._behaviour.beat_drift
            await clock.asleep(due - clock.monotonic())

    async def _beat(self) -> bool:
        """One beat; a refused token is exchanged and the beat sent again."""
        if self._behaviour.registers_each_beat:
            await self._membership.join()
        token = self._droplet.token_to_send()
        status = await self._send(token)
        if status == 401:  # noqa: PLR2004 - Unauthorized
            await self._membership.renew(self._membership.token)
            again = self._droplet.token_to_send()
            status = await self._send(again) if again != token else status
        return status is not None and 200 <= status < 300  # noqa: PLR2004 - the 2xx

    async def _send(self, token: str | None) -> int | None:
        body = self._body()
        self._droplet.stall(self._behaviour.beat_blocks)
        self._droplet.is_beating = True
        try:
            reply = await self._client.post(
                f"{self._droplet.orchestrator_url}/heartbeat",
                body,
                token=token,
                timeout=self._behaviour.beat_timeout,
            )
        except UnreachableError as error:
            self._failed(str(error))
            return None
        finally:
            self._droplet.is_beating = False
        self._droplet.alone = False
        self._was_odd = reply.value is None
        if not 200 <= reply.status < 300:  # noqa: PLR2004 - the 2xx
            self._failed(f"status {reply.status}")
        return reply.status

    def _body(self) -> dict[str, Any]:
        numbered = self._behaviour.sends_service_id == "issued"
        body = {
            "service_id": self._membership.service_id if numbered else self._droplet.droplet_id,
            "service_name": self._droplet.name,
            "status": "active",
            "metrics": self._droplet.metrics(),
            **self._behaviour.beat,
        }
        sent = {name: value for name, value in body.items() if value is not None}
        if not self._behaviour.beat and self._membership.is_registered:
            self._judge(sent)
        return sent

    def _judge(self, body: dict[str, Any]) -> None:
        operation = surface("orchestrator", recommended=True).operations["postHeartbeat"]
        for problem in operation.request_problems(body):
            what = f"the beat that it sent: {problem}"
            self._droplet.journal.blame_self(self._client.clock.now(), what)

    def _failed(self, cause: str) -> None:
        self._droplet.alone = True
        if self._behaviour.logs_errors:
            self._log.warning("heartbeat failed", extra={"cause": cause})
