"""Allure results from a record: labels, links, steps, redacted attachments, categories.

The files are what allure-pytest would leave, written from the record alone: names and identifiers
are derived from what stands in them, so that the same record gives the same bytes. Allure has no
word for a SHOULD that is not kept: it passes, with the label `warning` and what was observed.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from typing import Any, Final

from udckit.conformance import Exchange, Verdict, curl
from udckit.reports._account import Account, account_of
from udckit.reports._cases import asked_rows, exchanges_of, family, why
from udckit.reports._exchange_text import answer_text, outcome, request_text
from udckit.reports._format import Files, Format, Run
from udckit.reports._printable import one_line, printable
from udckit.reports._remedy import code_for
from udckit.reports._seen import ended, identity, utc
from udckit.reports.message import failure_lines, headline
from udckit.specs import catalogue, readings

__all__ = ["FORMAT", "allure", "labels_of"]

_SPACE: Final = uuid.UUID("5c3f0a52-0b0f-5d55-9d1c-7564636b6974")
_STATUS: Final = {
    "pass": "passed",
    "fail": "failed",
    "not_observed": "skipped",
    "not_applicable": "skipped",
    "error": "broken",
}
_SEVERITY: Final = {"MUST": "critical", "SHOULD": "minor", "MAY": "trivial"}
_MOST_STEPS: Final = 10
_CATEGORIES: Final = (
    {"name": "A MUST is broken", "matchedStatuses": ["failed"]},
    {"name": "The kit's own faults", "matchedStatuses": ["broken"]},
    {
        "name": "Not observed: something is missing",
        "matchedStatuses": ["skipped"],
        "messageRegex": "(?s)^not observed.*",
    },
    {
        "name": "Does not apply",
        "matchedStatuses": ["skipped"],
        "messageRegex": "(?s)^not applicable.*",
    },
)

Json = dict[str, Any]


def allure(runs: Sequence[Run], today: float) -> Files:
    """Write a run as the files of an `allure-results` folder."""
    del today
    account = account_of(runs[0].record)
    files: dict[str, bytes] = {
        "categories.json": _json(_CATEGORIES),
        "environment.properties": _environment(account).encode("latin-1"),
    }
    for verdict in asked_rows(account):
        result = _result(account, verdict, files)
        files[f"{result['uuid']}-result.json"] = _json(result)
    return files


def labels_of(verdict: Verdict) -> list[tuple[str, str]]:
    """Give the labels of a row: what a reader groups and filters by."""
    row = catalogue().get(verdict.id)
    labels = [
        ("epic", "Universal Droplet Contract 1.0"),
        ("feature", verdict.stage),
        ("story", family(verdict.id)),
        ("parentSuite", "udckit"),
        ("suite", verdict.stage),
        ("subSuite", family(verdict.id)),
        ("severity", _SEVERITY.get(verdict.level, "normal")),
        ("tag", verdict.level),
        ("tag", verdict.verdict),
    ]
    if row is not None:
        labels += [("tag", each) for each in row.source]
    if verdict.verdict == "fail" and verdict.level != "MUST":
        labels.append(("tag", "warning"))
    return labels


def _result(account: Account, verdict: Verdict, files: dict[str, bytes]) -> Json:
    settings = account.settings
    same = f"{verdict.id} {settings.role}"
    exchanges = exchanges_of(account.record, verdict)
    began = min((each.at for each in exchanges), default=float(account.record.header["started"]))
    over = max((each.at + each.seconds for each in exchanges), default=began)
    warned = verdict.verdict == "fail" and verdict.level != "MUST"
    result: Json = {
        "uuid": _uuid(account, verdict.id),
        "historyId": hashlib.md5(same.encode(), usedforsecurity=False).hexdigest(),
        "testCaseId": hashlib.md5(verdict.id.encode(), usedforsecurity=False).hexdigest(),
        "fullName": f"udckit.{verdict.stage}.{verdict.id}",
        "name": headline(verdict),
        "description": _description(verdict),
        "status": "passed" if warned else _STATUS[verdict.verdict],
        "stage": "finished",
        "start": _milli(began),
        "stop": _milli(over),
        "labels": [{"name": name, "value": value} for name, value in labels_of(verdict)],
        "links": [
            {
                "type": "tms",
                "name": verdict.id,
                "url": f"udckit.html#{verdict.id}",
            }
        ],
        "steps": _steps(account, verdict, exchanges, files),
    }
    told = _told(account, verdict)
    if told is not None:
        result["statusDetails"] = told
    return result


def _told(account: Account, verdict: Verdict) -> Json | None:
    if verdict.verdict == "pass":
        return None
    if verdict.verdict != "fail":
        return {"message": f"{verdict.verdict.replace('_', ' ')}: {why(verdict)}"}
    lines = failure_lines(account.record, verdict)
    code = code_for(verdict.id)
    trace = "\n".join(f"{label:<10}{printable(text)}" for label, text in lines)
    trace += f"\n\n{code}" if code is not None else ""
    prefix = "" if verdict.level == "MUST" else f"warning, a {verdict.level}: "
    return {"message": prefix + why(verdict), "trace": trace}


def _description(verdict: Verdict) -> str:
    """Tell where the row comes from: the catalogue's words, none of the target's."""
    row = catalogue().get(verdict.id)
    if row is None:
        return ""
    known = readings()
    told = [row.text, f"**Source**: {'; '.join(row.source)}"]
    told += [f"**{each}**: {known[each].reading}" for each in row.readings if each in known]
    told.append(f"**Fix**: {row.fix}")
    return "\n\n".join(told)


def _steps(
    account: Account, verdict: Verdict, exchanges: Sequence[Exchange], files: dict[str, bytes]
) -> list[Json]:
    shown = list(exchanges[:_MOST_STEPS])
    shown += [each for each in exchanges[_MOST_STEPS:] if each.number == verdict.culprit]
    steps = [_step(account, verdict, each, files) for each in shown]
    rest = len(exchanges) - len(shown)
    if rest:
        steps.append({"name": f"and {rest} more requests", "status": "passed", "stage": "finished"})
    return steps


def _step(account: Account, verdict: Verdict, exchange: Exchange, files: dict[str, bytes]) -> Json:
    is_culprit = verdict.verdict == "fail" and exchange.number == verdict.culprit
    text = "\n\n".join((curl(exchange), request_text(exchange), answer_text(exchange)))
    name = f"{_uuid(account, f'exchange {exchange.number}')}-attachment.txt"
    files.setdefault(name, printable_lines(text).encode())
    return {
        "name": f"{one_line(exchange.request.method)} {one_line(exchange.request.target)[:120]} "
        f"→ {outcome(exchange)}",
        "status": "failed" if is_culprit else "passed",
        "stage": "finished",
        "start": _milli(exchange.at),
        "stop": _milli(exchange.at + exchange.seconds),
        "attachments": [
            {"name": "request and answer, redacted", "source": name, "type": "text/plain"}
        ],
    }


def printable_lines(text: str) -> str:
    """Make text harmless line by line."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _environment(account: Account) -> str:
    header, settings, who = account.record.header, account.settings, identity(account.record)
    told = {
        "target": settings.target + settings.base_path,
        "service": who.title or "does not say",
        "role": settings.role,
        "reached": settings.reached,
        "safety": settings.safety,
        "edition": str(header["edition"]),
        "udckit": str(header["kit"]),
        "finished": utc(ended(account.record)),
        **{f"stage.{name}": word for name, word in account.words.items()},
    }
    return "".join(f"{name} = {_property(value)}\n" for name, value in told.items())


def _property(value: str) -> str:
    """Spell a value as a Java properties file takes it."""
    escaped = one_line(value).replace("\\", "\\\\")
    return escaped.encode("latin-1", "backslashreplace").decode("latin-1")


def _uuid(account: Account, what: str) -> str:
    header = account.record.header
    return str(uuid.uuid5(_SPACE, f"{header['started']} {account.settings.target} {what}"))


def _milli(seconds: float) -> int:
    return round(seconds * 1000)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, indent=1, sort_keys=True).encode() + b"\n"


FORMAT: Final = Format("allure", "a folder of Allure results", "allure-results/", allure)
