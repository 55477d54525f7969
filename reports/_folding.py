"""One cause, one finding: refusals that are missing because nobody looks at the token at all.

A droplet that lets in whoever shows no token lets in whoever shows a forged one. Each such row is
broken in the record; a reader wants the one cause. What follows from what is read from the evidence
alone: what was shown to an endpoint, that it was let in, and that nothing like it was refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Final

from udckit.conformance import Exchange, RunRecord, Verdict
from udckit.conformance.forge import recipes
from udckit.conformance.redaction import PLACEHOLDER

__all__ = ["folded"]

_SUCCESS: Final = range(200, 300)
_NOT_LET_IN: Final = frozenset({401, 403})
_REFUSAL: Final = re.compile(r"\b401\b")
_BEARER: Final = re.compile(r"bearer (\S+)", re.IGNORECASE)


class _Shown(Enum):
    """What a request showed in its Authorization header."""

    NOTHING = "no header, or an empty one"
    GARBAGE = "a bearer of what is no token"
    FOREIGN = "a bearer of a token that the Registry's key did not sign"
    SIGNED = "a bearer of a token that it signed"
    ODD = "anything else: another scheme, no scheme, more than one header"


_BEARERS: Final = frozenset({_Shown.GARBAGE, _Shown.FOREIGN, _Shown.SIGNED})
_REACH: Final[Mapping[_Shown, frozenset[_Shown]]] = {
    _Shown.NOTHING: frozenset(_Shown),
    _Shown.GARBAGE: _BEARERS | {_Shown.ODD},
    _Shown.FOREIGN: frozenset({_Shown.FOREIGN}),
}
"""What is let in for the same reason where that is let in, the widest gap first."""

Endpoint = tuple[str, str, str]


def folded(record: RunRecord, failed: Sequence[Verdict]) -> Mapping[str, tuple[Verdict, ...]]:
    """Give each row that shows a gap with the rows of `failed` that follow from it, by its id.

    `failed` are in the order in which a reader would mend them. A row is in no more than one fold,
    and no row that folds others is folded itself.
    """
    let_in = [each for each in failed if _is_unmet(record, each)]
    refused = _refused(record)
    folds: dict[str, tuple[Verdict, ...]] = {}
    taken: set[str] = set()
    for gap in _REACH:
        for root in _roots(record, gap, let_in):
            if root.id in taken:
                continue
            follows = tuple(
                each
                for each in let_in
                if each.id not in taken | {root.id} and _follows(record, each, root, refused)
            )
            if follows:
                folds[root.id] = follows
                taken |= {root.id, *(each.id for each in follows)}
    return folds


def _is_unmet(record: RunRecord, verdict: Verdict) -> bool:
    """Whether a row is broken because somebody was answered otherwise than with a 401."""
    exchange = record.exchanges.get(verdict.culprit or 0)
    if exchange is None or exchange.answer is None:
        return False
    return verdict.expected is not None and bool(_REFUSAL.search(verdict.expected))


def _roots(record: RunRecord, gap: _Shown, let_in: Iterable[Verdict]) -> list[Verdict]:
    """Give the MUSTs that show a gap, first those whose very promise it is that it be shut."""
    found = [
        each
        for each in let_in
        if each.level == "MUST" and _shown(record, record.exchanges[each.culprit or 0]) is gap
    ]
    return sorted(found, key=lambda each: not _is_its_own(each))


def _is_its_own(verdict: Verdict) -> bool:
    recipe = recipes().get(verdict.recipe or "")
    return recipe is not None and recipe.ids[0] == verdict.id


def _follows(
    record: RunRecord, row: Verdict, root: Verdict, refused: Mapping[Endpoint, frozenset[_Shown]]
) -> bool:
    """Whether what a row was let in with is let in because of what the root shows.

    Where nothing at all was shown, and both were answered alike, they are one promise, at whatever
    endpoint. Beyond that both were let in at one endpoint, which refused nothing that a check of
    tokens would have refused.
    """
    here, there = (record.exchanges[each.culprit or 0] for each in (row, root))
    shown, gap = _shown(record, here), _shown(record, there)
    if shown is gap is _Shown.NOTHING:
        return _status(here) == _status(there)
    if not {_status(here), _status(there)} <= {*_SUCCESS} or _endpoint(here) != _endpoint(there):
        return False
    met = refused.get(_endpoint(there), frozenset())
    return shown in _REACH[gap] - met and not met & _REACH[gap] & _BEARERS


def _refused(record: RunRecord) -> Mapping[Endpoint, frozenset[_Shown]]:
    """Give what each endpoint answered 401 or 403 to."""
    found: dict[Endpoint, frozenset[_Shown]] = {}
    for each in record.exchanges.values():
        if each.answer is not None and each.answer.status in _NOT_LET_IN:
            at = _endpoint(each)
            found[at] = found.get(at, frozenset()) | {_shown(record, each)}
    return found


def _status(exchange: Exchange) -> int | None:
    return None if exchange.answer is None else exchange.answer.status


def _endpoint(exchange: Exchange) -> Endpoint:
    request = exchange.request
    return exchange.base, request.method, request.target.partition("?")[0]


def _shown(record: RunRecord, exchange: Exchange) -> _Shown:
    """Say what a request showed, as far as its Authorization header goes."""
    headers = exchange.request.headers
    values = [value for name, value in headers if name.lower() == "authorization"]
    if not "".join(values).strip():
        return _Shown.NOTHING
    bearer = _BEARER.fullmatch(values[0]) if len(values) == 1 else None
    if bearer is None:
        return _Shown.ODD
    ref = PLACEHOLDER.fullmatch(bearer.group(1))
    if ref is None:
        return _Shown.ODD if PLACEHOLDER.search(bearer.group(1)) else _Shown.GARBAGE
    facts = record.tokens.get(ref.group(1), {})
    return _Shown.SIGNED if facts.get("signed_by") == "authority" else _Shown.FOREIGN
