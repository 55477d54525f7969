"""A failure says which consumers it breaks: on the screen, in JSON, in HTML; a pass, none."""

from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest

from udckit.conformance import RunRecord, Settings
from udckit.conformance.pacts import reliances
from udckit.reports import summary, summary_schema, terminal
from udckit.reports._format import Run
from udckit.reports.formats import render

BROKEN = {"UDC-HEALTH-002": {"verdict": "fail", "expected": "a word", "observed": "ok"}}
LEANS = "orchestrator: a look at its health"


@pytest.fixture
def broken(make_record: Callable[..., RunRecord]) -> RunRecord:
    return make_record(BROKEN)


def test_screen_names_the_consumers_and_what_they_lean_on_it_for(broken: RunRecord) -> None:
    assert f"breaks    {LEANS}" in terminal(broken)


def test_json_names_them_by_the_schema(broken: RunRecord) -> None:
    facts: dict[str, Any] = summary(broken)
    rows = {row["id"]: row for row in facts["verdicts"]}

    jsonschema_rs.validator_for(dict(summary_schema())).validate(facts)
    assert rows["UDC-HEALTH-002"]["breaks"] == [
        {"consumer": "orchestrator", "interactions": ["a look at its health"]}
    ]
    assert [each for each, row in rows.items() if "breaks" in row] == ["UDC-HEALTH-002"]


@pytest.mark.parametrize("name", ["html", "summary"])
def test_report_names_them(name: str, broken: RunRecord) -> None:
    ((_, content),) = render(name, [Run(broken)]).items()

    assert LEANS in content.decode()


def test_what_no_contract_leans_on_breaks_nobody(make_record: Callable[..., RunRecord]) -> None:
    text = terminal(make_record({"UDC-STATE-001": BROKEN["UDC-HEALTH-002"]}))

    assert "UDC-STATE-001" in text
    assert "breaks" not in text


def test_consumers_are_found_by_what_they_say_and_by_each_member_that_they_ask_for() -> None:
    (said,) = reliances("REG-SVC-003", "registry")
    (asked,) = reliances("REG-TOKEN-001", "registry")
    (typed,) = reliances("UDC-ALL-002", "registry")

    assert said.interactions == ("a look-up with an expired token",)
    assert asked.interactions == ("a registration", "the same registration again")
    assert "a look at the public key" in typed.interactions
    assert reliances("UDC-STATE-001", "droplet") == ()
    assert reliances("REG-SVC-003", "droplet") == ()


def test_role_of_the_target_says_whose_consumers(make_record: Callable[..., RunRecord]) -> None:
    settings = Settings("http://127.0.0.1:8000", reached="url", role="registry")
    text = terminal(make_record({"REG-KEY-001": BROKEN["UDC-HEALTH-002"]}, settings=settings))

    assert "breaks    droplet: a look at the public key" in text
