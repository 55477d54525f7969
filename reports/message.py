"""A failure as it is printed: the promise, then expected, observed, replay and fix.

Where a token was forged for it, its recipe and what an attacker gains stand before the replay.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from udckit.conformance import Exchange, RunRecord, Verdict, curl
from udckit.conformance.forge import Recipe, recipes
from udckit.conformance.observation import Observation, Tally
from udckit.conformance.redaction import PLACEHOLDER
from udckit.reports._printable import cut, one_line, printable
from udckit.reports._remedy import code_for
from udckit.specs import catalogue

__all__ = [
    "LABEL_WIDTH",
    "attack_lines",
    "failure_lines",
    "headline",
    "listed",
    "message",
    "mint_hint",
    "replay_of",
    "replayed",
    "told_count",
    "told_follows",
]

LABEL_WIDTH: Final = 10
"""Columns of the labels, the blank behind them included."""

_LONGEST: Final = 600
"""Characters of a token's header and claims that are shown."""

_TOKEN: Final = "$UDCKIT_TOKEN"  # noqa: S105 - the name of a variable

_MINTED: Final = "UDCKIT_TOKEN=$("
"""How a command begins that mints its own."""

_MINT: Final = {
    "kit": "export UDCKIT_TOKEN=$(udckit fakes token)"
    "   # with the droplet started by hand against `udckit fakes up`",
    "fakes": "export UDCKIT_TOKEN=$(udckit fakes token)",
    "token": "export UDCKIT_TOKEN=…   # the token that you gave with --token",
    "registry": "export UDCKIT_TOKEN=…   # a token of the Registry that you gave with --registry",
}


def message(record: RunRecord, verdict: Verdict) -> str:
    """Give the lines of a failure as plain text, then code that mends it where there is some."""
    lines = (f"{label:<{LABEL_WIDTH}}{text}" for label, text in failure_lines(record, verdict))
    code = code_for(verdict.id)
    return "\n".join((headline(verdict), *lines, *(("", code) if code is not None else ())))


def headline(verdict: Verdict) -> str:
    """Give the promise with its id and level, such as `UDC-HEALTH-002 MUST  …`."""
    row = catalogue().get(verdict.id)
    text = one_line(verdict.message) if row is None else row.text
    return f"{verdict.id} {verdict.level}  {text}"


def failure_lines(record: RunRecord, verdict: Verdict) -> Iterable[tuple[str, str]]:
    """Give expected, observed, replay and fix, each with its label; an attack's own before."""
    yield "expected", printable(verdict.expected or verdict.message)
    yield "observed", one_line(verdict.observed or "nothing that could be judged")
    yield from attack_lines(record, verdict)
    yield "replay", replayed(record, verdict) or "nothing was sent for it"
    row = catalogue().get(verdict.id)
    if row is not None:
        yield "fix", row.fix


def attack_lines(record: RunRecord, verdict: Verdict) -> Iterable[tuple[str, str]]:
    """Give recipe, header and claims of the token that was forged, and what its maker gains."""
    recipe = _recipe_of(verdict)
    if recipe is None:
        return
    yield "recipe", printable(recipe.in_words)
    facts = _forged(record, verdict)
    if facts is not None:
        header, claims = (json.dumps(facts[part]) for part in ("header", "claims"))
        yield "token", cut(f"{printable(header)} . {printable(claims)}", _LONGEST)
    if recipe.gain:
        yield "gain", recipe.gain


def told_follows(rows: Sequence[Verdict], *, most: int | None = None) -> str:
    """Say which rows are broken because of another, such as `and 2 rows that follow from it: …`."""
    return f"{told_count(rows)}: {listed([each.id for each in rows], most=most)}"


def told_count(rows: Sequence[Verdict]) -> str:
    """Say how many rows are broken because of another."""
    many = "1 row that follows" if len(rows) == 1 else f"{len(rows)} rows that follow"
    return f"and {many} from it"


def listed(ids: Sequence[str], *, most: int | None = None) -> str:
    """Name rows; where that is given, only the first so many."""
    shown = ids[:most]
    rest = len(ids) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def _forged(record: RunRecord, verdict: Verdict) -> Mapping[str, Any] | None:
    """Give what is known of the token that a request carried, wherever that stood."""
    exchange = record.exchanges.get(verdict.culprit or 0)
    if exchange is None:
        return None
    request = exchange.request
    parts = (*(value for _, value in request.headers), request.target, request.body or "")
    refs = (found.group(1) for part in parts for found in PLACEHOLDER.finditer(part))
    lines = (record.tokens[ref] for ref in refs if ref in record.tokens)
    return next((line for line in lines if isinstance(line["header"], dict)), None)


def _recipe_of(verdict: Verdict) -> Recipe | None:
    return None if verdict.recipe is None else recipes().get(verdict.recipe)


def replayed(record: RunRecord, verdict: Verdict) -> str | None:
    """Give the command that sends the request again; None where nothing was sent."""
    exchange = replay_of(record, verdict)
    if exchange is None:
        return None
    recipe = _recipe_of(verdict) if exchange.number == verdict.culprit else None
    return printable(curl(exchange, recipe, service_name=_name_of_target(record)))


def _name_of_target(record: RunRecord) -> str | None:
    """Give the name that the target says it has: one recipe makes a secret of it."""
    for exchange in record.exchanges.values():
        if exchange.request.target == "/capabilities" and exchange.answer is not None:
            name = Observation(exchange, Tally()).member("service_name")
            if isinstance(name, str):
                return name
    return None


def replay_of(record: RunRecord, verdict: Verdict) -> Exchange | None:
    """Give the exchange that broke the promise, else the last one that was judged for it."""
    numbers = (verdict.culprit, *reversed(verdict.exchanges))
    return next((record.exchanges[n] for n in numbers if n in record.exchanges), None)


def mint_hint(record: RunRecord, verdicts: Iterable[Verdict]) -> str | None:
    """Say how to mint the token that the replays read; None where none of them needs one."""
    commands = (replayed(record, each) or "" for each in verdicts)
    if not any(_TOKEN in each and _MINTED not in each for each in commands):
        return None
    return _MINT.get(str(record.header.get("authority")), _MINT["fakes"])
