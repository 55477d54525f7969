from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def record(udckit: Run, anything: str, tmp_path: Path) -> Path:
    udckit("certify", anything, "--only", "UDC-HEALTH-001,UDC-HEALTH-002", "--quiet")
    return tmp_path / "udckit-report" / "run.jsonl"


def test_record_that_is_judged_again_comes_to_the_same(udckit: Run, record: Path) -> None:
    run = udckit("report", str(record), "--rejudge", "--json")

    told = json.loads(run.stdout)
    assert run.returncode == told["exit_code"] == 1
    assert told["rejudged"] == {"identical": True, "differences": []}


def test_record_that_was_bent_is_exit_3_with_the_difference(udckit: Run, record: Path) -> None:
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    for line in lines:
        if line["kind"] == "verdict" and line["id"] == "UDC-HEALTH-002":
            line.update(verdict="pass", expected=None, observed=None, culprit=None, message="")
    record.write_text("".join(json.dumps(line) + "\n" for line in lines))

    run = udckit("report", str(record), "--rejudge")

    assert run.returncode == 3
    assert "udckit: UDC-HEALTH-002: recorded " in run.stderr
    assert "judged again" not in run.stdout


def test_last_line_that_was_cut_off_is_left_out(udckit: Run, record: Path) -> None:
    record.write_text(record.read_text()[:-40])

    run = udckit("report", str(record))

    assert run.returncode in {1, 5}
    assert "the run was ended early" in run.stdout


@pytest.mark.parametrize(
    ("text", "hint"),
    [("", "no run record"), ("<html>\n", "no run record"), ("[1]\n", "no run record")],
)
def test_file_that_is_no_record_is_exit_2(
    udckit: Run, tmp_path: Path, text: str, hint: str
) -> None:
    (tmp_path / "run.jsonl").write_text(text)

    run = udckit("report", "run.jsonl")

    assert (run.returncode, run.stdout) == (2, "")
    assert hint in run.stderr


def test_report_without_a_run_says_where_it_looked(udckit: Run) -> None:
    run = udckit("report")

    assert run.returncode == 2
    assert "udckit-report/run.jsonl cannot be read" in run.stderr
