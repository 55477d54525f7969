"""GET /dependencies: what a droplet needs, and in which shape it says so."""

from udckit.conformance import NotObserved, Probe, expect, quote, verifies
from udckit.conformance.suites.udc._ground import ONCE_IT_IS_ASKED, alike, reading


@verifies("UDC-DEPS-002", order=ONCE_IT_IS_ASKED)
def dependencies_are_three_lists(service: Probe) -> None:
    """/dependencies has its three lists, and their items name what they are."""
    seen = reading(service, "/dependencies")

    for each in alike(service, seen):
        expect(each).members("required_services", "optional_services", "external_apis")


@verifies("UDC-DEPS-006")
def optional_services_say_their_impact(service: Probe) -> None:
    """Each optional service says what is lost without it."""
    seen = reading(service, "/dependencies")

    services = expect(seen).proper("optional_services")
    if not services:
        raise NotObserved("/dependencies lists no optional service")
    for item in services:
        impact = item.get("impact")
        expect(seen).holds(
            isinstance(impact, str) and impact.strip() != "",
            expected=f"`impact` of {item['name']} in a sentence",
            observed=quote(impact),
        )
