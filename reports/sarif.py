"""SARIF 2.1.0: a rule for each requirement with its help, a result for each that is not kept.

A droplet has no source line to point at, so a result points at the evidence: the verdict's own line
in the run record, with the request and the answer beside it. Rows that were not observed are
notifications, for SARIF has no result that blames nobody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final

from udckit.conformance import Exchange, Verdict
from udckit.reports._account import Account, account_of
from udckit.reports._cases import asked_rows, why
from udckit.reports._format import Format, Run, of_one
from udckit.reports._printable import cut, one_line, printable
from udckit.reports._remedy import code_for
from udckit.reports._seen import ended, utc
from udckit.reports.message import failure_lines, replay_of
from udckit.specs import Requirement, catalogue, guide_words, readings

__all__ = ["FORMAT", "sarif"]

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"

_LEVELS: Final = {"MUST": "error", "SHOULD": "warning", "MAY": "note"}
_MOST_OF_A_BODY: Final = 4_000
_PROTOCOL: Final = {"protocol": "HTTP", "version": "1.1"}

Json = dict[str, Any]


def sarif(run: Run) -> str:
    """Write a run as a SARIF log."""
    account = account_of(run.record)
    rows = asked_rows(account)
    rules = [_rule(catalogue()[each.id]) for each in rows]
    places = {rule["id"]: place for place, rule in enumerate(rules)}
    log: Json = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "udckit",
                        "version": str(account.record.header["kit"]),
                        "rules": rules,
                    }
                },
                "invocations": [_invocation(account, rows, places)],
                "results": [
                    _result(account, run, each, places[each.id])
                    for each in rows
                    if each.verdict == "fail"
                ],
                "properties": {
                    "edition": str(account.record.header["edition"]),
                    "target": one_line(account.settings.target),
                    "stages": account.words,
                },
            }
        ],
    }
    return json.dumps(log, ensure_ascii=True, indent=1, sort_keys=True) + "\n"


def _rule(row: Requirement) -> Json:
    known = readings()
    code = code_for(row.id)
    told = [row.fix, *([code] if code is not None else []), f"Source: {'; '.join(row.source)}."]
    told += [f"Reading {each}: {known[each].reading}" for each in row.readings if each in known]
    words = guide_words(row)
    if words:
        told.append(f"The guide's own words:\n{words}")
    return {
        "id": row.id,
        "shortDescription": {"text": _inert(row.text)},
        "fullDescription": {"text": _inert(f"{row.level}: {row.text}")},
        "help": {"text": _inert("\n\n".join(told))},
        "defaultConfiguration": {"level": _LEVELS[row.level]},
        "properties": {
            "level": row.level,
            "stage": row.stage,
            "tags": [row.stage, row.level, *row.source],
        },
    }


def _invocation(account: Account, rows: Iterable[Verdict], places: dict[str, int]) -> Json:
    faults: list[Json] = []
    unseen: list[Json] = []
    for each in rows:
        if each.verdict not in {"error", "not_observed"}:
            continue
        told = {
            "associatedRule": {"id": each.id, "index": places[each.id]},
            "level": "error" if each.verdict == "error" else "note",
            "message": {"text": _inert(f"{each.verdict.replace('_', ' ')}: {why(each)}")},
        }
        (faults if each.verdict == "error" else unseen).append(told)
    return {
        "executionSuccessful": account.ended and not account.faults,
        "exitCode": account.exit_code,
        "startTimeUtc": utc(float(account.record.header["started"])),
        "endTimeUtc": utc(ended(account.record)),
        "toolExecutionNotifications": faults,
        "toolConfigurationNotifications": unseen,
    }


def _result(account: Account, run: Run, verdict: Verdict, place: int) -> Json:
    lines = failure_lines(account.record, verdict)
    told = "\n".join(f"{label}: {printable(text)}" for label, text in lines)
    location: Json = {"artifactLocation": {"uri": _uri(run.path)}}
    if verdict.id in run.lines:
        location["region"] = {"startLine": run.lines[verdict.id]}
    settings = account.settings
    same = f"{verdict.id} {settings.role} {settings.base_path}"
    result: Json = {
        "ruleId": verdict.id,
        "ruleIndex": place,
        "kind": "fail",
        "level": _LEVELS.get(verdict.level, "note"),
        "message": {"text": _inert(told)},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"udckit/v1": hashlib.sha256(same.encode()).hexdigest()},
    }
    exchange = replay_of(account.record, verdict)
    if exchange is not None:
        result["webRequest"] = _request(exchange)
        result["webResponse"] = _response(exchange)
    return result


def _request(exchange: Exchange) -> Json:
    request = exchange.request
    told: Json = {
        **_PROTOCOL,
        "method": request.method,
        "target": cut(printable(exchange.base + request.target), _MOST_OF_A_BODY),
        "headers": _headers(request.headers),
    }
    if request.body is not None:
        told["body"] = {"text": cut(printable(request.body), _MOST_OF_A_BODY)}
    return told


def _response(exchange: Exchange) -> Json:
    answer = exchange.answer
    if answer is None:
        return {"noResponseReceived": True, "reasonPhrase": one_line(exchange.trouble_in_words)}
    return {
        **_PROTOCOL,
        "statusCode": answer.status,
        "headers": _headers(answer.headers),
        "body": {"text": cut(printable(answer.body), _MOST_OF_A_BODY)},
    }


def _headers(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        key = printable(name)
        joined[key] = f"{joined[key]}, {printable(value)}" if key in joined else printable(value)
    return joined


def _inert(text: str) -> str:
    """Keep text from being read as a link or a placeholder, which SARIF finds in plain text."""
    for sign in ("\\", "[", "]"):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("{", "{{").replace("}", "}}")


def _uri(path: str) -> str:
    return path.replace("\\", "/").replace(" ", "%20")


FORMAT: Final = Format(
    "sarif", "SARIF 2.1.0, for code scanning", "udckit.sarif", of_one("udckit.sarif", sarif)
)
