"""How long a droplet takes to come up."""

from typing import Final

from udckit.conformance import NotObserved, Probe, expect, verifies

_BUDGET: Final = 40.0
"""Seconds: the start period of the tech stack's own health check (TS §2.7)."""


@verifies("OPS-BOOT-001")
def health_is_served_soon_after_launch(service: Probe) -> None:
    """/health answers within 40 s of the launch."""
    if service.settings.reached != "launch":
        raise NotObserved("the kit did not launch it")
    seen = service.read("/health")

    boot = service.source.measure("boot")
    expect(seen).if_served().holds(
        boot <= _BUDGET,
        expected=f"an answer from /health within {_BUDGET:g} s of the launch",
        observed=f"{boot:.1f} s",
    )
