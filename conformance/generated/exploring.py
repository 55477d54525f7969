"""The exploring lane: random, seeded, shrinking; what it finds is kept, and sent again."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from udckit.conformance.errors import NotObserved
from udckit.conformance.generated.drawn import drawn
from udckit.conformance.generated.evidence import Breach
from udckit.conformance.generated.finding import Finding, Step
from udckit.conformance.generated.known import known
from udckit.conformance.generated.raw import raw
from udckit.conformance.generated.reading import Reading
from udckit.conformance.generated.sending import Cases, Sending
from udckit.conformance.generated.shrinking import shrunk
from udckit.conformance.observation import Observation
from udckit.conformance.probe import Probe
from udckit.conformance.settings import Settings

__all__ = ["KINDS", "Explored", "explore", "sent_again"]

KINDS: Final[Mapping[str, float]] = {
    "values": 3,
    "bytes": 1,
    "draws": 3,
    "engine": 3,
    "machines": 2,
}
"""What is generated in exploring, each with its part of the requests."""


_Generator = Callable[[Sending], Any]


@dataclass(slots=True)
class Explored:
    """What was found, one for each cause, and what it took."""

    findings: list[Finding] = field(default_factory=list)
    requests: int = 0
    why: list[str] = field(default_factory=list)
    """What could not be explored, and why."""

    ended_early: bool = False
    """True after Ctrl-C: what was found so far may be as large as it was found."""


def explore(
    settings: Settings,
    make_probe: Callable[[], Probe],
    *,
    requests: int,
    seconds: float,
    kinds: Collection[str] = tuple(KINDS),
    patience: float = 0.0,
    told: Callable[[Finding], None] | None = None,
) -> Explored:
    """Send so many requests, for so long at most; group what breaks by cause, and shrink it.

    `patience` is how many seconds of the target's clock may pass for walks that take time.
    """
    found: dict[str, Finding] = {}
    explored = Explored()
    ends = time.monotonic() + seconds
    reading = Reading(settings, make_probe().token_of)

    def keep(breach: Breach) -> None:
        finding = Finding.of(breach, reading.exchanges, role=settings.role, seed=settings.seed)
        known = found.get(finding.cause)
        found[finding.cause] = finding if known is None else known.once_more()
        if known is None and told is not None:
            told(finding)

    parts = sum(KINDS[each] for each in kinds)
    for by, generator in _generators(settings, kinds):
        most = int(requests * KINDS[by] / parts)
        sending = Sending(make_probe(), reading, most, ends, keep, patience=patience, peers=True)
        try:
            generator(sending)
        except NotObserved as outcome:
            explored.why.append(f"{by}: {outcome.reason}")
        except KeyboardInterrupt:
            explored.ended_early = True
        explored.requests += sending.sent
        if explored.ended_early:
            break
    explored.findings = list(found.values())
    try:
        for place, one in enumerate(explored.findings if not explored.ended_early else ()):
            explored.findings[place] = _smallest(one, settings, make_probe)
    except KeyboardInterrupt:
        explored.ended_early = True
    return explored


def _generators(settings: Settings, kinds: Collection[str]) -> Iterator[tuple[str, _Generator]]:
    seed = settings.seed
    if "values" in kinds:
        yield "values", lambda sending: _each(sending, known(sending.service))
    if "bytes" in kinds:
        yield "bytes", lambda sending: _each(sending, raw(sending.service))
    if "draws" in kinds:
        yield "draws", lambda sending: sending.run(drawn(sending.service, seed))
    if "engine" in kinds:
        from udckit.conformance.generated import by_schemathesis  # noqa: PLC0415 - slow

        yield "engine", partial(by_schemathesis.run, seed=seed)
    if "machines" in kinds:
        from udckit.conformance.generated import machines  # noqa: PLC0415 - likewise

        yield "machines", partial(machines.run, seed=seed)


def _each(sending: Sending, kinds: Iterable[tuple[float, Cases]]) -> None:
    most = sending.most or 0
    for share, cases in kinds:
        sending.most = sending.sent + int((most - sending.sent) * share)
        sending.run(cases)


def sent_again(finding: Finding, settings: Settings, probe: Probe) -> Finding | None:
    """Send the requests of a finding between twins; give what shows the same row, if anything."""
    reading = Reading(settings)
    sending = Sending(probe, reading, None)
    answers: list[Observation] = []
    try:
        for step in finding.steps:
            answers.append(sending.send(step.ask(answers)))
        sending.settle()
    except NotObserved:
        return None
    for breach in reading.evidence.breaches:
        if finding.rows[0] in breach.rows:
            return Finding.of(breach, reading.exchanges, role=finding.role, seed=finding.seed)
    return None


def _smallest(finding: Finding, settings: Settings, make_probe: Callable[[], Probe]) -> Finding:
    """Make the last request of a finding as small as still shows it."""
    if finding.is_walked:
        return finding
    *before, last = finding.steps
    best = finding

    def shows(step: Step) -> bool:
        nonlocal best
        smaller = replace(finding, steps=(*before, step))
        again = sent_again(smaller, settings, make_probe())
        if again is None or again.cause != finding.cause:
            return False
        best = replace(again, times=finding.times)
        return True

    shrunk(last, shows)
    return best
