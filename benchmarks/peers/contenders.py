"""Who is compared: a command for each, and how to read what it blames."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["ADVICE", "CONTENDERS", "Contender", "Found", "Place", "ask"]

_HERE: Final = Path(__file__).parent
_ROOT: Final = _HERE.parents[1]
_BIN: Final = Path(sys.executable).parent
_PATIENCE: Final = 300

ADVICE: Final = "advice "
"""The beginning of what is said to a right droplet without failing it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A droplet to be judged, and what a contender may know of it."""

    url: str
    token: str
    sender: str
    registry: str
    key: Path
    """The Registry's signing key in PEM: the kit forges with it; no peer can use it."""
    folder: Path


@dataclass(frozen=True, slots=True)
class Found:
    """What a contender blamed, each in a word that can be compared; CPU and wall in seconds."""

    blamed: frozenset[str]
    cpu: float
    wall: float
    trouble: str = ""

    @property
    def alarms(self) -> frozenset[str]:
        """What was blamed beyond advice."""
        return frozenset(word for word in self.blamed if not word.startswith(ADVICE))


@dataclass(frozen=True, slots=True)
class Contender:
    """One tool: its command for a place, and how its verdict is read from output and files."""

    name: str
    what: str
    command: Callable[[Place], list[str]]
    read: Callable[[Place, str], frozenset[str]]
    fine: frozenset[int] = frozenset({0, 1})


def ask(one: Contender, place: Place) -> Found:
    """Run a contender, and say what it blamed."""
    before, began = _children(), time.monotonic()
    try:
        run = subprocess.run(
            one.command(place),
            cwd=place.folder,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Found(frozenset(), _children() - before, time.monotonic() - began, "no end")
    spent = time.monotonic() - began
    trouble = "" if run.returncode in one.fine else f"exit code {run.returncode}"
    blamed = one.read(place, run.stdout) if not trouble else frozenset()
    return Found(blamed, _children() - before, spent, trouble)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _lines(_: Place, said: str) -> frozenset[str]:
    return frozenset(line.strip() for line in said.splitlines() if line.startswith("! "))


def _udckit(place: Place) -> list[str]:
    (place.folder / "udckit.toml").write_text(f"signing_key = {json.dumps(str(place.key))}\n")
    return [
        str(_BIN / "udckit"),
        "certify",
        place.url,
        *("--registry", place.registry),
        *("--stages", "shape,security", "--report-dir", str(place.folder), "--quiet"),
    ]


def _verdicts(place: Place, _: str) -> frozenset[str]:
    lines = (place.folder / "run.jsonl").read_text(encoding="utf-8").splitlines()
    verdicts = [each for each in map(json.loads, lines) if each["kind"] == "verdict"]
    return frozenset(
        each["id"] if each["level"] == "MUST" else f"{ADVICE}{each['id']}"
        for each in verdicts
        if each["verdict"] == "fail"
    )


def _schemathesis(place: Place) -> list[str]:
    return [
        str(_BIN / "st"),
        *("run", str(_ROOT / "specs/openapi/udc.yaml"), "--url", place.url),
        *("--header", f"Authorization: Bearer {place.token}", "--generation-deterministic"),
        *("--report", "json", "--report-json-path", str(place.folder / "st.json"), "--no-color"),
    ]


def _failures(place: Place, _: str) -> frozenset[str]:
    told = json.loads((place.folder / "st.json").read_text(encoding="utf-8"))
    return frozenset(
        f"{each['code']} {operation}"
        for each in told["failures"]
        for operation in each["operations"]
    )


def _script(name: str) -> Callable[[Place], list[str]]:
    path = str(_HERE / name)
    return lambda place: [sys.executable, path, place.url, place.token, place.sender]


CONTENDERS: Final = (
    Contender(
        "udckit",
        "`udckit certify URL --registry …` with the Registry's key, stages shape and security",
        _udckit,
        _verdicts,
        frozenset({0, 1, 5}),
    ),
    Contender(
        "schemathesis",
        "`st run` over the same OpenAPI document with a valid token, deterministic",
        _schemathesis,
        _failures,
    ),
    Contender(
        "pact by hand",
        "six interactions as a team writes them, verified by pact-python with a valid token",
        _script("pact_by_hand.py"),
        _lines,
    ),
    Contender(
        "five paths",
        "GET the five paths with a token; any 2xx is compliant",
        _script("five_paths.py"),
        _lines,
    ),
)
