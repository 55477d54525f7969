"""Every recipe by its name, and by the requirements that it serves."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache

from udckit.conformance.forge._claims import CLAIMS
from udckit.conformance.forge._forge import TWIN
from udckit.conformance.forge._forms import FORMS
from udckit.conformance.forge._recipe import Recipe
from udckit.conformance.forge._signatures import SIGNATURES

__all__ = ["recipe", "recipes", "recipes_for"]


@cache
def recipes() -> Mapping[str, Recipe]:
    """Give every recipe by name, in the order of the catalogue."""
    listed = sorted((*FORMS, *SIGNATURES, *CLAIMS), key=lambda each: each.ids)
    return {each.name: each for each in (TWIN, *listed)}


def recipe(name: str) -> Recipe:
    """Give a recipe; raise LookupError, with a near miss, where there is none of that name."""
    found = recipes().get(name)
    if found is None:
        near = difflib.get_close_matches(name, recipes(), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise LookupError(f"no token is called {name!r}{hint}")
    return found


@cache
def recipes_for(requirement: str) -> tuple[Recipe, ...]:
    """Give the recipes that serve a requirement, the critical ones first."""
    served = [each for each in recipes().values() if requirement in each.ids]
    return tuple(sorted(served, key=lambda each: not each.critical))
