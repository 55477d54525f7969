"""What may not change unnoticed: the rows of an edition, and the guide that they quote."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from udckit.specs import _digest

_HEADING = re.compile(r"^#{2,3} (\d+(?:\.\d+)?)\.? ", re.MULTILINE)
_QUOTED = re.compile(r"^IG §(\d+(?:\.\d+)?)$")


def changed_rows(rows: Iterable[Mapping[str, Any]], frozen: Mapping[str, Any]) -> list[str]:
    """Say which rows of a frozen edition are gone or mean something else now."""
    present = {row["id"]: row for row in rows}
    return list(_changed_rows(present, frozen))


def _changed_rows(
    present: Mapping[str, Mapping[str, Any]], frozen: Mapping[str, Any]
) -> Iterator[str]:
    name = frozen["name"]
    for id_, digest in {**frozen["judged"], **frozen["excluded"]}.items():
        if id_ not in present:
            yield f"{id_} is frozen in edition {name} and gone: put it back, ids are never dropped"
        elif _digest.meaning(present[id_]) != digest:
            yield (
                f"{id_} is frozen in edition {name} and means something else now: put it back as "
                "it was, and give the new meaning a new id"
            )
        elif (id_ in frozen["excluded"]) != bool(present[id_]["excluded"]):
            yield f"{id_} is judged and excluded at once: it stands in the wrong list of {name}"


def sections(text: str) -> dict[str, str]:
    """Cut the guide into its numbered sections; a chapter ends where its first section begins."""
    marks = [*_HEADING.finditer(text)]
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return {
        mark.group(1): text[mark.start() : end].strip().removesuffix("---").strip()
        for mark, end in zip(marks, ends, strict=True)
    }


def quoted_by(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Map each section of the guide to the ids whose `source` names it."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for source in row["source"]:
            if match := _QUOTED.match(source):
                found.setdefault(match.group(1), []).append(row["id"])
    return found


def changed_sections(text: str, frozen: Mapping[str, Any]) -> list[str]:
    """Say which sections of the guide changed, and which requirements quote them."""
    known: Mapping[str, Mapping[str, Any]] = frozen["sections"]
    now = sections(text)
    found = []
    for number in sorted({*known, *now}, key=_order):
        digest = known.get(number, {}).get("sha256")
        if number not in now or _digest.of_text(now[number]) != digest:
            chapter = number.partition(".")[0]
            ids = [
                id_
                for quoted in dict.fromkeys((chapter, number))
                for id_ in known.get(quoted, {}).get("quoted_by", [])
            ]
            found.append(
                f"section {number} of the guide changed; read again what quotes it: "
                f"{', '.join(ids) or 'nothing'}"
            )
    if not found and _digest.of_text(text) != frozen["sha256"]:
        found.append("the guide changed outside its numbered sections; nothing quotes that")
    return found


def unfound_quotes(text: str, quotes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say which quotes are not in their section, word for word, indentation aside."""
    by_section = {number: _lines(words) for number, words in sections(text).items()}
    return [
        f"section {quote['section']} does not say what {', '.join(quote['ids'])} quote: "
        f"{quote['words'].splitlines()[0]!r}"
        for quote in quotes
        if f"\n{_lines(quote['words'])}\n" not in f"\n{by_section.get(quote['section'], '')}\n"
    ]


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def _order(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))
