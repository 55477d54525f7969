"""Records made by hand: a run whose every fact is chosen by the test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from report_support import HOSTILE, run_of, run_of_a_right_droplet

from udckit.conformance import RunRecord, Settings, wanted_rows
from udckit.reports._format import Run
from udckit.specs import catalogue, digests

Lines = list[dict[str, Any]]
MakeLines = Callable[..., Lines]
MakeRecord = Callable[..., RunRecord]

UNHEALTHY_WORD: Mapping[str, Any] = {
    "verdict": "fail",
    "expected": "`status` one of healthy, degraded, unhealthy",
    "observed": '`status` "ok" [GET /health]',
    "culprit": 1,
    "exchanges": [1],
}


def lines_of(
    said: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    settings: Settings | None = None,
    body: str = '{"status":"ok"}',
    capabilities: Mapping[str, bool | None] | None = None,
    exit_code: int | None = 0,
    stages: Mapping[str, str] | None = None,
    authority: str | None = "kit",
    judged: int | None = None,
) -> Lines:
    """Write a record: every asked row passes but for what is `said` of it.

    `exit_code` None leaves the footer out; `judged` stops after that many verdicts.
    """
    settings = settings or Settings("http://127.0.0.1:8010", reached="launch")
    asked = wanted_rows(settings)
    verdicts = [
        {
            "kind": "verdict",
            "id": row.id,
            "level": row.level,
            "stage": row.stage,
            "verdict": "pass" if row.id in asked else "not_observed",
            "subjects": int(row.id in asked),
            "blocked_by": None,
            "message": "" if row.id in asked else f"stage {row.stage} was not asked for",
            "expected": None,
            "observed": None,
            "culprit": None,
            "exchanges": [],
            **(said or {}).get(row.id, {}),
        }
        for row in catalogue().values()
        if row.excluded is None and settings.role in row.roles
    ]
    header = {
        "kind": "header",
        "format": 1,
        "kit": "0.1.0",
        "edition": "1.0",
        "edition_digest": "0",
        "specs": dict(digests()),
        "started": 1.0,
        "settings": settings.as_json(),
        "authority": authority,
        "token": True,
        "why_no_token": "",
    }
    exchange = {
        "kind": "exchange",
        "n": 1,
        "at": 1.0,
        "seconds": 0.01,
        "base": settings.target,
        "method": "GET",
        "target": "/health",
        "headers": [["Accept", "*/*"], ["Authorization", "Bearer <token:t1>"]],
        "answer": {"status": 200, "headers": [["content-type", "application/json"]], "body": body},
    }
    shown: Lines = [
        {"kind": "capability", "name": name, "shown": word, "exchanges": []}
        for name, word in (capabilities or {"metrics": False, "openapi": True}).items()
    ]
    footer = {
        "kind": "footer",
        "stages": dict(stages or {}),
        "exit_code": exit_code,
        "requests_sent": 80,
        "seconds": 2.5,
        "finished": 3.5,
        "interrupted": False,
    }
    return [
        header,
        *shown,
        exchange,
        *verdicts[:judged],
        *([footer] if exit_code is not None else []),
    ]


@pytest.fixture
def make_lines() -> MakeLines:
    return lines_of


@pytest.fixture
def make_record() -> MakeRecord:
    def make(*what: Any, **more: Any) -> RunRecord:
        return RunRecord.of(lines_of(*what, **more))

    return make


@pytest.fixture
def good(make_record: MakeRecord) -> RunRecord:
    return make_record()


@pytest.fixture
def bad(make_record: MakeRecord) -> RunRecord:
    """One broken MUST that holds two rows up, a SHOULD unkept, and no token for three rows."""
    no_token = {
        "verdict": "not_observed",
        "subjects": 0,
        "blocked_by": "AUTH-001",
        "message": "no token: start it against `udckit fakes up`",
    }
    return make_record(
        {
            "UDC-HEALTH-002": UNHEALTHY_WORD,
            "UDC-HEALTH-012": {
                "verdict": "not_observed",
                "blocked_by": "UDC-HEALTH-002",
                "message": "no status to compare with",
            },
            "UDC-ALL-006": {
                "verdict": "not_observed",
                "blocked_by": "UDC-HEALTH-002",
                "message": "nothing came that could be judged",
            },
            "UDC-ALL-004": {
                "verdict": "fail",
                "expected": "status 405, 404 or 501",
                "observed": "status 200, body {} [PUT /health]",
                "culprit": 1,
            },
            "UDC-STATE-002": {
                **no_token,
                "message": "no token: start it against `udckit fakes up`",
            },
            "UDC-STATE-003": {
                **no_token,
                "message": "no token: start it against `udckit fakes up`",
            },
            "AUTH-001": {**no_token, "blocked_by": None},
        },
        exit_code=1,
    )


@pytest.fixture(scope="session")
def right(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A real run against the kit's own droplet: stage shape is certified."""
    return run_of_a_right_droplet(tmp_path_factory.mktemp("right"))


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A real run against a droplet whose every text is an attack on the reader."""
    return run_of(HOSTILE, tmp_path_factory.mktemp("hostile"))
