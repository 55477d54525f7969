"""The five endpoints as a whole: where they are, that they speak JSON, bare and lower case."""

from udckit.conformance import ANONYMOUS, Probe, expect, verifies


@verifies("UDC-HEALTH-001")
def health_is_public(service: Probe) -> None:
    """/health answers without a token."""
    seen = service.get("/health", token=ANONYMOUS)

    expect(seen).status(200, 503)
