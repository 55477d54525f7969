"""The Registry is a droplet too."""

from udckit.conformance import VerdictsSoFar, verifies


@verifies("REG-UDC-001", order=90)
def the_registry_keeps_what_every_droplet_keeps(verdicts: VerdictsSoFar) -> None:
    """Every MUST on the five UDC endpoints that applies to a Registry passes in the shape stage."""
    rows = verdicts.musts("UDC-", "shape")

    verdicts.all_pass(rows)
