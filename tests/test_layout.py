"""The house stands as ARCHITECTURE.md draws it."""

from __future__ import annotations

import ast
import importlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("specs", "fakes", "conformance", "reports")
LIMIT = 400
BANNED = re.compile(r"(^|[^a-z])(manager|helper|utils|enhanced|v2)s?([^a-z0-9]|$)")
OTHER_TESTS = {
    "acting": "a droplet that acts in scenarios, without waiting",
    "attaching": "a droplet that is watched from running fakes, without waiting",
    "bending": "a droplet that a test bends as it likes",
    "benchmarks": "the figures that are published",
    "browser": "looks at pages in a real browser",
    "docs": "pages that run as they stand",
    "doors": "the command line and the pytest plugin, above the rooms",
    "examples": "documentation that runs",
    "faults": "faults as data, and the proxy that applies them",
    "fleet": "right droplets, written in other people's styles",
    "fleet_support": "starts the fleet",
    "generated": "the tests that nobody wrote, and the faults that only they find",
    "hostile": "servers that answer as no server should",
    "leaning": "a droplet that leans on a database, a Redis and an API, and sees them go",
    "mutation": "changes to the kit itself that its tests must see",
    "pacts": "contracts that each consumer writes",
    "proof": "what the kit catches and whom it blames wrongly, measured and written down",
    "report_support": "droplets and a browser for the reports",
}
"""The folders of tests/ that mirror no room, each with its reason to exist."""

FOREIGN = ROOT / "tests" / "fleet"
"""Droplets as their authors write them, in one file each."""

PASSED_OVER = frozenset({".git", ".venv", ".tox", "node_modules", "build", "dist", "__pycache__"})


def files(*folders: str, ending: str = ".py") -> Iterator[Path]:
    """Give the files of some folders of the root, or of all of it, but for what tools leave."""
    for top in folders or (".",):
        for path in sorted((ROOT / top).rglob(f"*{ending}")):
            parts = path.relative_to(ROOT).parts
            linked = parts[:2] == ("src", "udckit") and parts[2:3] and parts[2] in ROOMS
            if path.is_file() and not linked and not PASSED_OVER.intersection(parts):
                yield path


def tracked() -> list[Path]:
    """Give the files that git knows; in an unpacked archive, all that is there."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return list(files(ending=""))
    listed = subprocess.run(
        [git, "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True, text=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def too_long(path: Path) -> bool:
    return len(path.read_text(encoding="utf-8").splitlines()) > LIMIT


def has_docstring(text: str) -> bool:
    return bool(ast.get_docstring(ast.parse(text)))


def names_in(text: str) -> Iterator[str]:
    """Give the names that a module offers: of classes, functions and arguments."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                yield name


def is_banned(name: str) -> bool:
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return BANNED.search(apart.lower()) is not None


def in_order(names: list[str]) -> list[str]:
    """Put names into the order of the house: constants, then classes, then the rest."""

    def kind(name: str) -> int:
        return 0 if name.isupper() else 1 if name[:1].isupper() else 2

    return sorted(names, key=lambda name: (kind(name), name))


def machine_paths(text: str) -> list[str]:
    """Find paths of one machine, such as a checkout's own place."""
    places = ("work", "tmp/plan", "root", "home/[a-z]+")
    return re.findall(rf"(?<![\w.~}}])/(?:{'|'.join(places)})/\S*", text)


@pytest.mark.parametrize("room", ROOMS)
def test_room_is_linked_into_the_package(room: str) -> None:
    link = ROOT / "src" / "udckit" / room

    assert link.samefile(ROOT / room)
    assert link.is_symlink()
    assert not link.readlink().is_absolute()


def test_file_stays_under_the_limit() -> None:
    whales = [shown(path) for path in files() if FOREIGN not in path.parents and too_long(path)]

    assert whales == []


def test_file_of_a_room_says_its_reason_first() -> None:
    silent = [
        shown(path)
        for path in files(*ROOMS, "src/udckit/cli", "src/udckit/pytest_plugin")
        if not has_docstring(path.read_text(encoding="utf-8"))
    ]

    assert silent == []


def test_file_has_no_banned_name() -> None:
    folders = (*ROOMS, "src", "tests", "examples", "benchmarks", "docs")
    named = {shown(path) for each in folders for path in files(each, ending="")}

    assert [name for name in sorted(named) if is_banned(name)] == []


def test_code_makes_no_banned_name() -> None:
    made = {
        f"{shown(path)}: {name}"
        for path in files(*ROOMS, "src/udckit")
        for name in names_in(path.read_text(encoding="utf-8"))
        if is_banned(name)
    }

    assert sorted(made) == []


@pytest.mark.parametrize(
    "package",
    [
        pytest.param(".".join(("udckit", *path.parent.relative_to(ROOT).parts)), id=shown(path))
        for path in files(*ROOMS)
        if path.name == "__init__.py"
    ],
)
def test_package_offers_what_it_says_in_order(package: str) -> None:
    module = importlib.import_module(package)
    names = list(getattr(module, "__all__", []))

    assert names == in_order(names)
    assert [name for name in names if not hasattr(module, name)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_room_has_its_tests(room: str) -> None:
    assert any(path.name.startswith("test_") for path in files(f"tests/{room}"))


def test_folder_of_tests_mirrors_a_room_or_says_why_not() -> None:
    there = {path.relative_to(ROOT / "tests").parts[0] for path in files("tests")}
    strange = {name for name in there if not name.endswith(".py")} - {*ROOMS, *OTHER_TESTS}

    assert sorted(strange) == []


def test_room_holds_no_tests() -> None:
    assert [shown(path) for path in files(*ROOMS) if path.name.startswith("test_")] == []


def test_file_names_no_path_of_this_machine() -> None:
    told = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        told += [f"{shown(path)}: {found}" for found in machine_paths(text)]

    assert told == []


# Each rule refuses what it should.


def test_rules_see_what_they_are_for() -> None:
    assert not has_docstring("import os\n")
    assert [name for name in names_in("class RunManager:\n    pass\n") if is_banned(name)]
    assert is_banned("TokenHelper")
    assert is_banned("src/string_utils.py")
    assert is_banned("docs/engine-v2.md")
    assert not is_banned("tests/v20_of_something.py")
    assert in_order(["b", "A_B", "Cd"]) == ["A_B", "Cd", "b"]
    assert machine_paths("see " + "/work" + "/main/x") == ["/work" + "/main/x"]
    assert machine_paths("https://example.org/work/main") == []
