"""A trigger is read from a line or a table, and refused in words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from udckit.conformance import InvocationError, Trigger, read_trigger


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("get /peers/{peer}", Trigger("GET", "/peers/{peer}")),
        ('POST /jobs {"to": "{peer}"}', Trigger("POST", "/jobs", {"to": "{peer}"})),
        (
            {"method": "POST", "path": "/x", "expects": 202, "peer": "ledger"},
            Trigger("POST", "/x", None, 202, "ledger"),
        ),
    ],
)
def test_trigger_is_read(given: Any, wanted: Trigger) -> None:
    assert read_trigger(given) == wanted


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("peers", "a method and a path"),
        ("GET peers", "a method and a path"),
        ("BREW /tea", "a method and a path"),
        ("POST /x {", "no JSON"),
        ({"path": "/x"}, "a table with body"),
        ({"method": "GET", "path": "/x", "sorry": 1}, "a table with body"),
        ({"method": "GET", "path": "/x", "expects": "200"}, "a status such as 200"),
        (7, "GET /peers/{peer}"),
    ],
)
def test_trigger_that_cannot_be_understood_is_refused(given: Any, said: str) -> None:
    with pytest.raises(InvocationError, match=re.escape(said)) as refused:
        read_trigger(given)

    assert "trigger" in str(refused.value)


def test_name_of_the_peer_is_put_in_where_it_is_left_open() -> None:
    trigger = Trigger("POST", "/peers/{peer}", {"whom": ["{peer}"]}).to("a/b c")

    assert trigger.is_open
    assert trigger.target == "/peers/a%2Fb%20c"
    assert trigger.content == {"whom": ["a/b c"]}
    assert not Trigger("GET", "/fixed").is_open


def test_answer_is_right_by_its_status() -> None:
    assert Trigger("GET", "/x").is_met_by(201)
    assert not Trigger("GET", "/x").is_met_by(302)
    assert not Trigger("GET", "/x").is_met_by(None)
    assert Trigger("GET", "/x", expects=302).is_met_by(302)
    assert not Trigger("GET", "/x", expects=200).is_met_by(None)
