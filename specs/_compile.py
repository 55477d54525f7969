"""Writes the compiled JSON from the YAML beside it: `python -m udckit.specs._compile`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from udckit.specs import _digest, _frozen
from udckit.specs._compiled import COMPILED, ROOM

_OMITTED: dict[str, Any] = {"readings": [], "needs": [], "checklist": None, "excluded": None}
_EXPLAINING = ("passes", "fails", "example")
SOURCES = (
    "checklist.yaml",
    "dialects.yaml",
    "editions/*.yaml",
    "examples/*.yaml",
    "guide/*",
    "openapi/*.yaml",
    "readings.yaml",
    "requirements/*.yaml",
)


def sources() -> Iterator[Path]:
    """Give every source file of the specs, in the order of their names."""
    for pattern in SOURCES:
        yield from sorted(ROOM.glob(pattern))


def compiled() -> dict[str, str]:
    """Give what each compiled file should hold, by file name."""
    documents = {path.stem: _yaml(path) for path in sorted(ROOM.glob("openapi/*.yaml"))}
    parts: dict[str, Any] = {
        **documents,
        "surfaces": sorted(documents),
        "requirements": [_judged(row) for row in requirements()],
        "explanations": explanations(),
        "readings": _yaml(ROOM / "readings.yaml"),
        "checklist": _yaml(ROOM / "checklist.yaml"),
        "dialects": _yaml(ROOM / "dialects.yaml"),
        "editions": {path.stem: _edition(path) for path in sorted(ROOM.glob("editions/*.yaml"))},
        "guide": _guide(),
        "digests": {
            path.relative_to(ROOM).as_posix(): _digest.of_bytes(path.read_bytes())
            for path in sources()
        },
    }
    return {
        f"{name}.json": json.dumps(part, ensure_ascii=False, separators=(",", ":")) + "\n"
        for name, part in parts.items()
    }


def requirements() -> list[dict[str, Any]]:
    """Read every requirement from the YAML, with what a row may omit written out."""
    return [
        {**_OMITTED, **row}
        for path in sorted(ROOM.glob("requirements/*.yaml"))
        for row in _yaml(path)
    ]


def explanations() -> dict[str, Any]:
    """Read what passes and what fails, by row, and the examples that rows name."""
    return {
        "rows": {
            row["id"]: {part: row[part] for part in _EXPLAINING}
            for row in requirements()
            if row["excluded"] is None
        },
        "examples": {
            name: {part: text.rstrip("\n") for part, text in example.items()}
            for path in sorted(ROOM.glob("examples/*.yaml"))
            for name, example in _yaml(path).items()
        },
    }


def _judged(row: dict[str, Any]) -> dict[str, Any]:
    """Leave out what only an explanation tells: no run pays for it."""
    return {part: value for part, value in row.items() if part not in _EXPLAINING}


def stale() -> list[str]:
    """Name the compiled files that do not hold what the YAML says."""
    wanted = compiled()
    present = {path.name: path.read_text("utf-8") for path in COMPILED.glob("*.json")}
    return sorted(name for name in wanted | present if wanted.get(name) != present.get(name))


def main() -> None:
    """Write every compiled file that is stale, and remove what has no source."""
    wanted = compiled()
    COMPILED.mkdir(exist_ok=True)
    for name in stale():
        if name in wanted:
            (COMPILED / name).write_text(wanted[name], "utf-8")
        else:
            (COMPILED / name).unlink()


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def _edition(path: Path) -> dict[str, Any]:
    frozen = _yaml(path)
    return {
        "ids": list(frozen["judged"]),
        "digest": _digest.together({**frozen["judged"], **frozen["excluded"]}),
    }


def _guide() -> dict[str, Any]:
    quotes: dict[str, list[str]] = {}
    for quote in _yaml(ROOM / "guide" / "quotes.yaml"):
        for id_ in quote["ids"]:
            quotes.setdefault(id_, []).append(quote["words"].rstrip("\n"))
    text = (ROOM / "guide" / "guide.md").read_text("utf-8")
    return {"sections": _frozen.sections(text), "quotes": quotes}


if __name__ == "__main__":
    main()
