"""Pages that a reader walks through are run as they stand: files written, commands run, in order.

A python or toml block whose first line is a comment with a file's name is that file from then on.
A console block holds commands, and lines that must each begin, or stand in, a line of the output.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from fleet_support import REFERENCE, missing

DOCS = Path(__file__).parents[2] / "docs"
PAGES = (
    "tutorial.md",
    "how-to/in-ci.md",
    "how-to/for-a-registry.md",
    "how-to/in-another-language.md",
    "why-a-pass-is-earned.md",
    "how-readings-were-chosen.md",
)
BLOCK = re.compile(r"```(python|toml|console)\n(.*?)```", re.DOTALL)
NAME = re.compile(r"# (\S+)\n")
EXIT = re.compile(r"\(exit code (\d)\)")
PATIENCE = 120


def run(part: str, folder: Path) -> None:
    """Run one command of a page, and hold what the page shows of it against what it prints."""
    command, *rest = [line.rstrip() for line in part.splitlines() if line.strip()]
    codes = [int(found[1]) for line in rest if (found := EXIT.fullmatch(line))]
    ran = subprocess.run(
        shlex.split(command),
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "160",
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    shown = [line for line in rest if not EXIT.fullmatch(line)]

    assert ran.returncode == (codes[0] if codes else 0), f"{command}\n{ran.stdout}{ran.stderr}"
    assert [line for line in shown if line not in ran.stdout] == [], f"{command}\n{ran.stdout}"


@pytest.mark.parametrize("page", PAGES)
def test_page_is_true_as_it_stands(page: str, tmp_path: Path) -> None:
    if page == "tutorial.md" and (lacks := missing(REFERENCE)) is not None:
        pytest.skip(lacks)
    for kind, text in BLOCK.findall((DOCS / page).read_text(encoding="utf-8")):
        if kind != "console":
            name = NAME.match(text)
            assert name is not None, f"{page}: a block names its file in its first line"
            (tmp_path / name[1]).write_text(text, encoding="utf-8")
        else:
            for part in text.split("$ ")[1:]:
                run(part, tmp_path)


def test_walks_are_all_the_pages_of_their_kind() -> None:
    """A page with commands is run by this test, or by one of its own."""
    own = {"known-failures.md", "certificates.md", "rfc8725.md"}
    texts = {
        path.relative_to(DOCS).as_posix(): path.read_text("utf-8") for path in DOCS.rglob("*.md")
    }
    walked = {name for name, text in texts.items() if "```console" in text}

    elsewhere = {name for name in walked if name.startswith("how-to/pact-")}
    assert {name for name in walked - elsewhere if Path(name).name not in own} == set(PAGES)
