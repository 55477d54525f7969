"""The object of `--json`: what a run came to, for programs; summary.schema.json describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from udckit.conformance import STAGES, RunRecord, Settings, Verdict
from udckit.reports._account import account_of
from udckit.reports._breaks import breaks
from udckit.reports._known import known_failures

__all__ = ["as_text", "empty_summary", "summary", "summary_schema"]

_MEMBERS: Final = ("id", "level", "stage", "verdict", "subjects", "blocked_by")


def summary(
    record: RunRecord,
    path: Path | str | None = None,
    *,
    rejudged: Iterable[str] | None = None,
) -> dict[str, Any]:
    """Sum a record up. `rejudged` are the differences that judging again found, if it was done."""
    account = account_of(record)
    facts: dict[str, Any] = {
        "stages": account.words,
        "verdicts": [_row(each, account.settings) for each in record.verdicts.values()],
        "exit_code": account.exit_code,
        "record": None if path is None else str(path),
        "requests_sent": account.requests_sent,
        "seconds": account.seconds,
    }
    if account.settings.known_failures:
        facts["known_failures"] = [asdict(each) for each in known_failures(account)]
    if rejudged is not None:
        differences = list(rejudged)
        facts["rejudged"] = {"identical": not differences, "differences": differences}
    return facts


def empty_summary(
    exit_code: int, error: str, *, incomplete: Iterable[str] = (), seconds: float = 0.0
) -> dict[str, Any]:
    """Say that nothing was judged, and why; `incomplete` are the stages that were asked for."""
    asked = set(incomplete)
    return {
        "stages": {each: "incomplete" if each in asked else "not_asked" for each in STAGES},
        "verdicts": [],
        "exit_code": exit_code,
        "record": None,
        "requests_sent": 0,
        "seconds": round(seconds, 3),
        "error": error,
    }


def as_text(facts: Mapping[str, Any]) -> str:
    """Write the object on one line, the same way each time."""
    return json.dumps(facts, ensure_ascii=True, separators=(",", ":"))


@cache
def summary_schema() -> Mapping[str, Any]:
    """Give the JSON Schema of the object."""
    text = files("udckit.reports").joinpath("summary.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _row(verdict: Verdict, settings: Settings) -> dict[str, Any]:
    message = verdict.message
    if verdict.verdict == "fail" and verdict.expected is not None:
        message = f"expected {verdict.expected}; observed {verdict.observed}"
    row = {**{name: getattr(verdict, name) for name in _MEMBERS}, "message": message}
    if relying := breaks(settings, verdict):
        row["breaks"] = [
            {"consumer": one.consumer, "interactions": list(one.interactions)} for one in relying
        ]
    return row
