"""The forge: every token of the security stage as data, and the hand that makes it."""

from udckit.conformance.forge._forge import TWIN, Forge
from udckit.conformance.forge._keys import attacker_key_files
from udckit.conformance.forge._recipe import BEARER, OF_THE_NAME, In, Presentation, Recipe, Written
from udckit.conformance.forge._recipes import recipe, recipes, recipes_for
from udckit.conformance.forge._remedies import Remedy, remedy

__all__ = [
    "BEARER",
    "OF_THE_NAME",
    "TWIN",
    "Forge",
    "In",
    "Presentation",
    "Recipe",
    "Remedy",
    "Written",
    "attacker_key_files",
    "recipe",
    "recipes",
    "recipes_for",
    "remedy",
]
