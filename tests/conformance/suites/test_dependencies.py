"""UDC-DEPS-002 and 006: the three lists, and what is lost without an optional service."""

from typing import Any

import pytest
from bending.droplet import GONE, Droplet
from bending.judging import blamed, broken, passes, unseen

POSTGRES = {"name": "postgres", "type": "database", "status": "connected", "host": "db:5432"}
REDIS = {"name": "redis", "type": "cache", "status": "away", "host": None, "impact": "Slower"}
API = {"name": "anthropic", "status": "healthy", "last_check": "2025-11-15T11:59:30+00:00"}


@pytest.mark.parametrize(
    "lists",
    [
        {},
        {"required_services": [POSTGRES], "optional_services": [REDIS], "external_apis": [API]},
        {"external_apis": [{**API, "last_check": None, "status": "sluggish"}]},
        {"missing": ["b"]},
    ],
)
def test_three_lists_are_accepted(droplet: Droplet, lists: dict[str, Any]) -> None:
    droplet.bend("/dependencies", **lists)

    passes(droplet, "UDC-DEPS-002")


@pytest.mark.parametrize(
    "lists",
    [
        {"required_services": GONE, "required": []},
        {"optional_services": None},
        {"external_apis": {}},
        {"required_services": ["postgres"]},
        {"required_services": [{**POSTGRES, "type": None}]},
        {"required_services": [{"name": "postgres", "type": "database"}]},
        {"external_apis": [{"name": "anthropic"}]},
    ],
)
def test_a_wrong_list_is_blamed_on_its_row_alone(droplet: Droplet, lists: dict[str, Any]) -> None:
    droplet.bend("/dependencies", **lists)

    broken(droplet, "UDC-DEPS-002")
    if "required" in lists:
        assert blamed(droplet) == {"UDC-DEPS-002", "OPS-METRICS-001"}


def test_an_impact_is_accepted(droplet: Droplet) -> None:
    droplet.bend("/dependencies", optional_services=[REDIS])

    passes(droplet, "UDC-DEPS-006")


@pytest.mark.parametrize("impact", [None, "", " "])
def test_a_missing_impact_is_advised(droplet: Droplet, impact: object) -> None:
    droplet.bend("/dependencies", optional_services=[REDIS, {**REDIS, "impact": impact}])

    broken(droplet, "UDC-DEPS-006")


def test_no_optional_service_shows_no_impact(droplet: Droplet) -> None:
    unseen(droplet, "UDC-DEPS-006")
