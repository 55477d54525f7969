"""What scripts have in common: the routes that matter, and a look at every endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from udckit.conformance.scenario.acts import Probe

__all__ = ["BEAT", "CALLBACK", "KEY", "LOOKS", "LOOK_UP", "REGISTER", "rows"]

REGISTER: Final = "POST /register"
BEAT: Final = "POST /heartbeat"
CALLBACK: Final = "POST /callback"
KEY: Final = "GET /auth/public-key"
LOOK_UP: Final = "GET /services/by-name/{name}"

LOOKS: Final = (
    Probe("health", "/health", "none"),
    Probe("capabilities", "/capabilities"),
    Probe("state", "/state"),
    Probe("dependencies", "/dependencies"),
)


def rows(families: Mapping[str, str]) -> frozenset[str]:
    """Name rows by their family and their numbers."""
    return frozenset(
        f"{name}-{each}" for name, numbers in families.items() for each in numbers.split()
    )
