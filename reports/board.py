"""Many droplets on one page: failed, unreachable, incomplete, expired and certified kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from udckit.conformance import EXIT
from udckit.reports._account import Account, account_of
from udckit.reports._format import Files, Format, Run
from udckit.reports._marks import DASH, STAGE_MARKS
from udckit.reports._printable import cut, one_line, printable
from udckit.reports._seen import ended, identity, utc
from udckit.reports.badge import FRESH_DAYS
from udckit.reports.dialect import in_one_line, recognise
from udckit.reports.html import template_named
from udckit.reports.terminal import first_line
from udckit.specs import catalogue

__all__ = ["FORMAT", "board", "standing"]

_A_DAY: Final = 86_400

_GROUPS: Final = {
    "failed": ("failed", "✗", "a MUST is broken"),
    "unreachable": ("crossed", "✗", "nothing answered"),
    "incomplete": ("incomplete", "?", "no MUST is known to be broken, and not all was observed"),
    "expired": ("not_asked", DASH, f"older than {FRESH_DAYS} days, whatever it said then"),
    "faulty": ("error", "!", "the kit itself failed"),
    "certified": ("certified", "✓", "every stage that was asked for"),
}
"""The groups in the order of the page: how each is marked, and what it means."""


def standing(account: Account, today: float) -> str:
    """Give the one group in which a run stands at a moment."""
    record = account.record
    if today - ended(record) > FRESH_DAYS * _A_DAY:
        return "expired"
    if account.exit_code == EXIT["unreachable"] or not any(
        each.answer is not None for each in record.exchanges.values()
    ):
        return "unreachable"
    if account.failures:
        return "failed"
    if account.faults:
        return "faulty"
    return "certified" if account.exit_code == 0 else "incomplete"


def board(runs: Sequence[Run], today: float) -> str:
    """Write the page."""
    members: dict[str, list[Mapping[str, Any]]] = {name: [] for name in _GROUPS}
    for run in runs:
        account = account_of(run.record)
        members[standing(account, today)].append(_one(run, account, today))
    groups: list[dict[str, Any]] = [
        {
            "name": name,
            "word": word,
            "mark": mark,
            "says": says,
            "members": sorted(members[name], key=lambda one: (str(one["name"]), str(one["path"]))),
        }
        for name, (word, mark, says) in _GROUPS.items()
    ]
    facts = {"groups": groups, "total": len(runs), "day": utc(today)[:10], "fresh": FRESH_DAYS}
    return template_named("board.html").render(facts).rstrip() + "\n"


def _one(run: Run, account: Account, today: float) -> Mapping[str, Any]:
    who, moment = identity(run.record), ended(run.record)
    target = one_line(account.settings.target + account.settings.base_path)
    days = max(int((today - moment) // _A_DAY), 0)
    return {
        "name": cut(printable(who.name or target), 80),
        "version": cut(printable(who.version or ""), 30),
        "target": target,
        "role": account.settings.role,
        "path": printable(run.path),
        "when": utc(moment),
        "age": "today" if days == 0 else "1 day old" if days == 1 else f"{days} days old",
        "dialect": in_one_line(recognise(run.record, account)).partition(";")[0],
        "stages": [
            (each.stage, each.word, STAGE_MARKS[each.word][0])
            for each in account.stages
            if each.word != "not_asked"
        ],
        "lead": _lead(account),
        "counts": _counts(account),
    }


def _lead(account: Account) -> str:
    if account.failures:
        verdict = account.failures[0].verdict
        row = catalogue().get(verdict.id)
        return f"mend first: {verdict.id} {one_line(verdict.message) if row is None else row.text}"
    spans = first_line(account)
    return "".join(each if isinstance(each, str) else each[0] for each in spans)


def _counts(account: Account) -> str:
    failed = [each for failure in account.failures for each in failure.verdicts]
    broken = sum(each.level == "MUST" for each in failed)
    told = {
        "MUSTs broken": broken,
        "SHOULDs not kept": len(account.warnings) + len(failed) - broken,
        "rows not observed": sum(each.verdict == "not_observed" for each in account.asked),
        "rows in all": len(account.asked) + account.unjudged,
    }
    return ", ".join(f"{count} {name}" for name, count in told.items())


def _write(runs: Sequence[Run], today: float) -> Files:
    return {"board.html": board(runs, today).encode("utf-8")}


FORMAT: Final = Format("board", "many runs on one HTML page", "board.html", _write, many=True)
