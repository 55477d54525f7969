"""The pages there are: each is listed, each link leads somewhere, and what is quoted is so."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from udckit.conformance import KnownFailure, read_configuration

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
LINK: Final = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
BLOCK: Final = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
PAGES: Final = sorted(
    path
    for place in ("*.md", "docs/**/*.md", "specs/README.md", "examples/**/*.md")
    for path in ROOT.glob(place)
    if "node_modules" not in path.parts
)


def links(page: Path) -> Iterator[str]:
    """Give what a page points at within this repository."""
    text = BLOCK.sub("", page.read_text("utf-8"))
    yield from (each for each in LINK.findall(text) if "://" not in each)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [each for each in links(page) if not (page.parent / each).exists()] == []


def test_index_lists_every_page() -> None:
    index = DOCS / "README.md"
    listed = {(DOCS / each).resolve() for each in links(index)}
    of_another_index = {"decisions", "reference"}
    pages = {path for path in DOCS.rglob("*.md") if of_another_index.isdisjoint(path.parts)}
    pages |= {DOCS / "reference" / "README.md"}
    pages -= {index}

    assert {path.relative_to(DOCS).as_posix() for path in pages - listed} == set()


def test_known_failures_are_written_as_the_page_says(tmp_path: Path) -> None:
    page = (DOCS / "how-to" / "known-failures.md").read_text("utf-8")
    (told,) = (text for language, text in BLOCK.findall(page) if language == "toml")
    (tmp_path / "udckit.toml").write_text(told)

    (known,) = read_configuration(tmp_path / "udckit.toml")["known_failures"]
    assert isinstance(known, KnownFailure)
    assert known.id == "UDC-HEALTH-006"


def test_options_that_the_page_of_certificates_names_are_there() -> None:
    page = (DOCS / "certificates.md").read_text("utf-8")
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page))
    words = ("certify", "cert sign", "cert verify")
    told = "".join(
        subprocess.run(
            [sys.executable, "-m", "udckit.cli", *each.split(), "--help"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for each in words
    )

    assert named
    assert {each for each in named if each not in told} == set()
