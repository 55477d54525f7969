"""The rows that a run was asked for, each with a verdict, for formats that list them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from udckit.conformance import STAGES, Exchange, RunRecord, Verdict, wanted_rows
from udckit.reports._account import Account
from udckit.reports._printable import one_line
from udckit.specs import catalogue

__all__ = ["asked_rows", "by_stage", "exchanges_of", "family", "owned_seconds", "why"]

_NEVER: Final = "the run was ended before it was judged"


def asked_rows(account: Account) -> tuple[Verdict, ...]:
    """Give a verdict for every row that was asked for; what a cut run left open is not observed."""
    verdicts = account.record.verdicts
    rows = catalogue()
    return tuple(
        verdicts.get(each)
        or Verdict(each, rows[each].level, rows[each].stage, "not_observed", message=_NEVER)
        for each in wanted_rows(account.settings)
    )


def by_stage(account: Account) -> Iterator[tuple[str, tuple[Verdict, ...]]]:
    """Give the rows that were asked for by stage, stages without any left out."""
    rows = asked_rows(account)
    for stage in (*STAGES, "none"):
        members = tuple(each for each in rows if each.stage == stage)
        if members:
            yield stage, members


def exchanges_of(record: RunRecord, verdict: Verdict) -> tuple[Exchange, ...]:
    """Give what was sent for a verdict, each exchange once and in order."""
    numbers = dict.fromkeys(verdict.exchanges)
    if verdict.culprit is not None:
        numbers.setdefault(verdict.culprit)
    return tuple(record.exchanges[n] for n in numbers if n in record.exchanges)


def owned_seconds(record: RunRecord, rows: tuple[Verdict, ...]) -> dict[str, float]:
    """Reckon how long each row took; a shared exchange counts for the row that asked first."""
    taken: set[int] = set()
    seconds: dict[str, float] = {}
    for verdict in rows:
        own = [each for each in exchanges_of(record, verdict) if each.number not in taken]
        taken.update(each.number for each in own)
        seconds[verdict.id] = sum(each.seconds for each in own)
    return seconds


def family(requirement_id: str) -> str:
    """Give the family of an id, such as UDC-HEALTH."""
    return requirement_id.rpartition("-")[0]


def why(verdict: Verdict) -> str:
    """Say in one line why a row is no pass; empty where it is one."""
    if verdict.verdict == "fail" and verdict.expected is not None:
        expected, observed = one_line(verdict.expected), one_line(verdict.observed or "nothing")
        return f"expected {expected}; observed {observed}"
    waits = f" (waits for {verdict.blocked_by})" if verdict.blocked_by else ""
    return one_line(verdict.message) + waits
