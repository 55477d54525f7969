"""GET /health: shape, truth of its figures, speed."""

from udckit.conformance import Probe, expect, verifies


@verifies("UDC-HEALTH-002")
def status_is_one_of_three_words(service: Probe) -> None:
    """The status of /health is healthy, degraded or unhealthy."""
    seen = service.read("/health")

    expect(seen).members("status")
