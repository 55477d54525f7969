"""Formats: found by name, and the same bytes each time. What they cost is in benchmarks/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from udckit.conformance import InvocationError, RunRecord
from udckit.reports._format import Run
from udckit.reports.formats import format_named, formats, render, write

NAMES = ("allure", "badge", "board", "dialect", "html", "junit", "sarif", "summary")


def test_every_format_is_found_by_its_name() -> None:
    assert tuple(formats()) == NAMES
    assert all(each.says and each.file for each in formats().values())


def test_an_unknown_format_suggests_the_nearest() -> None:
    with pytest.raises(InvocationError, match=r"no format 'juint'. Did you mean 'junit'\?"):
        format_named("juint")


def test_a_format_of_one_run_refuses_several(right: Run) -> None:
    with pytest.raises(InvocationError, match="junit speaks of one run, and 2 records"):
        render("junit", [right, right])


def test_no_record_is_refused() -> None:
    with pytest.raises(InvocationError, match="nothing can be said"):
        render("board", [])


@pytest.mark.parametrize("name", NAMES)
def test_a_run_written_again_is_byte_for_byte_the_same(name: str, hostile: Run) -> None:
    assert render(name, [hostile]) == render(name, [hostile])


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_was_cut_off_is_told_as_incomplete(name: str, make_record: object) -> None:
    record: RunRecord = make_record(exit_code=None, judged=20)  # type: ignore[operator]  # a fixture that makes records

    files = render(name, [Run(record)])

    assert all(files.values())


@pytest.mark.parametrize("name", NAMES)
def test_no_format_names_a_path_of_the_machine(name: str, right: Run, tmp_path: Path) -> None:
    whole = b"".join(render(name, [right]).values()).decode()

    assert str(tmp_path.parent) not in whole
    assert str(Path.home()) not in whole
    assert not re.search(r"/(?:tmp|usr|home|var)/", whole)


@pytest.mark.parametrize("name", NAMES)
def test_control_characters_of_a_target_reach_no_format(name: str, hostile: Run) -> None:
    whole = b"".join(render(name, [hostile]).values()).decode()

    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e\u200b\ufffe]", whole)


def test_a_file_and_a_folder_are_written_where_they_should_be(right: Run, tmp_path: Path) -> None:
    (one,) = write("junit", [right], tmp_path / "deep" / "junit.xml")
    many = write("allure", [right], tmp_path / "allure")

    assert one.read_bytes() == render("junit", [right])["junit.xml"]
    assert {each.parent for each in many} == {tmp_path / "allure"}
    assert len(many) > 50


def test_what_cannot_be_written_says_so(right: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(InvocationError, match="cannot be written"):
        write("junit", [right], tmp_path / "file" / "junit.xml")
