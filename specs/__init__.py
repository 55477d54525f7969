"""What is promised: the contract as data, and the validators that every other room shares."""

from udckit.specs._catalogue import Requirement, catalogue, requirement
from udckit.specs._editions import Edition, digests, edition
from udckit.specs._errors import (
    SpecsError,
    StaleSpecsError,
    UnknownEditionError,
    UnknownMemberError,
    UnknownNameError,
    UnknownOperationError,
    UnknownRequirementError,
    UnknownSurfaceError,
)
from udckit.specs._explanation import Example, Explanation, explanation
from udckit.specs._guide import guide, guide_words
from udckit.specs._operation import Operation
from udckit.specs._problem import Problem
from udckit.specs._surface import Match, Surface, surface
from udckit.specs._texts import Box, Dialect, Reading, checklist, dialects, readings

__all__ = [
    "Box",
    "Dialect",
    "Edition",
    "Example",
    "Explanation",
    "Match",
    "Operation",
    "Problem",
    "Reading",
    "Requirement",
    "SpecsError",
    "StaleSpecsError",
    "Surface",
    "UnknownEditionError",
    "UnknownMemberError",
    "UnknownNameError",
    "UnknownOperationError",
    "UnknownRequirementError",
    "UnknownSurfaceError",
    "catalogue",
    "checklist",
    "dialects",
    "digests",
    "edition",
    "explanation",
    "guide",
    "guide_words",
    "readings",
    "requirement",
    "surface",
]
