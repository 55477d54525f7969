"""Ports for processes that cannot be handed a socket."""

import random
import socket

__all__ = ["free_port"]

_BELOW_EPHEMERAL = range(20_000, 32_000)
_TRIED = 200


def free_port() -> int:
    """Find a port that is free on loopback.

    It lies below the ephemeral range, so no other program is given it meanwhile by chance.

    Raises:
        OSError: 200 ports were tried, and all are taken.
    """
    for port in random.SystemRandom().sample(_BELOW_EPHEMERAL, _TRIED):
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"{_TRIED} ports between 20000 and 32000 were tried, and all are taken.")
