"""The lane: which generators run under an effort, and what the record keeps of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from udckit.conformance.errors import NotObserved
from udckit.conformance.generated.effort import Effort, budget_of
from udckit.conformance.generated.evidence import Evidence
from udckit.conformance.generated.known import known
from udckit.conformance.generated.raw import raw
from udckit.conformance.generated.reading import Reading
from udckit.conformance.generated.sending import Cases, Sending
from udckit.conformance.heard import Heard
from udckit.conformance.probe import Probe
from udckit.conformance.record import Recorder, RunRecord
from udckit.conformance.settings import Settings
from udckit.conformance.source import ReplaySource

__all__ = ["bears_on", "from_record", "generate"]

_UDC: Final = (
    *("UDC-MSG-002", "UDC-MSG-006", "UDC-MSG-008", "UDC-MSG-013", "UDC-ALL-007"),
    *("ERR-001", "ERR-004", "SEC-001"),
)
_ROWS: Final[Mapping[str, tuple[str, ...]]] = {
    "droplet": _UDC,
    "registry": (
        *_UDC,
        *("REG-REGISTER-001", "REG-REGISTER-003", "REG-REGISTER-006", "REG-REGISTER-008"),
        *("REG-REGISTER-010", "REG-SVC-001", "REG-SVC-002", "REG-SVC-004"),
    ),
    "orchestrator": (
        *_UDC,
        *("ORCH-HB-001", "ORCH-HB-006", "ORCH-TASK-001", "ORCH-TASK-003", "ORCH-TASK-005"),
        *("ORCH-TASK-006", "ORCH-TASK-012", "ORCH-TASK-013"),
    ),
}

_WALKED: Final[Mapping[str, tuple[str, ...]]] = {
    "droplet": ("AUTH-009", "UDC-MSG-010", "UDC-MSG-012"),
    "registry": ("AUTH-009",),
    "orchestrator": ("AUTH-009", "ORCH-TASK-007", "ORCH-TASK-008", "ORCH-TASK-009"),
}
"""What only state machines come upon."""

_KIND: Final = "generated"
_COMPANY: Final = "integration"
"""The stage that has peers of the kit's registered, and listening."""

Generator = Callable[[Sending], dict[str, Any] | None]
"""Sends its cases; may say something of itself for the record."""


def bears_on(role: str, effort: Effort = "quick") -> frozenset[str]:
    """Name the rows that the generated cases of an effort bear on."""
    walked = _WALKED[role] if budget_of(effort).machines else ()
    return frozenset((*_ROWS[role], *walked))


def generate(settings: Settings, make_probe: Callable[[], Probe], recorder: Recorder) -> Evidence:
    """Send what the effort allows, and give what it came to; Ctrl-C is not caught here."""
    reading = Reading(settings, make_probe().token_of)
    seconds = budget_of(settings.effort).seconds * (1 if settings.rate is None else 2)
    ends = time.monotonic() + seconds
    for by, most, generator in _generators(settings):
        probe = make_probe()
        probe.source.begin(f"{_KIND} {by}")
        line: dict[str, Any] = {"kind": _KIND, "by": by}
        sending = Sending(probe, reading, most, ends, peers=_COMPANY in settings.stages)
        try:
            line["said"] = generator(sending)
        except NotObserved as outcome:
            line["why"] = outcome.reason
        except Exception as fault:  # noqa: BLE001 - a generator that breaks is the kit's own fault
            line["trouble"] = f"generating {by}: {type(fault).__name__}: {fault}"
        if sending.followed:
            line["followed"] = [list(each) for each in sending.followed]
        recorder.write({**line, "exchanges": list(probe.source.asked)})
        reading.evidence.trouble = reading.evidence.trouble or line.get("trouble")
    return reading.evidence


def _generators(settings: Settings) -> Iterator[tuple[str, int, Generator]]:
    """Name the generators of an effort, each with its budget; the first need no library."""
    budget = budget_of(settings.effort, settings.rate)
    yield "values", budget.values, lambda sending: _run(sending, known(sending.service))
    yield "bytes", budget.raw, lambda sending: _run(sending, raw(sending.service))
    if budget.rounds:
        from udckit.conformance.generated.drawn import drawn  # noqa: PLC0415 - not in a quick run

        seed = settings.seed
        yield "draws", budget.rounds, lambda sending: sending.run(drawn(sending.service, seed))
    if budget.engine:
        from udckit.conformance.generated import by_schemathesis  # noqa: PLC0415 - likewise

        yield "engine", budget.engine, partial(by_schemathesis.run, seed=settings.seed)
    if budget.machines:
        from udckit.conformance.generated import machines  # noqa: PLC0415 - likewise

        yield "machines", budget.machines, partial(machines.run, seed=settings.seed)


def _run(sending: Sending, kinds: Iterable[tuple[float, Cases]]) -> None:
    """Run generators in turn; each has its share of the budget that is left when its turn comes."""
    refused: NotObserved | None = None
    most = sending.most or 0
    for share, cases in kinds:
        sending.most = sending.sent + int((most - sending.sent) * share)
        try:
            sending.run(cases)
        except NotObserved as outcome:
            refused = outcome
    if refused is not None:
        raise refused


def from_record(record: RunRecord, settings: Settings) -> Evidence:
    """Come to the same evidence from the exchanges that a record holds."""
    reading = Reading(settings, ReplaySource(record).token)
    calls = {each["n"]: each for each in record.lines("journal") if "fake" in each}
    lines = list(record.lines(_KIND))
    for line in lines:
        for number in line["exchanges"]:
            reading.read(record.exchanges[number])
        for what, number in line.get("followed", ()):
            if what == "heard":
                reading.hear(Heard.from_json(calls[number]))
            else:
                reading.waited(number)
    reading.evidence.trouble = next((t for line in lines if (t := line.get("trouble"))), None)
    return reading.evidence
