"""`make reference` writes docs/reference from the data: one page for each family of ids."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from udckit.specs import (
    Example,
    Requirement,
    catalogue,
    checklist,
    explanation,
    guide_words,
    readings,
)

__all__ = ["pages"]

_MADE = "<!-- made by `make reference` from specs/: change the data, not this page -->"


def pages() -> dict[str, str]:
    """Give every page by its file's name: an index, and one for each family of ids."""
    rows = list(catalogue().values())
    families = [(name, list(group)) for name, group in groupby(rows, key=_family)]
    merged: dict[str, list[Requirement]] = {}
    for name, group in families:
        merged.setdefault(name, []).extend(group)
    made = {f"{name}.md": _page(name, group) for name, group in merged.items()}
    return {"README.md": _index(merged), **made}


def _family(row: Requirement) -> str:
    return row.id.rpartition("-")[0]


def _index(families: dict[str, list[Requirement]]) -> str:
    lines = [
        _MADE,
        "# Every requirement",
        "",
        "One row a requirement: one id, one level, one verdict. Ids are never reused or reworded.",
        "`udckit explain ID` prints the same on a terminal.",
        "",
        "| family | rows | MUST | excluded | of them |",
        "|---|---|---|---|---|",
    ]
    for name, rows in families.items():
        musts = sum(row.level == "MUST" and row.excluded is None for row in rows)
        out = sum(row.excluded is not None for row in rows)
        stages = ", ".join(dict.fromkeys(row.stage for row in rows))
        lines.append(f"| [{name}]({name}.md) | {len(rows)} | {musts} | {out} | {stages} |")
    return "\n".join(lines) + "\n"


def _page(name: str, rows: list[Requirement]) -> str:
    lines = [_MADE, f"# {name}", "", "| id | level | stage | |", "|---|---|---|---|"]
    lines += [
        f"| [{row.id}](#{row.id.lower()}) | {row.level} | {row.stage} | {_cell(row.text)} |"
        for row in rows
    ]
    for row in rows:
        lines += ["", *_row(row)]
    examples = {
        told.example.name: told.example for row in rows if (told := explanation(row.id)) is not None
    }
    for example in examples.values():
        lines += ["", *_example(example)]
    return "\n".join(lines) + "\n"


def _row(row: Requirement) -> Iterator[str]:
    binds = ", ".join(sorted(row.roles))
    yield from (f"## {row.id}", "", f"{_sentence(row.text)}", "")
    yield f"**{row.level}**, stage {row.stage}, gate {row.gate}; binds {binds}."
    if row.excluded is not None:
        yield from ("", f"Excluded, so that no check judges it: {row.excluded}.")
    yield ""
    yield from _facts(row)
    words = guide_words(row)
    if words:
        yield from ("", "The guide says:", "", "```text", *words.splitlines(), "```")


def _facts(row: Requirement) -> Iterator[str]:
    known = readings()
    yield f"- source: {'; '.join(row.source)}"
    for each in row.readings:
        yield f"- reading {each}: {known[each].reading} *Why:* {known[each].why}"
    if row.observe:
        yield f"- observed by: {', '.join(row.observe)}"
    if row.needs:
        yield f"- needs: {', '.join(row.needs)}"
    box = next((each for each in checklist() if each.slug == row.checklist), None)
    if box is not None:
        yield f"- box of the guide: {box.text}"
    told = explanation(row.id)
    if told is not None:
        yield f"- passes: {told.passes}"
        yield f"- fails: {told.fails}"
        yield f"- example: [{told.example.name}](#{told.example.name})"
    if row.fix:
        yield f"- to mend it: {row.fix}"


def _example(example: Example) -> Iterable[str]:
    return (
        f"## {example.name}",
        "",
        "In FastAPI:",
        "",
        "```text",
        example.fastapi.rstrip(),
        "```",
        "",
        "On the wire:",
        "",
        "```http",
        example.http.rstrip(),
        "```",
    )


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(folder: str) -> None:
    """Write the pages, and take away those that are of no family any more."""
    root, made = Path(folder), pages()
    root.mkdir(parents=True, exist_ok=True)
    for old in root.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (root / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
