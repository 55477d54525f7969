"""Every check of stage 2 can fail: each attack that gets through is seen under its own id.

In front of one right droplet the whole stage is judged under each fault, and what is blamed there
is compared with what the catalogue expects; in front of the others, only the rows that must see it,
with what they need, and the record of it is judged again.

A shard: `-k plain_droplet`, `-k flask_metrics`, and so on.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from conftest import ATTRIBUTION
from faults import Fault, all_faults
from faults.scanner import record_text, report_texts, secrets_in
from faults.security_stand import DROPLETS, SecurityStand, can_show, security_stand
from faults.stand import Seen

from udckit.conformance import dump, rejudge
from udckit.reports.certificate import generate, issue, read_private_key

FAULTS: Final = all_faults("security")
FEWEST: Final = 40
MOST_REQUESTS: Final = 800
OVER_THE_RUN: Final = frozenset({"ERR-005", "ERR-006", "ERR-017", "SEC-011"})
"""Rows that are judged over all exchanges of a run, and need some to be judged over."""

OTHERS: Final = ("UDC-CAP-001", "AUTH-008", "AUTH-012", "ERR-005")
"""Rows that give them exchanges: readings, and more than twenty refusals."""

SLEEPS: Final = frozenset({"shell-sleeps"})
"""Faults for which real time must pass: they are shown in front of two droplets, not of each."""

Stands = Callable[[str], SecurityStand]


@pytest.fixture(scope="session")
def security_stands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stands]:
    """Give stands by name; each droplet comes up once, when it is first asked for."""
    up: dict[str, SecurityStand] = {}
    with contextlib.ExitStack() as stack:

        def give(name: str) -> SecurityStand:
            if name not in up:
                folder = tmp_path_factory.mktemp(name)
                up[name] = stack.enter_context(security_stand(name, folder))
            return up[name]

        yield give


def _first(fault: Fault) -> str:
    return next(name for name in DROPLETS if can_show(name, fault))


def _seen(fault: Fault, seen: Seen) -> None:
    assert secrets_in(record_text(seen.record)) == []
    assert seen.struck, f"{fault.id} struck nothing: {fault.source} says where it should"
    assert seen.errors() == []
    assert [seen.said(row) for row in fault.kills if seen.word(row) != "fail"] == [], fault.story


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        pytest.param(name, fault, id=f"{name}-{fault.id}")
        for name in DROPLETS
        for fault in FAULTS
        if can_show(name, fault) and name != _first(fault)
        if fault.id not in SLEEPS or name == DROPLETS[-1]
    ],
)
def test_fault_is_seen_in_front_of(name: str, fault: Fault, security_stands: Stands) -> None:
    more = OTHERS if OVER_THE_RUN.intersection(fault.kills) else ()
    seen = security_stands(name).run(fault, only=tuple({*fault.kills, *more}))

    _seen(fault, seen)
    if name == DROPLETS[-1]:
        for where, text in report_texts(seen.record):
            assert secrets_in(text) == [], where
    again = {row: dump(each.as_json()) for row, each in rejudge(seen.record).items()}
    assert again == {row: dump(each.as_json()) for row, each in seen.record.verdicts.items()}


@pytest.mark.parametrize(
    "fault", [pytest.param(each, id=f"{_first(each)}-{each.id}") for each in FAULTS]
)
def test_fault_is_blamed_on_exactly_its_rows(
    fault: Fault, security_stands: Stands, record_property: Callable[[str, object], None]
) -> None:
    seen = security_stands(_first(fault)).run(fault)

    _seen(fault, seen)
    verdicts = seen.outcomes.verdicts.values()
    strange = {each.id for each in verdicts if each.verdict == "fail"} - {*fault.kills, *fault.also}
    record_property(ATTRIBUTION, not strange)
    assert sorted(map(seen.said, strange)) == [], fault.story


@pytest.mark.parametrize("name", DROPLETS)
def test_right_droplet_is_blamed_for_nothing(name: str, security_stands: Stands) -> None:
    seen = security_stands(name).run()

    blame = seen.failed("MUST") | seen.failed("SHOULD") | seen.failed("MAY")
    assert sorted(map(seen.said, blame)) == []
    assert seen.errors() == []
    assert {each.stage: each.word for each in seen.outcomes.stages}["security"] == "certified"
    assert seen.outcomes.requests_sent <= MOST_REQUESTS


def test_certificate_and_record_on_the_disk_hold_no_secret(
    security_stands: Stands, tmp_path: Path
) -> None:
    record, private = tmp_path / "run.jsonl", tmp_path / "ci.key"
    security_stands(DROPLETS[0]).run(record=record)
    generate(private)
    certificate = issue(record, read_private_key(private), now=time.time())

    assert secrets_in(record.read_text("utf-8")) == []
    assert secrets_in(certificate.decode()) == []


def test_catalogue_has_a_fault_for_each_attack() -> None:
    assert len(FAULTS) >= FEWEST
    few = Counter(fault.id for fault in FAULTS for name in DROPLETS if can_show(name, fault))
    assert [name for name, count in few.items() if count < 2] == []
