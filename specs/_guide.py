"""The Integration Guide's own words, and which requirements rest on them."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from udckit.specs._catalogue import Requirement
from udckit.specs._compiled import load


@cache
def guide() -> Mapping[str, str]:
    """Give the guide's text by section number, such as `2.1`; the heading is the first line."""
    return MappingProxyType(load("guide")["sections"])


def guide_words(requirement: Requirement) -> str | None:
    """Quote what the guide itself says of a requirement, None where it is silent.

    The tick-box comes first, for a row that is one or rests on one, then the lines of the samples
    that the row rests on; an ellipsis stands between two places.
    """
    parts = list(load("guide")["quotes"].get(requirement.id, ()))
    if "C" in requirement.reason or "IG §12" in requirement.source:
        boxes = {row["slug"]: row["text"] for row in load("checklist")}
        if requirement.checklist in boxes:
            parts.insert(0, f"- [ ] {boxes[requirement.checklist]}")
    return "\n…\n".join(parts) or None
