"""Requirements as pytest items, and verdicts as pytest reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import pytest

from udckit.conformance import RunRecord, Verdict
from udckit.reports import message, one_line
from udckit.specs import Requirement, requirement

__all__ = ["Contract", "RequirementItem", "reports_of"]

NAME: Final = "udc"

Phase = Literal["setup", "call", "teardown"]
Result = Literal["passed", "failed", "skipped"]


class RequirementItem(pytest.Item):
    """One requirement. The engine judges it; pytest is told."""

    def __init__(self, *, row: Requirement, **more: Any) -> None:
        super().__init__(**more)
        self.row = row
        self.extra_keyword_matches.update((row.level, row.stage))

    def runtest(self) -> None:
        raise RuntimeError("the engine judges requirements, before any item is told of")

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.row.id} {self.row.level}"


class Contract(pytest.Collector):
    """The rows that were asked for, in the catalogue's order."""

    def __init__(self, *, ids: list[str], **more: Any) -> None:
        super().__init__(**more)
        self._ids = ids

    @classmethod
    def of(cls, session: pytest.Session, ids: list[str]) -> Contract:
        """Make the one collector of a certification."""
        contract: Contract = cls.from_parent(
            session, name=NAME, nodeid=NAME, path=session.path / NAME, ids=ids
        )
        return contract

    def collect(self) -> Iterator[pytest.Item]:
        for each in self._ids:
            yield RequirementItem.from_parent(self, name=each, row=requirement(each))


def reports_of(
    item: RequirementItem, verdict: Verdict | None, record: RunRecord
) -> Iterator[pytest.TestReport]:
    """Tell a verdict as pytest tells a test: set up, called, torn down."""
    said = _Said(item, verdict)
    if verdict is None:
        yield said.report("setup", "failed", "the run ended before this row was judged")
    elif verdict.verdict == "error":
        told = f"the kit itself failed, which blames nobody else: {one_line(verdict.message)}"
        yield said.report("setup", "failed", told)
    else:
        yield said.report("setup", "passed")
        yield _call(said, verdict, record)
    yield said.report("teardown", "passed")


def _call(said: _Said, verdict: Verdict, record: RunRecord) -> pytest.TestReport:
    if verdict.verdict == "pass":
        return said.report("call", "passed")
    if verdict.verdict == "fail":
        told = message(record, verdict)
        if verdict.level == "MUST":
            return said.report("call", "failed", told)
        return said.report("call", "passed", sections=[(f"warning: {verdict.level}", told)])
    waits = f" (waits for {verdict.blocked_by})" if verdict.blocked_by else ""
    word = verdict.verdict.replace("_", " ")
    reason = f"{word}: {one_line(verdict.message)}{waits}"
    return said.report("call", "skipped", (str(said.item.path), None, reason))


class _Said:
    """What all reports of one item have in common."""

    def __init__(self, item: RequirementItem, verdict: Verdict | None) -> None:
        self.item = item
        facts = {
            "udc_id": item.row.id,
            "udc_level": item.row.level,
            "udc_stage": item.row.stage,
            "udc_verdict": "not judged" if verdict is None else verdict.verdict,
            "udc_subjects": 0 if verdict is None else verdict.subjects,
        }
        self.properties: list[tuple[str, object]] = list(facts.items())
        if verdict is not None and verdict.blocked_by is not None:
            self.properties.append(("udc_blocked_by", verdict.blocked_by))

    def report(
        self,
        when: Phase,
        outcome: Result,
        longrepr: str | tuple[str, int | None, str] | None = None,
        sections: list[tuple[str, str]] | None = None,
    ) -> pytest.TestReport:
        return pytest.TestReport(
            nodeid=self.item.nodeid,
            location=self.item.location,
            keywords={self.item.name: 1},
            outcome=outcome,
            longrepr=longrepr,  # type: ignore[arg-type]  # pytest reads a missing line number too
            when=when,
            sections=sections or [],
            user_properties=self.properties,
        )
