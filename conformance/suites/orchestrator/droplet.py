"""The Orchestrator is a droplet too: it registers as every droplet does."""

from udckit.conformance import verifies
from udckit.conformance.scenario import Recording
from udckit.conformance.suites.droplet.own_token import (
    it_uses_the_service_id_that_it_was_given,
    it_uses_the_token_that_it_was_given,
)
from udckit.conformance.suites.droplet.registration import (
    it_reads_registry_url,
    it_registers_on_startup,
    the_body_of_a_registration_is_right,
)


@verifies("ORCH-UDC-001")
def the_orchestrator_registers_as_a_droplet_does(recording: Recording) -> None:
    """It registers on startup where REGISTRY_URL says, rightly, and uses what it is given."""
    it_reads_registry_url(recording)
    it_registers_on_startup(recording)
    the_body_of_a_registration_is_right(recording)
    it_uses_the_token_that_it_was_given(recording)
    it_uses_the_service_id_that_it_was_given(recording)
