"""Every check can fail: each fault is seen under its own id, and no right droplet is blamed.

A fault runs in front of several right droplets that share no code. In front of one, the whole
stage is judged, and what is blamed there must be expected; in front of the others, only the rows
that must see it, with what they need. `error` and `not_observed` kill nothing.

A shard: `-k plain_droplet`, `-k flask_metrics`, and so on.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping

import pytest
from faults import Fault, all_faults
from faults.scanner import record_text, report_texts, secrets_in
from faults.stand import DROPLETS, OF_TIME, Seen, Stand, shown, stand

from udckit.conformance import all_checks
from udckit.reports import terminal
from udckit.specs import catalogue

OTHER_PROCESSES = frozenset({"flask_metrics", "node_bare"})
"""Droplets whose clock is the machine's: where it must run, the faults wait together."""

FEWEST = 2
"""Droplets in front of which a fault must be seen."""

Stands = Callable[[str], Stand]


@pytest.fixture(scope="session")
def stands() -> Iterator[Stands]:
    """Give stands by name; each droplet comes up once, when it is first asked for."""
    up: dict[str, Stand] = {}
    with contextlib.ExitStack() as stack:

        def give(name: str) -> Stand:
            if name not in up:
                up[name] = stack.enter_context(stand(name))
            return up[name]

        yield give


@pytest.fixture(scope="session")
def of_time(stands: Stands) -> Callable[[str], Mapping[str, Seen]]:
    """Give what was seen of the faults for which a droplet's clock must run, by droplet."""

    @functools.cache
    def give(name: str) -> Mapping[str, Seen]:
        return stands(name).run_together([each for each in all_faults() if _takes_time(each)])

    return give


def _takes_time(fault: Fault) -> bool:
    return not OF_TIME.isdisjoint(fault.kills)


def _struck(name: str, fault: Fault) -> bool:
    return shown(name).issuperset(fault.needs)


def _whole(fault: Fault) -> str:
    """Name the droplet in front of which the whole stage is judged: the first that is struck."""
    return next(name for name in DROPLETS if _struck(name, fault))


def _seen(fault: Fault, seen: Seen) -> None:
    """Hold that a fault struck, that nothing of the kit's broke, and that its rows say fail.

    And that no secret is written down on the way.
    """
    assert secrets_in(record_text(seen.record)) == []
    assert seen.struck, f"{fault.id} struck nothing: {fault.source} says where it should"
    assert seen.errors() == []
    survivors = [seen.said(row) for row in fault.kills if seen.word(row) != "fail"]
    if fault.survives is None:
        assert survivors == [], fault.story
    else:
        assert survivors, f"{fault.id} is seen now: take `survives` out of {fault.source}"


def _named_first(fault: Fault, seen: Seen) -> None:
    """Hold that the first line of the summary names the one cause: a row that the fault kills."""
    musts = [row for row in fault.kills if catalogue()[row].level == "MUST"]
    if fault.survives is not None or not musts:
        return
    (line, *_) = terminal(seen.record, width=1000).splitlines()
    assert line.startswith("mend first: ")
    assert line.split()[2] in musts, f"{fault.id}: {fault.story}"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        pytest.param(name, fault, id=f"{name}-{fault.id}")
        for name in DROPLETS
        for fault in all_faults()
        if _struck(name, fault) and name != _whole(fault)
    ],
)
def test_fault_is_seen_in_front_of(
    name: str, fault: Fault, stands: Stands, of_time: Callable[[str], Mapping[str, Seen]]
) -> None:
    if _takes_time(fault) and name in OTHER_PROCESSES:
        seen = of_time(name)[fault.id]
    else:
        seen = stands(name).run(fault, only=fault.rows)

    _seen(fault, seen)
    if name == DROPLETS[1]:
        for where, text in report_texts(seen.record):
            assert secrets_in(text) == [], where


@pytest.mark.parametrize(
    "fault", [pytest.param(fault, id=f"{_whole(fault)}-{fault.id}") for fault in all_faults()]
)
def test_fault_is_blamed_on_its_own_rows(fault: Fault, stands: Stands) -> None:
    seen = stands(_whole(fault)).run(fault)

    _seen(fault, seen)
    strange = seen.failed("MUST") - {*fault.kills, *fault.also}
    assert sorted(map(seen.said, strange)) == []
    _named_first(fault, seen)


@pytest.mark.parametrize("name", DROPLETS)
def test_right_droplet_is_blamed_for_nothing(name: str, stands: Stands) -> None:
    seen = stands(name).run()

    assert sorted(map(seen.said, seen.failed("MUST"))) == []
    advised = set() if "metrics" in shown(name) else {"OPS-METRICS-001"}
    assert seen.failed("SHOULD") == advised
    assert seen.errors() == []
    assert {each.stage: each.word for each in seen.outcomes.stages}["shape"] == "certified"


def test_catalogue_strikes_each_fault_in_front_of_several_droplets() -> None:
    few = [
        fault.id
        for fault in all_faults()
        if sum(_struck(name, fault) for name in DROPLETS) < FEWEST
    ]

    assert few == []


def test_catalogue_kills_no_row_without_a_check() -> None:
    unchecked = {row for fault in all_faults() for row in fault.kills} - set(all_checks())

    assert sorted(unchecked) == []
