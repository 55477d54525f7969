"""The Integration Guide's own words, section by section."""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from udckit.specs._catalogue import Requirement
from udckit.specs._compiled import load

_SECTION = re.compile(r"^IG §(\d+(?:\.\d+)?)$")


@cache
def guide() -> Mapping[str, str]:
    """Give the guide's text by section number, such as `2.1`; the heading is the first line."""
    return MappingProxyType(load("guide"))


def guide_words(requirement: Requirement) -> str | None:
    """Quote what the guide itself says of a requirement, None where it is silent.

    A tick-box is quoted as its line of the checklist; any other row by the first section of the
    guide that its `source` names.
    """
    boxes: dict[str, str] = {row["slug"]: row["text"] for row in load("checklist")}
    if requirement.checklist and "C" in requirement.reason:
        return f"- [ ] {boxes[requirement.checklist]}"
    for source in requirement.source:
        if found := _SECTION.match(source):
            return guide().get(found.group(1))
    return None
