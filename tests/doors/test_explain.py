from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from udckit.specs import catalogue

Run = Callable[..., Any]


def test_requirement_is_explained_in_full(udckit: Run) -> None:
    run = udckit("explain", "udc-health-003")

    row = catalogue()["UDC-HEALTH-003"]
    told = " ".join(run.stdout.split())
    assert run.returncode == 0
    assert told.startswith("UDC-HEALTH-003 MUST `timestamp` is RFC 3339")
    for words in (row.fix, "CONF-43:", "UDC §2.1", "needs UDC-HEALTH-001", "The timestamp of"):
        assert words in told


def test_catalogue_accounts_for_every_row(udckit: Run) -> None:
    told = json.loads(udckit("explain", "--json").stdout)

    assert [row["id"] for row in told["requirements"]] == list(catalogue())
    counts = told["counts"]
    assert counts["total"] == len(catalogue())
    assert counts["checked"] + counts["excluded"] + counts["unchecked"] == counts["total"]
    assert counts["excluded"] == sum(row.excluded is not None for row in catalogue().values())


def test_list_names_stages_and_ends_with_the_counts(udckit: Run) -> None:
    run = udckit("explain", "--stages", "shape,security", "--role", "droplet")

    lines = run.stdout.splitlines()
    assert {"shape", "security"} <= set(lines)
    assert "integration" not in lines
    assert " requirements: " in lines[-1]
    assert max(map(len, lines)) <= 100


def test_unchecked_rows_are_those_without_a_check(udckit: Run) -> None:
    told = json.loads(udckit("explain", "--unchecked", "--json").stdout)

    assert {row["state"] for row in told["requirements"]} <= {"unchecked"}
    assert all(row["check"] is None for row in told["requirements"])


def test_family_is_listed(udckit: Run) -> None:
    run = udckit("explain", "UDC-HEALTH")

    assert run.returncode == 0
    assert run.stdout.count("UDC-HEALTH-") == sum(
        each.startswith("UDC-HEALTH-") for each in catalogue()
    )


def test_unknown_name_is_exit_2_with_near_misses(udckit: Run) -> None:
    for words, hint in (
        (("UDC-HEALT-003",), "UDC-HEALTH-003"),
        (("--stages", "shap"), "'shape'"),
        (("--role", "dropplet"), "'droplet'"),
    ):
        run = udckit("explain", *words)
        assert (run.returncode, run.stdout) == (2, "")
        assert f"Did you mean {hint}" in run.stderr


def test_row_is_told_whole_with_an_example_to_copy(udckit: Run) -> None:
    run = udckit("explain", "udc-health-002")

    assert run.returncode == 0
    labels = [line.split()[0] for line in run.stdout.splitlines() if line.startswith("  ")]
    for label in ("guide", "observed", "check", "passes", "fails", "fix"):
        assert label in labels, label
    code, wire = run.stdout.split("in FastAPI")[1].split("on the wire")
    assert '  @app.get("/health")' in code
    assert "  GET /health HTTP/1.1" in wire
    assert "  HTTP/1.1 200 OK" in wire
    assert "The same code keeps" in wire
    assert not any(line != line.rstrip() for line in run.stdout.splitlines())
