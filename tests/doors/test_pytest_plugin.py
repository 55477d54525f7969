from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from udckit.fakes import FakeDroplet, FakeRegistry
from udckit.specs import catalogue

Run = Callable[..., Any]
Words = dict[str, str]
Verdicts = Callable[[Path], Words]

TWO = "--udc-only=UDC-HEALTH-001,UDC-HEALTH-002"

HOSTILE_CONFTEST = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--target", default="staging")

def pytest_collection_modifyitems(items):
    assert all(item.fixturenames for item in items)
    items.clear()

def pytest_collection_finish(session):
    assert not session.items

def pytest_runtest_setup(item):
    pytest.skip("nothing here runs")

def pytest_runtest_protocol(item):
    return True

@pytest.fixture(autouse=True)
def broken():
    raise RuntimeError("no test gets past this")
"""

HOSTILE_SETTINGS = """
[pytest]
addopts = -m "not slow" -k nothing -x --maxfail=1 --strict-markers -p no:cacheprovider
    --deselect udc::UDC-HEALTH-002 --collect-only --timeout=1 -n 2 --reruns 2
filterwarnings = error
testpaths = tests
python_files = *.py
xfail_strict = true
"""


def test_target_runs_the_contract_and_nothing_else(
    run_pytest: Run,
    anything: str,
    tmp_path: Path,
    plain_verdicts: dict[str, str],
    verdicts: Verdicts,
) -> None:
    (tmp_path / "test_mine.py").write_text("raise RuntimeError('imported')\n")

    run = run_pytest(f"--target={anything}", "--junitxml=run.xml")

    assert run.returncode == 1, run.stdout + run.stderr
    assert verdicts(tmp_path) == plain_verdicts
    assert "udckit: runs the contract, and no test of this project" in run.stdout
    assert "mend first: UDC-ALL-005" in run.stdout
    assert "UDC-HEALTH-002 MUST" in run.stdout
    assert run.stdout.count("replay ") == 3  # told once: pytest's own sections are left out
    counted = [case for case in ET.parse(tmp_path / "run.xml").iter("testcase")]  # noqa: S314, C416 - our own file; a list reads on
    assert {case.get("classname") for case in counted} == {"udc"}
    broken = {case.get("name") for case in counted if case.find("failure") is not None}
    musts = {each for each, row in catalogue().items() if row.level == "MUST"}
    assert broken == {each for each, word in plain_verdicts.items() if word == "fail"} & musts


def test_projects_own_target_option_and_its_settings_change_no_verdict(
    run_pytest: Run,
    anything: str,
    tmp_path: Path,
    plain_verdicts: dict[str, str],
    verdicts: Verdicts,
) -> None:
    (tmp_path / "conftest.py").write_text(HOSTILE_CONFTEST)
    (tmp_path / "pytest.ini").write_text(HOSTILE_SETTINGS)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_mine.py").write_text("raise RuntimeError('imported')\n")

    run = run_pytest(f"--udc-target={anything}", "-p", "randomly")

    assert run.returncode == 1, run.stdout + run.stderr
    assert verdicts(tmp_path) == plain_verdicts
    assert "runs in one in spite of -n" in run.stdout
    assert "INTERNALERROR" not in run.stdout


def test_workers_and_reruns_are_left_aside(
    run_pytest: Run, anything: str, tmp_path: Path, verdicts: Verdicts
) -> None:
    words = (f"--target={anything}", TWO, "-n", "auto", "--reruns", "2", "-p", "randomly")
    run = run_pytest(*words, PYTEST_ADDOPTS="")

    assert run.returncode == 1, run.stdout + run.stderr
    assert "1 failed, 1 passed in" in run.stdout
    assert "rerun" not in run.stdout.splitlines()[-1]
    assert verdicts(tmp_path)["UDC-HEALTH-002"] == "fail"


def test_failure_is_told_in_pytest_too_where_it_is_asked_for(
    run_pytest: Run, anything: str
) -> None:
    run = run_pytest(f"--target={anything}", TWO, "--tb=short", "-rf")

    assert "= FAILURES =" in run.stdout
    assert "FAILED udc::UDC-HEALTH-002" in run.stdout


def test_requirement_that_is_named_runs_alone(run_pytest: Run, anything: str) -> None:
    for words in (["udc::UDC-HEALTH-001"], ["udc-health-001"], ["-k", "UDC-HEALTH-001"]):
        run = run_pytest(f"--target={anything}", *words)

        assert run.returncode == 0, run.stdout + run.stderr
        assert "1 passed" in run.stdout


def test_last_failed_and_first_failure_work_from_the_command_line(
    run_pytest: Run, anything: str
) -> None:
    health = "--udc-only=UDC-HEALTH-001,UDC-HEALTH-002,UDC-HEALTH-003"

    first = run_pytest(f"--target={anything}", health, "-x")
    assert "1 failed, 1 passed" in first.stdout
    assert "stopping after 1 failures" in first.stdout

    again = run_pytest(f"--target={anything}", health, "--lf")
    assert again.returncode == 1
    assert "1 failed, 2 deselected" in again.stdout


def test_nothing_that_is_selected_is_no_success(run_pytest: Run, anything: str) -> None:
    run = run_pytest(f"--target={anything}", "-k", "nothing_is_called_so")

    assert run.returncode == 2


def test_collecting_alone_lists_the_rows(run_pytest: Run, anything: str) -> None:
    run = run_pytest(f"--target={anything}", TWO, "--collect-only", "-q")

    assert run.returncode == 0
    assert run.stdout.splitlines()[:2] == ["udc::UDC-HEALTH-001", "udc::UDC-HEALTH-002"]


def test_warning_passes_with_a_section_and_a_row_without_evidence_is_skipped(
    run_pytest: Run, anything: str, tmp_path: Path
) -> None:
    run = run_pytest(
        f"--target={anything}", "--udc-only=UDC-ALL-004,UDC-CAP-001", "-rPs", "--junitxml=run.xml"
    )

    assert "1 passed, 1 skipped" in run.stdout
    assert "warning: SHOULD" in run.stdout
    assert "SKIPPED [1] udc: not observed: " in run.stdout
    tree = ET.parse(tmp_path / "run.xml")  # noqa: S314 - our own file
    facts = {
        case.get("name"): {each.get("name"): each.get("value") for each in case.iter("property")}
        for case in tree.iter("testcase")
    }
    assert facts["UDC-ALL-004"]["udc_verdict"] == "fail"
    assert facts["UDC-CAP-001"]["udc_verdict"] == "not_observed"
    assert facts["UDC-CAP-001"]["udc_blocked_by"] == "AUTH-001"


def test_closed_port_is_exit_4_and_one_clear_line(run_pytest: Run) -> None:
    run = run_pytest("--target=http://127.0.0.1:1")

    assert run.returncode == 4
    assert run.stdout.count("udckit: Nothing can be reached at 127.0.0.1:1") == 1
    assert "no tests ran" in run.stdout


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--target="], "No target, so nothing was tested"),
        (["--udc-stages=shape"], "No target, so nothing was tested"),
        (["--target=http://127.0.0.1:1", "--udc-target=http://127.0.0.1:1"], "give one of them"),
        (["--target=http://127.0.0.1:1", "--udc-has=metric"], "Did you mean 'metrics'?"),
        (["--target=http://127.0.0.1:1", "--udc-stages=shap"], "Did you mean 'shape'?"),
    ],
)
def test_bad_invocation_is_exit_2_with_a_hint(run_pytest: Run, words: list[str], hint: str) -> None:
    run = run_pytest(*words)

    assert run.returncode == 2
    assert hint in run.stderr
    assert run.stdout == ""


def test_projects_own_target_stays_its_own_and_one_line_says_what_to_say(
    run_pytest: Run, tmp_path: Path
) -> None:
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--target', default='staging')\n"
    )
    (tmp_path / "test_mine.py").write_text(
        "def test_mine(request):\n    assert request.config.getoption('--target')\n"
    )

    other = run_pytest("--target=prod", "-q")
    assert (other.returncode, other.stdout.count("udckit")) == (0, 0)

    run = run_pytest("--target=http://127.0.0.1:8010", "-q")
    assert run.returncode == 0
    assert [line for line in run.stdout.splitlines() if "udckit" in line] == snapshot(
        [
            "udckit: --target is an option of this project's own here; to certify that service say --udc-target=http://127.0.0.1:8010"
        ]
    )


def test_target_may_stand_apart_from_its_option(run_pytest: Run, anything: str) -> None:
    run = run_pytest("--target", anything, "--udc-only", "UDC-HEALTH-001")

    assert run.returncode == 0, run.stdout + run.stderr


def test_warnings_that_are_errors_and_python_in_its_strict_mode_harm_nothing(
    run_pytest: Run, anything: str
) -> None:
    run = run_pytest(f"--target={anything}", TWO, "-W", "error", PYTHONDEVMODE="1")

    assert run.returncode == 1, run.stdout + run.stderr
    assert "1 failed, 1 passed in" in run.stdout
    assert "ResourceWarning" not in run.stdout + run.stderr


def test_session_without_terminal_or_cache_still_has_its_exit_code(
    run_pytest: Run, anything: str
) -> None:
    run = run_pytest(f"--target={anything}", TWO, "-p", "no:terminal", "-p", "no:cacheprovider")

    assert run.returncode == 1
    assert run.stdout == ""


def test_launched_droplet_is_certified(run_pytest: Run, launch_words: str) -> None:
    run = run_pytest(f"--udc-launch={launch_words}", "--udc-only=UDC-STATE-002", "-v")

    assert run.returncode == 0, run.stdout + run.stderr
    assert "udc::UDC-STATE-002 PASSED" in run.stdout
    assert "launched by the kit" in run.stdout


def test_registry_that_is_given_signs_the_token(
    run_pytest: Run, droplet: FakeDroplet, registry: FakeRegistry, tmp_path: Path
) -> None:
    run = run_pytest(
        f"--target={droplet.url}",
        f"--udc-registry={registry.url}",
        "--udc-only=UDC-STATE-002",
        "--udc-report-dir=mine",
        "-q",
    )

    assert run.returncode == 0, run.stdout + run.stderr
    header = json.loads((tmp_path / "mine" / "run.jsonl").read_text().splitlines()[0])
    assert header["authority"] == "registry"


def test_without_its_options_nothing_of_the_kit_is_imported(
    run_pytest: Run, tmp_path: Path
) -> None:
    (tmp_path / "test_mine.py").write_text(
        "import sys\n"
        "def test_mine():\n"
        "    kit = {name for name in sys.modules if name.startswith('udckit.')}\n"
        "    assert {name.split('.')[1] for name in kit} == {'pytest_plugin', '_options'}\n"
    )

    assert run_pytest("-q").returncode == 0
