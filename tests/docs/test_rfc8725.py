"""The page on RFC 8725 names each section once, and rows and recipes that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from udckit.conformance import all_checks
from udckit.conformance.forge import recipe, recipes
from udckit.specs import catalogue

PAGE = (Path(__file__).parents[2] / "docs/rfc8725.md").read_text("utf-8")
SECTIONS = [f"2.{n}" for n in range(1, 10)] + [f"3.{n}" for n in range(1, 13)]
"""Of the RFC, those that warn of something or ask for something."""

_ROW = re.compile(r"^\| (\d\.\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
_ID = re.compile(r"\b[A-Z]+(?:-[A-Z]+)*-\d{3}\b")
_NAME = re.compile(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`")
_REASON = 40
"""Characters that a reason has at least."""


class Row(NamedTuple):
    section: str
    title: str
    ids: str
    shown: str


ROWS = [Row(*found.groups()) for found in _ROW.finditer(PAGE)]


def test_each_section_is_there_once() -> None:
    assert [row.section for row in ROWS] == SECTIONS


@pytest.mark.parametrize("row", ROWS, ids=[row.section for row in ROWS])
def test_section_names_rows_that_are_checked_or_says_why_not(row: Row) -> None:
    named = _ID.findall(row.ids)

    assert bool(named) != (row.ids.strip() == "\N{EN DASH}")
    assert [each for each in named if each not in all_checks()] == []
    if not named:
        assert len(row.shown) >= _REASON


def test_page_names_what_there_is() -> None:
    assert [each for each in _ID.findall(PAGE) if each not in catalogue()] == []
    assert [each for each in _NAME.findall(PAGE) if recipe(each).name != each] == []


def test_each_row_of_signatures_is_on_the_page() -> None:
    """A row that recipes serve, and that the page forgot, would be a section's evidence lost."""
    served = {each for known in recipes().values() for each in known.ids}
    missing = {each for each in served if each.startswith("AUTH-")} - set(_ID.findall(PAGE))

    assert sorted(missing) == []


def test_section_shows_recipes_of_the_rows_that_it_names() -> None:
    strange = [
        (row.section, name)
        for row in ROWS
        for name in _NAME.findall(row.shown)
        if not set(recipe(name).ids) & set(_ID.findall(row.ids))
    ]

    assert strange == []
