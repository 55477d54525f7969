"""What can go wrong when somebody asks the specs for a thing they do not hold.

SpecsError
├── UnknownNameError (also a LookupError)
│   ├── UnknownRequirementError
│   ├── UnknownSurfaceError
│   ├── UnknownOperationError
│   ├── UnknownMemberError
│   └── UnknownEditionError
└── StaleSpecsError
"""

from collections.abc import Iterable


class SpecsError(Exception):
    """Anything that the specs room raises."""


class UnknownNameError(SpecsError, LookupError):
    """A name that the specs do not hold; near misses are suggested."""

    kind = "name"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        from difflib import get_close_matches  # noqa: PLC0415 - 6 ms, only on a mistake

        self.name = name
        self.near = tuple(get_close_matches(name, sorted(known), n=3, cutoff=0.6))
        hint = f" Did you mean {', '.join(self.near)}?" if self.near else ""
        super().__init__(f"There is no {self.kind} {name!r}.{hint}")


class UnknownRequirementError(UnknownNameError):
    """An id that is no row of the catalogue."""

    kind = "requirement"


class UnknownSurfaceError(UnknownNameError):
    """A surface that no OpenAPI document describes."""

    kind = "surface"


class UnknownOperationError(UnknownNameError):
    """An operationId that the surface does not have."""

    kind = "operation"


class UnknownMemberError(UnknownNameError):
    """A member or component that the schema does not speak of."""

    kind = "member"


class UnknownEditionError(UnknownNameError):
    """An edition that was never frozen."""

    kind = "edition"


class StaleSpecsError(SpecsError):
    """The compiled JSON is missing or does not come from the YAML beside it."""
