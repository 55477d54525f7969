"""Which fakes run in this process."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from udckit.fakes._fake import Fake

__all__ = ["LIFE", "note", "running"]

LIFE = os.urandom(8).hex()
"""Tells this process from another one that has its number or its port later."""

_RUNNING: "dict[int, Fake]" = {}


def running() -> "tuple[Fake, ...]":
    """The fakes that run, in the order in which they were started."""
    return tuple(_RUNNING.values())


def note(fake: "Fake", *, runs: bool) -> None:
    """Note that a fake runs, or no longer does."""
    if runs:
        _RUNNING[id(fake)] = fake
    else:
        _RUNNING.pop(id(fake), None)
