"""The engine: runs the checks that were asked for against one target, and writes the record."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from udckit import __version__
from udckit.conformance._capabilities import CAPABILITIES
from udckit.conformance.check import Check, all_checks
from udckit.conformance.ending import wanted_rows
from udckit.conformance.errors import NotObserved, Outcome
from udckit.conformance.forge import Forge
from udckit.conformance.gates import StageResult, stage_results
from udckit.conformance.generated.evidence import Evidence
from udckit.conformance.judge import judge, with_order
from udckit.conformance.observation import Tally
from udckit.conformance.probe import Probe, TokenShelf
from udckit.conformance.record import FORMAT, Recorder, RunRecord
from udckit.conformance.ruling import rule
from udckit.conformance.scenario import subjects_of
from udckit.conformance.settings import Settings
from udckit.conformance.sofar import VerdictsSoFar
from udckit.conformance.source import ReplaySource, Source
from udckit.conformance.standing import Standing
from udckit.conformance.verdict import Verdict
from udckit.specs import Requirement, catalogue, digests, edition

__all__ = ["Engine", "Outcomes", "rejudge"]


_PLAYED: Final = frozenset({"recording", "recordings"})
_TAKEN_AWAY: Final = frozenset({"database", "redis", "database-or-redis", "external-apis"})
_GENERATED: Final = 10
"""The order of checks before which cases are generated: the bursts and the leaks come after."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What a run came to."""

    verdicts: Mapping[str, Verdict]
    stages: tuple[StageResult, ...]
    exit_code: int
    requests_sent: int
    seconds: float


