"""A failure as it is printed: the promise, then expected, observed, replay and fix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from udckit.conformance import Exchange, RunRecord, Verdict, curl
from udckit.reports._printable import one_line, printable
from udckit.specs import catalogue

__all__ = ["LABEL_WIDTH", "failure_lines", "headline", "message", "mint_hint", "replay_of"]

LABEL_WIDTH: Final = 10
"""Columns of the labels, the blank behind them included."""

_TOKEN: Final = "$UDCKIT_TOKEN"  # noqa: S105 - the name of a variable

_MINT: Final = {
    "kit": "export UDCKIT_TOKEN=$(udckit fakes token)"
    "   # with the droplet started by hand against `udckit fakes up`",
    "fakes": "export UDCKIT_TOKEN=$(udckit fakes token)",
    "token": "export UDCKIT_TOKEN=…   # the token that you gave with --token",
    "registry": "export UDCKIT_TOKEN=…   # a token of the Registry that you gave with --registry",
}


def message(record: RunRecord, verdict: Verdict) -> str:
    """Give the five lines of a failure as plain text."""
    lines = (f"{label:<{LABEL_WIDTH}}{text}" for label, text in failure_lines(record, verdict))
    return "\n".join((headline(verdict), *lines))


def headline(verdict: Verdict) -> str:
    """Give the promise with its id and level, such as `UDC-HEALTH-002 MUST  …`."""
    row = catalogue().get(verdict.id)
    text = one_line(verdict.message) if row is None else row.text
    return f"{verdict.id} {verdict.level}  {text}"


def failure_lines(record: RunRecord, verdict: Verdict) -> Iterable[tuple[str, str]]:
    """Give expected, observed, replay and fix, each with its label."""
    yield "expected", printable(verdict.expected or verdict.message)
    yield "observed", one_line(verdict.observed or "nothing that could be judged")
    exchange = replay_of(record, verdict)
    yield "replay", printable(curl(exchange)) if exchange else "nothing was sent for it"
    row = catalogue().get(verdict.id)
    if row is not None:
        yield "fix", row.fix


def replay_of(record: RunRecord, verdict: Verdict) -> Exchange | None:
    """Give the exchange that broke the promise, else the last one that was judged for it."""
    numbers = (verdict.culprit, *reversed(verdict.exchanges))
    return next((record.exchanges[n] for n in numbers if n in record.exchanges), None)


def mint_hint(record: RunRecord, verdicts: Iterable[Verdict]) -> str | None:
    """Say how to mint the token that the replays read; None where none of them needs one."""
    exchanges = (replay_of(record, each) for each in verdicts)
    if not any(_TOKEN in curl(each) for each in exchanges if each is not None):
        return None
    return _MINT.get(str(record.header.get("authority")), _MINT["fakes"])
