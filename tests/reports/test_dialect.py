"""Dialects: each of the five is told by what was seen, and a doubt is said to be one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from report_support import DROPLETS, EMPTY, MIXED, PREFIXED, call, run_of, scene

from udckit.conformance import RunRecord
from udckit.reports import terminal
from udckit.reports._format import Run
from udckit.reports.dialect import gap_report, in_one_line, recognise
from udckit.specs import dialects

MakeLines = Callable[..., list[dict[str, Any]]]
Spoken = Callable[..., Run]

SPEAKERS = {**DROPLETS, "mixed": MIXED, "prefixed": PREFIXED, "empty": EMPTY}


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Spoken:
    """Give a real run of a droplet by its name; each is made once."""

    @cache
    def run(name: str, safety: str = "additive") -> Run:
        return run_of(SPEAKERS[name], tmp_path_factory.mktemp(name), safety=safety)

    return run


@pytest.mark.parametrize("key", sorted(DROPLETS))
@pytest.mark.parametrize("safety", ["read-only", "additive"])
def test_a_droplet_that_speaks_a_dialect_is_recognised(
    key: str, safety: str, spoken: Spoken
) -> None:
    found = recognise(spoken(key, safety).record)

    assert (found.word, found.keys) == ("recognised", (key,))
    assert found.support[key] > max(each for k, each in found.support.items() if k != key)
    assert in_one_line(found).startswith(f"dialect: {dialects()[key].name} ({key}), not the")


def test_the_contracts_own_dialect_is_recognised(right: Run) -> None:
    found = recognise(right.record)

    assert found.is_contract
    assert (found.gaps, found.said) == ((), ())
    assert in_one_line(found) == "dialect: foundation (F), the contract's own"


def test_words_of_two_dialects_alike_are_ambiguous(spoken: Spoken) -> None:
    found = recognise(spoken("mixed", "read-only").record)

    assert (found.word, found.keys) == ("ambiguous", ("M", "K"))
    assert "ambiguous, mesh (M) or starter kit (K)" in in_one_line(found)


def test_a_server_that_says_nothing_speaks_no_dialect(spoken: Spoken) -> None:
    found = recognise(spoken("empty", "read-only").record)

    assert (found.word, found.keys) == ("unrecognised", ())


def test_endpoints_under_a_prefix_and_redirects_are_said(spoken: Spoken) -> None:
    notes = recognise(spoken("prefixed", "read-only").record).notes

    assert "GET /health answers 307 to /orchestrator/health: serve it there" in notes
    assert (
        "the endpoints stand under /orchestrator: mount them at the root (until then: "
        "--base-path /orchestrator)"
    ) in notes


def test_a_202_is_said(spoken: Spoken) -> None:
    notes = recognise(spoken("D1").record).notes

    assert "POST /message answers 202: the contract says 200" in notes


def test_gaps_say_found_wanted_and_change(spoken: Spoken) -> None:
    found = {each.where: each for each in recognise(spoken("M").record).gaps}

    status = found["GET /health status"]
    assert status.found == '`status` "active"'
    assert status.wanted == "`status` one of healthy, degraded, unhealthy"
    assert status.change == "say `healthy` where it says `active`"
    assert found["GET /capabilities capabilities"].change.startswith("rename `features` to")
    assert found["GET /dependencies required_services"].change.startswith("rename `required`")
    assert found["GET /state metrics"].change == "put the figures into `metrics`"


def test_bodies_in_an_envelope_are_read_through_it(spoken: Spoken) -> None:
    found = recognise(spoken("H", "read-only").record)

    assert {"envelope", "health"} <= {each.area for each in found.telling}
    assert any(each.where == "GET /health status" for each in found.gaps)


def test_the_order_of_migration_goes_by_stage(spoken: Spoken) -> None:
    (stage, ids), *rest = recognise(spoken("M").record).order

    assert stage == "shape"
    assert "UDC-HEALTH-002" in ids
    assert not rest


def test_what_a_droplet_sends_tells_its_dialect(make_lines: MakeLines) -> None:
    token = {
        "header": {"alg": "HS256"},
        "claims": {"droplet_id": 3, "steward": "Ana", "permissions": []},
    }
    said = '{"id": 3, "url": "http://x"}'
    calls = [
        call(1, "POST", "/registry/register", fake="registry", body=said),
        call(2, "POST", "/droplets/3/heartbeat"),
    ]
    lines = [*make_lines(body="{}"), *scene(calls, token=token)]

    found = recognise(RunRecord.of(lines))

    assert found.keys == ("H",)
    assert {each.word for each in found.signs if each.area == "paths"} == {
        "POST /registry/register",
        "POST /droplets/{id}/heartbeat",
    }
    assert "it sends a token signed with HS256: the contract knows RS256 only" in found.notes
    assert {each.where for each in found.said} >= {"register", "heartbeat", "auth"}


def test_the_gap_report_is_a_page_of_markdown(spoken: Spoken) -> None:
    told = gap_report(spoken("K"))

    assert told.startswith("# What ")
    for heading in ("## Told by", "## Seen, and what", "## Not seen here", "## Mend in this order"):
        assert heading in told
    assert "| where | found | wanted | change |" in told


def test_the_screen_says_which_dialect_it_is_and_what_is_odd(spoken: Spoken) -> None:
    foreign = terminal(spoken("M", "read-only").record)
    prefixed = terminal(spoken("prefixed").record)

    assert "dialect: mesh (M), not the contract's" in foreign
    assert "`udckit report --format dialect` tells" in foreign
    assert "  ! " in prefixed
    assert "/orchestrator" in prefixed


def test_an_envelope_is_mended_before_the_words_in_it(spoken: Spoken) -> None:
    record = spoken("H", "read-only").record

    assert terminal(record).startswith("mend first: UDC-ALL-003")
