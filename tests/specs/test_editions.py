"""What an edition froze stays as it was, and an edition knows what it speaks for."""

from typing import Any

import pytest
import yaml

from udckit.specs import UnknownEditionError, catalogue, edition
from udckit.specs._compile import requirements
from udckit.specs._compiled import ROOM
from udckit.specs._frozen import changed_rows

FROZEN = yaml.safe_load((ROOM / "editions" / "1.0.yaml").read_text("utf-8"))
DIGEST = "1f2302efe5a2141716d28eaf3fac01410460d8e57b38396f5df4814ae1b42ff8"


def with_row(id_: str, **change: Any) -> list[dict[str, Any]]:
    return [{**row, **change} if row["id"] == id_ else row for row in requirements()]


def test_edition_is_what_it_was_when_it_was_frozen() -> None:
    assert edition("1.0").digest == DIGEST


def test_edition_speaks_for_every_row_that_is_judged() -> None:
    assert edition().ids == {row.id for row in catalogue().values() if row.excluded is None}
    assert len(edition().ids) == 240


def test_frozen_rows_mean_what_they_meant() -> None:
    assert changed_rows(requirements(), FROZEN) == []


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Something else"},
        {"level": "SHOULD"},
        {"stage": "security"},
        {"gate": "never"},
        {"roles": ["droplet"]},
        {"needs": []},
        {"observe": ["journal"]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_frozen_row_that_changes_its_meaning_is_refused(change: dict[str, Any]) -> None:
    (refusal,) = changed_rows(with_row("UDC-HEALTH-002", **change), FROZEN)

    assert refusal.startswith("UDC-HEALTH-002 is frozen in edition 1.0 and means something else")
    assert "new id" in refusal


def test_frozen_row_that_is_gone_is_refused() -> None:
    rows = [row for row in requirements() if row["id"] != "UDC-HEALTH-002"]

    assert changed_rows(rows, FROZEN) == [
        "UDC-HEALTH-002 is frozen in edition 1.0 and gone: put it back, ids are never dropped"
    ]


def test_frozen_row_in_the_wrong_list_is_refused() -> None:
    judged = dict(FROZEN["judged"])
    excluded = {**FROZEN["excluded"], "UDC-HEALTH-002": judged.pop("UDC-HEALTH-002")}

    (refusal,) = changed_rows(requirements(), {**FROZEN, "judged": judged, "excluded": excluded})

    assert refusal.startswith("UDC-HEALTH-002 is judged and excluded at once")


def test_frozen_row_may_have_a_better_fix() -> None:
    assert changed_rows(with_row("UDC-HEALTH-002", fix="Say it better."), FROZEN) == []


def test_new_row_needs_no_edition() -> None:
    new = {**requirements()[0], "id": "UDC-NEW-001"}

    assert changed_rows([*requirements(), new], FROZEN) == []


def test_unknown_edition_suggests_near_misses() -> None:
    with pytest.raises(UnknownEditionError, match=r"Did you mean 1\.0\?"):
        edition("1.00")
