"""The reference is what the data says: nobody edits a page of it."""

from pathlib import Path

from udckit.specs import catalogue
from udckit.specs._reference import pages

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def test_pages_are_what_the_data_says() -> None:
    there = {path.name: path.read_text("utf-8") for path in REFERENCE.glob("*.md")}
    made = pages()
    stale = sorted(name for name in {*there, *made} if there.get(name) != made.get(name))

    assert stale == [], "run `make reference`, and commit what it writes"


def test_each_requirement_has_its_place() -> None:
    text = "\n".join(pages().values())

    assert [row for row in catalogue() if f"\n## {row}\n" not in text] == []
