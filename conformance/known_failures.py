"""Known failures: what a target's owner knows is broken, why, and until when that may stand.

They change the exit code and nothing else. The verdict stays `fail`, the stage stays `failed`, and
no certificate is given. A listed row that passes, and one whose time is up, is exit code 1: the
list can only tell the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from udckit.conformance.errors import InvocationError
from udckit.specs import SpecsError, requirement

__all__ = ["KnownFailure", "read_known_failures"]

_MEMBERS: Final = ("id", "reason", "expires")


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One row that its owner knows is broken; `expires` is the last day on which that stands."""

    id: str
    reason: str
    expires: date

    def as_json(self) -> dict[str, str]:
        """Give it as it stands in a run record."""
        return {"id": self.id, "reason": self.reason, "expires": self.expires.isoformat()}

    @classmethod
    def from_json(cls, facts: Mapping[str, str]) -> KnownFailure:
        """Read it back from a run record."""
        return cls(facts["id"], facts["reason"], date.fromisoformat(facts["expires"]))


def read_known_failures(value: Any, where: str) -> tuple[KnownFailure, ...]:
    """Read `[[known-failures]]` of udckit.toml; `where` names the file in what is said of it.

    Raises:
        InvocationError: an entry lacks a member, names no requirement, or gives no date.
    """
    if not isinstance(value, list):
        raise InvocationError(f"{where}: known-failures is a list of tables: [[known-failures]]")
    found: dict[str, KnownFailure] = {}
    for entry in value:
        known = _read(entry, where)
        if known.id in found:
            raise InvocationError(f"{where}: {known.id} is listed twice in known-failures")
        found[known.id] = known
    return tuple(found.values())


def _read(entry: Any, where: str) -> KnownFailure:
    if not isinstance(entry, Mapping):
        raise InvocationError(f"{where}: known-failures is a list of tables: [[known-failures]]")
    named = entry.get("id", "an entry without an id")
    missing = [name for name in _MEMBERS if name not in entry]
    if missing:
        raise InvocationError(
            f"{where}: known failure {named}: {' and '.join(missing)} missing; each entry has an "
            "id, a reason and a last day, such as expires = 2027-03-31"
        )
    if unknown := sorted(set(entry) - set(_MEMBERS)):
        raise InvocationError(f"{where}: known failure {named} says {unknown[0]!r}, unknown here")
    each, reason, expires = (entry[name] for name in _MEMBERS)
    if not isinstance(each, str):
        raise InvocationError(f"{where}: the id of a known failure is a text, not {each!r}")
    if not isinstance(reason, str) or not reason.strip():
        raise InvocationError(f"{where}: known failure {each}: say the reason in words")
    if isinstance(expires, datetime) or not isinstance(expires, date):
        raise InvocationError(
            f"{where}: known failure {each}: expires is a day without quotes, such as 2027-03-31"
        )
    return KnownFailure(_known_row(each, where), reason.strip(), expires)


def _known_row(each: str, where: str) -> str:
    try:
        row = requirement(each.upper())
    except SpecsError as unknown:
        raise InvocationError(f"{where}: known-failures: {unknown}") from unknown
    if row.excluded is not None:
        raise InvocationError(f"{where}: {row.id} is excluded and cannot fail: {row.excluded}")
    return row.id
