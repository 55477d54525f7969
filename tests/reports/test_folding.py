"""One cause is one finding: a droplet that looks at no token is told so once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import Fault, all_faults, read_faults
from faults.security_stand import SecurityStand, security_stand

from udckit.conformance import RunRecord
from udckit.reports import account_of, failure_lines, terminal
from udckit.reports._format import Run
from udckit.reports.html import html
from udckit.reports.junit import junit
from udckit.reports.step_summary import step_summary

OPEN = """
- id: no-token-is-looked-at
  story: The dependency that verifies tokens was never put on any route.
  where: "* *"
  do: [{ authorize: true }]
  kills: [AUTH-002]
"""
HEADER = """
- id: any-header-will-do
  story: It is looked whether there is a header, and no further.
  where: "* *"
  when: { authorization: present }
  do: [{ authorize: true }]
  kills: [AUTH-006]
"""
REFUSALS = (
    *("UDC-STATE-001", "UDC-DEPS-001", "UDC-MSG-001"),
    *(f"AUTH-{number:03}" for number in (2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 32)),
)


@pytest.fixture(scope="module")
def droplet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecurityStand]:
    with security_stand("plain_droplet", tmp_path_factory.mktemp("stand")) as up:
        yield up


def fault_of(text: str, folder: Path) -> Fault:
    path = folder / "faults.yaml"
    path.write_text(text, encoding="utf-8")
    return read_faults(path)[0]


def judged(droplet: SecurityStand, fault: Fault) -> RunRecord:
    return droplet.run(fault, only=REFUSALS).record


def broken(record: RunRecord) -> set[str]:
    return {each.id for each in record.verdicts.values() if each.verdict == "fail"}


def musts(record: RunRecord) -> int:
    return sum(record.verdicts[each].level == "MUST" for each in broken(record))


def folds(record: RunRecord) -> dict[str, set[str]]:
    failures = account_of(record).failures
    return {each.verdict.id: {one.id for one in each.follows} for each in failures}


@pytest.fixture(scope="module")
def unguarded(droplet: SecurityStand, tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    return judged(droplet, fault_of(OPEN, tmp_path_factory.mktemp("open")))


def test_droplet_that_looks_at_no_token_has_one_finding(unguarded: RunRecord) -> None:
    assert broken(unguarded) == set(REFUSALS), "in the data each row still fails"

    assert folds(unguarded) == {"AUTH-002": set(REFUSALS) - {"AUTH-002"}}
    assert not account_of(unguarded).warnings


def test_every_report_tells_it_once_and_names_the_root_first(unguarded: RunRecord) -> None:
    rest = len(REFUSALS) - 1
    screen = terminal(unguarded)
    markdown = step_summary(Run(unguarded))
    page = html(Run(unguarded))

    assert screen.startswith(f"mend first: AUTH-002 (and {rest} rows that follow from it)")
    assert f"and {rest} rows that follow from it: UDC-STATE-001, " in screen
    assert f"and {rest} rows that follow from it: UDC-STATE-001, " in markdown
    assert f"And {rest} rows that follow from it" in page
    assert markdown.count("<details open>") == page.count('class="finding must"') == 1
    assert junit(Run(unguarded)).count("<failure") == musts(unguarded), "a case for each"


def test_droplet_that_wants_any_header_has_one_finding(
    droplet: SecurityStand, tmp_path: Path
) -> None:
    record = judged(droplet, fault_of(HEADER, tmp_path))

    assert folds(record) == {"AUTH-006": broken(record) - {"AUTH-006"}}
    assert "AUTH-002" not in broken(record)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("expiry-is-never-looked-at", {"AUTH-009": set(), "AUTH-010": set()}),
        ("dependencies-open-to-anybody", {"AUTH-002": {"UDC-DEPS-001", "AUTH-032"}}),
        ("second-word-is-the-token", {"AUTH-004": set()}),
        (
            "anonymous-is-forbidden",
            {"AUTH-002": {"UDC-STATE-001", "UDC-DEPS-001", "UDC-MSG-001", "AUTH-018"}},
        ),
    ],
)
def test_what_is_looked_at_is_a_finding_of_its_own(
    name: str, found: dict[str, set[str]], droplet: SecurityStand
) -> None:
    fault = next(each for each in all_faults("security") if each.id == name)

    assert folds(judged(droplet, fault)) == found


def test_root_says_what_was_shown_and_not_how_a_token_is_made(unguarded: RunRecord) -> None:
    told = dict(failure_lines(unguarded, unguarded.verdicts["AUTH-002"]))

    assert told["recipe"] == "no Authorization header"
