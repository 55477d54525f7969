"""Who may look others up: nobody without a token that holds."""

from udckit.conformance import VALID, Ask, Probe, expect, verifies
from udckit.conformance.battery import shown
from udckit.conformance.doors import Door
from udckit.conformance.forge import recipes_for
from udckit.conformance.suites.registry._acts import by_name, in_directory, name_of

REFUSED = ("AUTH-002", "AUTH-003", "AUTH-006", "AUTH-007", "AUTH-008", "AUTH-009")
"""The rows whose critical tokens are shown: none, no scheme, garbage, forged, tampered, expired."""


@verifies("REG-SVC-003")
def the_directory_wants_a_token(service: Probe) -> None:
    """Without a token that holds, nobody is told where a service is."""
    in_directory(service)
    path = by_name(name_of(service, "peer"))
    directory = Door("GET /services/by-name/{name}", lambda _: Ask("GET", path, VALID))
    recipes = [
        recipe
        for row in REFUSED
        for recipe in recipes_for(row)
        if recipe.critical and recipe.needs <= service.can
    ]

    for seen in shown(service, directory, recipes):
        expect(seen).refused()