@dataclass(slots=True)
class Engine:
    """Judges one target. Everything that it learns goes through the recorder."""

    settings: Settings
    source: Source
    tokens: TokenShelf
    recorder: Recorder
    authority: str | None = None
    subjects: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)
    scenarios_take: float = 0.0
    """Seconds that scenarios should take on this machine; a reader is told before."""
    now: Callable[[], float] = time.time
    first: Callable[[], None] = lambda: None
    """What is done when the header is written, before anything is asked of the target."""
    replayed: RunRecord | None = None
    """The record that is judged again; None: the target itself is asked."""
    _evidence: Evidence | None = None
    _verdicts: dict[str, Verdict] = field(default_factory=dict)
    _capabilities: dict[str, bool | None] = field(default_factory=dict)
    _standing: Standing = field(default_factory=Standing)

    def run(self) -> Outcomes:
        """Write the header, judge every row, write the footer; Ctrl-C leaves a readable record."""
        started = time.monotonic()
        self.recorder.write(self._header())
        interrupted = True
        try:
            self.first()
            for verdict in self.judge_all():
                self.recorder.write(verdict.as_json())
            interrupted = False
        finally:
            stages = self._stages()
            today = datetime.fromtimestamp(self.now(), UTC).date()
            ruling = rule(self._verdicts, stages, self.settings, today, interrupted=interrupted)
            outcomes = Outcomes(
                verdicts=self._verdicts,
                stages=stages,
                exit_code=ruling.exit_code,
                requests_sent=getattr(self.source, "sent", 0),
                seconds=round(time.monotonic() - started, 3),
            )
            self.recorder.write(_footer(outcomes, self.now(), interrupted=interrupted))
        return outcomes

    def judge_all(self) -> Iterator[Verdict]:
        """Judge the rows that were asked for, then account for every other row of the catalogue."""
        self._look_for_capabilities()
        checks = all_checks()
        asked = wanted_rows(self.settings)
        waiting = self._bears_on(asked)
        held: list[str] = []
        try:
            for order, row in with_order(asked, checks, self.settings.role):
                if waiting and order >= _GENERATED:
                    waiting = frozenset()
                    yield from self._generated(held)
                verdict = self._keep(self._judge(row, checks.get(row.id)))
                if row.id in waiting:
                    held.append(row.id)
                else:
                    yield self._joined(verdict)
            yield from self._generated(held) if waiting else ()
        except KeyboardInterrupt:
            yield from (self._verdicts[each] for each in held)
            raise
        for row in catalogue().values():
            if row.excluded is None and row.id not in self._verdicts:
                yield self._keep(self._unasked(row))

    def _bears_on(self, asked: Iterable[str]) -> frozenset[str]:
        """Name the rows that wait for generated cases; none where nothing is to be generated."""
        if self.settings.effort == "none":
            return frozenset()
        from udckit.conformance.generated import lane  # noqa: PLC0415 - only where it is used

        rows = lane.bears_on(self.settings.role, self.settings.effort)
        return rows if rows.intersection(asked) else frozenset()

    def _generated(self, held: list[str]) -> Iterator[Verdict]:
        """Generate, or read what was generated then; give the verdicts that waited for it."""
        from udckit.conformance.generated import lane  # noqa: PLC0415 - only where it is used

        self._evidence = (
            lane.generate(self.settings, self._probe, self.recorder)
            if self.replayed is None
            else lane.from_record(self.replayed, self.settings)
        )
        for each in held:
            yield self._joined(self._verdicts[each])
        held.clear()

    def _joined(self, verdict: Verdict) -> Verdict:
        return verdict if self._evidence is None else self._keep(self._evidence.joined(verdict))

    def _judge(self, row: Requirement, check: Check | None) -> Verdict:
        self.source.begin(row.id)
        wants = check.wants if check is not None else "service"
        if wants == "service":
            subject: Any = self._probe()
        elif wants == "verdicts":
            subject = VerdictsSoFar(self._verdicts, self.settings.role, self._applies)
        elif wants in _PLAYED and (absent := self._absent(row)) is not None:
            return Verdict(row.id, row.level, row.stage, "not_applicable", message=absent)
        elif wants in self.subjects:
            subject = self.subjects[wants](row.id)
        else:
            reason = (
                f"it is judged by a {wants}, which this way of reaching the target gives none of"
            )
            return Verdict(row.id, row.level, row.stage, "not_observed", message=reason)
        return judge(row, check, subject, self._verdicts, role=self.settings.role)

    def _absent(self, row: Requirement) -> str | None:
        """Say that what a row's outage would take away is neither shown nor declared."""
        capability = row.gate.removeprefix("if-")
        looked = self._capabilities.get(capability, False)
        if capability not in _TAKEN_AWAY or self._applies(capability) or looked is None:
            return None
        return f"it shows no {capability}, and none is declared"

    def _unasked(self, row: Requirement) -> Verdict:
        if self.settings.role not in row.roles:
            reason = f"it does not bind the role {self.settings.role}"
            return Verdict(row.id, row.level, row.stage, "not_applicable", message=reason)
        reason = "not asked for" if self.settings.only else f"stage {row.stage} was not asked for"
        return Verdict(row.id, row.level, row.stage, "not_observed", message=reason)

    def _keep(self, verdict: Verdict) -> Verdict:
        self._verdicts[verdict.id] = verdict
        return verdict

    def _probe(self) -> Probe:
        return Probe(
            self.settings, self.source, self.tokens, self._capabilities, Tally(), self._standing
        )

    def _look_for_capabilities(self) -> None:
        for name, look in CAPABILITIES.items():
            self.source.begin(f"capability {name}")
            try:
                shown: bool | None = look(self._probe())
            except NotObserved:
                shown = None
            except Outcome:
                shown = False
            self._capabilities[name] = shown
            self.recorder.write(
                {
                    "kind": "capability",
                    "name": name,
                    "shown": shown,
                    "exchanges": list(self.source.asked),
                }
            )

    def _stages(self) -> tuple[StageResult, ...]:
        return stage_results(
            self._verdicts,
            role=self.settings.role,
            asked=self.settings.stages,
            applies=self._applies,
            whole=not self.settings.only,
        )

    def _applies(self, capability: str) -> bool:
        return capability in self.settings.has or bool(self._capabilities.get(capability))

    def _header(self) -> dict[str, Any]:
        frozen = edition()
        return {
            "kind": "header",
            "format": FORMAT,
            "kit": __version__,
            "edition": frozen.name,
            "edition_digest": frozen.digest,
            "specs": dict(digests()),
            "started": round(self.now(), 3),
            "settings": self.settings.as_json(),
            "authority": self.authority,
            "token": self.tokens.valid is not None,
            "why_no_token": self.tokens.why_none,
            "forge": sorted(self.tokens.forge.can) if self.tokens.forge is not None else None,
            "scenarios_take": round(self.scenarios_take, 1),
        }


def _footer(outcomes: Outcomes, now: float, *, interrupted: bool) -> dict[str, Any]:
    return {
        "kind": "footer",
        "stages": {each.stage: each.word for each in outcomes.stages},
        "exit_code": outcomes.exit_code,
        "requests_sent": outcomes.requests_sent,
        "seconds": outcomes.seconds,
        "finished": round(now, 3),
        "interrupted": interrupted,
    }


def rejudge(record: RunRecord) -> dict[str, Verdict]:
    """Judge a record again, offline: the same checks over what was seen then."""
    settings = Settings.from_json(record.header["settings"])
    shelf = TokenShelf(
        valid="<token>" if record.header["token"] else None,
        why_none=record.header["why_no_token"],
        forge=Forge.for_record(frozenset(record.header["forge"] or ())),
    )
    engine = Engine(
        settings=settings,
        source=ReplaySource(record),
        tokens=shelf,
        recorder=Recorder(),
        authority=record.header["authority"],
        subjects=subjects_of(record),
        replayed=record,
    )
    with contextlib.closing(engine.recorder):
        return {verdict.id: verdict for verdict in engine.judge_all()}
