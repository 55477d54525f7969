"""Runs the engine against a bent droplet, for a few requirements or for all of stage 1."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from bending.droplet import TOKEN, Droplet
from udckit.conformance import (
    Engine,
    LiveSource,
    Recorder,
    Redactor,
    Settings,
    TokenShelf,
    Verdict,
    dump,
    rejudge,
)
from udckit.specs import catalogue

__all__ = ["SHAPE", "blamed", "broken", "judged", "passes", "unseen"]

SHAPE = (
    *(row.id for row in catalogue().values() if row.stage == "shape" and "droplet" in row.roles),
    "AUTH-001",
)
"""The rows that stage 1 asks of a droplet, and the control that they stand on."""


class Ticking(Protocol):
    """A clock on which one can wait."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


def judged(
    droplet: Droplet,
    *ids: str,
    token: str | None = TOKEN,
    measures: Mapping[str, float] | None = None,
    clock: Ticking | None = None,
    **settings: Any,
) -> Mapping[str, Verdict]:
    """Judge rows, and what they need; the record judged again says the same."""
    clock = clock or droplet.clock
    facts = {"floor": 0.001, **(measures or {})}
    asked = Settings(**{"target": droplet.url, "only": ids, **settings})
    recorder = Recorder()
    source = LiveSource(
        asked,
        recorder,
        Redactor(),
        now=clock.now,
        sleep=clock.sleep,
        measures={name: partial(float, value) for name, value in facts.items()},
    )
    shelf = TokenShelf(token, "" if token else "no authority: give the kit one")
    with contextlib.closing(source), contextlib.closing(recorder):
        verdicts = Engine(asked, source, shelf, recorder).run().verdicts
        again = rejudge(recorder.record())
    for each in ids:
        assert dump(again[each].as_json()) == dump(verdicts[each].as_json())
    return verdicts


def passes(droplet: Droplet, *ids: str, **how: Any) -> None:
    """Each of these rows passes, with at least one subject."""
    verdicts = judged(droplet, *ids, **how)
    for each in ids:
        assert verdicts[each].verdict == "pass", verdicts[each]
        assert verdicts[each].subjects > 0


def broken(droplet: Droplet, name: str, **how: Any) -> Verdict:
    """The row fails, and its verdict says what was expected and what came."""
    verdict = judged(droplet, name, **how)[name]
    assert verdict.verdict == "fail", verdict
    assert verdict.expected
    assert verdict.observed
    assert verdict.culprit is not None
    return verdict


def unseen(droplet: Droplet, name: str, **how: Any) -> Verdict:
    """The row is not observed, and its verdict says why."""
    verdict = judged(droplet, name, **how)[name]
    assert verdict.verdict == "not_observed", verdict
    assert verdict.message
    return verdict


def blamed(droplet: Droplet, **how: Any) -> set[str]:
    """Give the rows of stage 1 that say `fail` about a droplet."""
    verdicts = judged(droplet, *SHAPE, **how)
    assert not [each for each in verdicts.values() if each.verdict == "error"]
    return {name for name in SHAPE if verdicts[name].verdict == "fail"}
