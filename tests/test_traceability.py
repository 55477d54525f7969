"""Requirement, check and fault hang together: none is there without the others.

The rules are functions over data, so that each is shown to refuse what it should: a defect is
planted in a copy of the data, and must be found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from faults import Fault, FaultDataError, all_faults, read_faults

from udckit.conformance import all_checks
from udckit.specs import Requirement, catalogue

BUILT: Mapping[str, tuple[str, ...]] = {
    "droplet": ("shape", "security"),
}
"""The stages that are built so far, by role: there, each row has its check and its fault."""

SETS = ("droplet", "security", "registry", "orchestrator")
"""The fault catalogue's files, by what they are of."""


def every_fault() -> list[Fault]:
    return [fault for each in SETS for fault in all_faults(each)]


def built_rows(
    rows: Iterable[Requirement], built: Mapping[str, Collection[str]] = BUILT
) -> list[Requirement]:
    """Give the rows of the stages that are built, but for the excluded ones."""
    return [
        row
        for row in rows
        if row.excluded is None
        and any(row.stage in stages and role in row.roles for role, stages in built.items())
    ]


def rows_without_a_check(rows: Iterable[Requirement], checked: Collection[str]) -> list[str]:
    return [row.id for row in built_rows(rows) if row.id not in checked]


def checks_without_a_fault(
    rows: Iterable[Requirement], checked: Collection[str], faults: Iterable[Fault]
) -> list[str]:
    """Name the checks, of the stages that are built, that nothing shows to fail."""
    killed = {row for fault in faults for row in fault.kills}
    built = {row.id for row in built_rows(rows)}
    return sorted(row for row in checked if row in built and row not in killed)


def unknown_ids(rows: Mapping[str, Requirement], faults: Iterable[Fault]) -> list[str]:
    """Name what a fault kills, or may kill, and no row of the catalogue that could be judged is."""
    known = {row.id for row in rows.values() if row.excluded is None}
    return [
        f"{fault.id}: {named}"
        for fault in faults
        for named in (*fault.kills, *fault.also)
        if named not in known
    ]


def faults_without_a_kill(faults: Iterable[Fault]) -> list[str]:
    return [fault.id for fault in faults if not fault.kills]


def ids_given_twice(faults: Iterable[Fault]) -> list[str]:
    return [name for name, count in Counter(fault.id for fault in faults).items() if count > 1]


def rows_named_twice(faults: Iterable[Fault]) -> list[str]:
    """Name the faults that list a row twice: as killed and as possible, say."""
    return [
        fault.id
        for fault in faults
        if len({*fault.kills, *fault.also}) != len(fault.kills + fault.also)
    ]


def checks_of_excluded_rows(rows: Mapping[str, Requirement], checked: Collection[str]) -> list[str]:
    return [name for name in checked if name not in rows or rows[name].excluded is not None]


def test_row_of_a_stage_that_is_built_has_its_check() -> None:
    assert rows_without_a_check(catalogue().values(), all_checks()) == []


def test_check_has_its_fault() -> None:
    assert checks_without_a_fault(catalogue().values(), all_checks(), every_fault()) == []


def test_check_verifies_a_row_that_can_be_judged() -> None:
    assert checks_of_excluded_rows(catalogue(), all_checks()) == []


def test_fault_names_rows_of_the_catalogue() -> None:
    assert unknown_ids(catalogue(), every_fault()) == []


def test_fault_kills_something() -> None:
    assert faults_without_a_kill(every_fault()) == []


def test_fault_has_an_id_of_its_own() -> None:
    assert ids_given_twice(every_fault()) == []


def test_fault_names_each_row_once() -> None:
    assert rows_named_twice(every_fault()) == []


def test_excluded_row_says_why() -> None:
    assert [row.id for row in catalogue().values() if row.excluded == ""] == []


# Planted defects


def a_fault(**changes: Any) -> Fault:
    return replace(all_faults()[0], **changes)


