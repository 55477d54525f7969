"""The one configuration object of a run, built once at the border."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from udckit.conformance.generated.effort import Effort
from udckit.conformance.known_failures import KnownFailure

__all__ = ["ROLES", "STAGES", "Identity", "Safety", "Settings", "is_loopback"]

Safety = Literal["read-only", "additive", "disruptive"]

STAGES: Final = ("shape", "security", "integration", "resilience")
"""In the order in which an author would mend things."""

ROLES: Final = ("droplet", "registry", "orchestrator")


def is_loopback(url: str) -> bool:
    """Say whether a URL names this machine's loopback."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the kit is towards the target: a service that the authority knows."""

    service_name: str = "udckit-probe"
    service_id: int = 0
    droplet_id: int = 990_001


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked, of whom, and how carefully.

    `effort` says how much is generated, `has` are capabilities that the operator declares,
    `health_budget` the seconds that /health may take (UDC-HEALTH-006), `rate` requests per second
    (None: no throttle), `max_time` the seconds after which nothing more is sent.
    """

    target: str
    reached: str = "url"
    role: str = "droplet"
    stages: tuple[str, ...] = ("shape",)
    only: tuple[str, ...] = ()
    safety: Safety = "additive"
    has: frozenset[str] = frozenset()
    registry: str | None = None
    orchestrator: str | None = None
    base_path: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    public: tuple[str, ...] = ()
    rate: float | None = None
    ca_file: str | None = None
    health_budget: float = 0.1
    max_time: float = 300.0
    seed: int = 0
    effort: Effort = "none"
    identity: Identity = field(default_factory=Identity)
    report_dir: Path | None = None
    known_failures: tuple[KnownFailure, ...] = ()

    @property
    def is_local(self) -> bool:
        """True where the target answers on this machine's loopback."""
        return is_loopback(self.target)

    def as_json(self) -> dict[str, Any]:
        """Give what a re-judgement needs to know; no path of this machine, no secret."""
        return {
            "target": self.target,
            "reached": self.reached,
            "role": self.role,
            "stages": list(self.stages),
            "only": list(self.only),
            "safety": self.safety,
            "has": sorted(self.has),
            "base_path": self.base_path,
            "headers": [[name, "<secret>"] for name, _ in self.headers],
            "public": list(self.public),
            "rate": self.rate,
            "health_budget": self.health_budget,
            "seed": self.seed,
            "known_failures": [each.as_json() for each in self.known_failures],
            "effort": self.effort,
            "identity": {
                "service_name": self.identity.service_name,
                "service_id": self.identity.service_id,
                "droplet_id": self.identity.droplet_id,
            },
        }

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Settings:
        """Read the header of a record back."""
        lists = {name: tuple(facts[name]) for name in ("stages", "only", "public")}
        known = facts.get("known_failures", ())
        return cls(
            **{
                **facts,
                **lists,
                "has": frozenset(facts["has"]),
                "headers": tuple((name, value) for name, value in facts["headers"]),
                "known_failures": tuple(KnownFailure.from_json(each) for each in known),
                "identity": Identity(**facts["identity"]),
            }
        )
