"""Calls that the target makes to the kit: a peer that the Registry knows, and a stranger."""

from __future__ import annotations

from typing import Final

from udckit.conformance.errors import NotObserved
from udckit.conformance.heard import Heard, Sender
from udckit.conformance.observation import Observation
from udckit.conformance.probe import VALID, Ask, Probe

__all__ = [
    "OWED_WITHIN",
    "PEER",
    "address",
    "asking_for_a_callback",
    "callback_of",
    "message_to_peer",
    "peer",
]

PEER: Final = "udckit-peer"
"""The name under which the kit's peer is registered at the authority, address and all."""

OWED_WITHIN: Final = 60.0
"""Seconds within which an outcome comes, once a message was answered `processing` (CONF-53)."""

_MARK: Final = "/udckit/callback/first"
_UNFETCHABLE: Final = "http://udckit-peer.invalid"


def peer(service: Probe) -> Sender | None:
    """Register a peer that listens; None where the authority or the target's address forbids it.

    It is capable of no task, so that no Orchestrator gives it one.
    """
    return service.sender(PEER, listens=True, capabilities=["udckit-listening"])


def message_to_peer(service: Probe, reply_to: str) -> Ask:
    """Make a valid message of the peer's, or of the kit's own where there is no peer."""
    known = peer(service)
    if known is None:
        return service.a_message(token=VALID, reply_to=reply_to)
    return service.a_message(token=known.token, from_service=known.name, reply_to=reply_to)


def address(service: Probe, mark: str) -> str:
    """Give a URL at the peer, or one that nobody can fetch where there is no peer."""
    where = service.peer(PEER) if peer(service) is not None else None
    return f"{where or _UNFETCHABLE}{mark}"


def asking_for_a_callback(service: Probe) -> Observation:
    """Send the run's one message whose outcome a peer waits for."""
    ask = message_to_peer(service, address(service, _MARK))
    return service.once("a message that asks for a callback", ask)


def callback_of(service: Probe, seen: Observation) -> tuple[Heard, ...]:
    """Give the calls that came for it, waiting as long as an outcome may take.

    Raises:
        NotObserved: no peer of the kit's listens where the target can reach it.

    """
    if peer(service) is None:
        raise NotObserved(
            "no peer of the kit's could be registered where the target reaches it: let the kit "
            "launch the droplet, or start it against `udckit fakes up` on this machine"
        )
    left = seen.at + OWED_WITHIN - service.source.now()
    return tuple(each for each in service.heard(PEER, _MARK, within=max(0.0, left)) if each.method)