def test_row_without_a_check_is_refused() -> None:
    checked = set(all_checks()) - {"UDC-DEPS-002"}

    assert rows_without_a_check(catalogue().values(), checked) == ["UDC-DEPS-002"]


def test_row_that_is_excluded_needs_no_check() -> None:
    rows = [replace(catalogue()["UDC-DEPS-002"], excluded="a URL does not show it")]

    assert rows_without_a_check(rows, ()) == []


def test_check_without_a_fault_is_refused() -> None:
    faults = [fault for fault in every_fault() if "UDC-CAP-007" not in fault.kills]

    assert checks_without_a_fault(catalogue().values(), all_checks(), faults) == ["UDC-CAP-007"]


def test_check_that_a_fault_only_may_kill_is_refused() -> None:
    faults = [a_fault(kills=(), also=("UDC-CAP-007",))]

    assert "UDC-CAP-007" in checks_without_a_fault(catalogue().values(), all_checks(), faults)


@pytest.mark.parametrize("named", ["UDC-HEALTH-999", "SEC-008"])
def test_id_that_no_check_could_have_is_refused(named: str) -> None:
    """SEC-008 is a row, and excluded: no URL shows it."""
    assert unknown_ids(catalogue(), [a_fault(id="x", kills=(named,), also=())]) == [f"x: {named}"]
    assert unknown_ids(catalogue(), [a_fault(id="x", kills=(), also=(named,))]) == [f"x: {named}"]


def test_check_of_an_excluded_row_is_refused() -> None:
    assert checks_of_excluded_rows(catalogue(), ["SEC-008", "UDC-CAP-007"]) == ["SEC-008"]


def test_fault_without_a_kill_is_refused() -> None:
    assert faults_without_a_kill([a_fault(id="harmless", kills=())]) == ["harmless"]


def test_id_given_twice_is_refused() -> None:
    assert ids_given_twice([a_fault(id="twin"), a_fault(id="twin")]) == ["twin"]


def test_row_named_twice_is_refused() -> None:
    twice = a_fault(id="x", kills=("UDC-CAP-007",), also=("UDC-CAP-007",))

    assert rows_named_twice([twice]) == ["x"]


WELL = "- {id: x, story: s, where: GET /health, do: [{delete: status}], kills: [UDC-HEALTH-002]}"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("nothing: here", "a list of faults was expected"),
        ("- just words", "each fault is a mapping with an `id`"),
        ("- {id: x, where: GET /health, do: [{delete: a}]}", "it has no `story`"),
        (WELL.replace("story: s", "story: s, sorry: s"), "does not know `sorry`"),
        (WELL.replace("GET /health", "health"), "a method and a path, as `GET /health`"),
        (WELL.replace("delete", "deleet"), "does not know `deleet`; it knows after"),
        (WELL.replace("{delete: status}", "{delete: 5}"), "`delete` cannot be told 5"),
        (WELL.replace("{delete: status}", "{sub: {fnd: x}}"), "`sub` does not know `fnd`"),
        (WELL.replace("do:", "when: {nht: 2}, do:"), "`when` does not know `nht`"),
        (WELL.replace("do:", "when: {status: 4x}, do:"), "`4x` is no status"),
        (WELL.replace("do:", "when: {body: odd}, do:"), "body is one of empty"),
        (WELL.replace("do:", "strikes: [], do:"), "write either `where`"),
        (WELL.replace("[UDC-HEALTH-002]", "UDC-HEALTH-002"), "`kills` is a list of words"),
        (WELL.replace("kills:", "settings: {hast: 1}, kills:"), "does not know `hast`"),
        (WELL.replace("kills:", "survives: '', kills:"), "`survives` is the reason"),
    ],
)
def test_fault_that_is_written_wrong_is_refused_in_words(
    row: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(row, encoding="utf-8")

    with pytest.raises(FaultDataError) as refused:
        read_faults(path)

    assert said in str(refused.value)
    assert "faults.yaml" in str(refused.value)


def test_fault_that_is_written_well_is_read(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(WELL, encoding="utf-8")

    assert [fault.id for fault in read_faults(path)] == ["x"]
