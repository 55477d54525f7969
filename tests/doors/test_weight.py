"""What the doors import, and when: nothing before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("pytest", "_pytest", "schemathesis", "hypothesis", "httpx", "yaml", "allure")
ROOMS = ("udckit.specs", "udckit.fakes", "udckit.conformance", "udckit.reports")


def modules_after(words: list[str], folder: Path, environment: dict[str, str]) -> set[str]:
    program = (
        "import sys\n"
        "from udckit.cli import main\n"
        f"sys.argv = ['udckit', *{words!r}]\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "print('modules', *sys.modules, file=sys.stderr)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stderr.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["certify", "--help"],
        ["explain", "--help"],
        ["fakes", "--help"],
        ["fakes", "up", "--help"],
        ["report", "--help"],
    ],
)
def test_help_imports_no_room(
    words: list[str], tmp_path: Path, environment: dict[str, str]
) -> None:
    imported = modules_after(words, tmp_path, environment)

    assert not imported & {*HEAVY, *ROOMS, "rich"}


def test_certify_imports_no_test_runner_and_no_generator(
    anything: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    words = ["certify", anything, "--only", "UDC-HEALTH-001", "--quiet"]

    imported = modules_after(words, tmp_path, environment)

    assert "udckit.conformance" in imported
    assert not imported & set(HEAVY)


def test_reports_are_imported_after_the_first_request(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    imported = modules_after(["certify", "http://127.0.0.1:1"], tmp_path, environment)

    assert "udckit.conformance" in imported
    assert not imported & {"rich", "udckit.reports", *HEAVY}
