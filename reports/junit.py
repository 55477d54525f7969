"""JUnit XML: a suite for each stage, a case for each row, the requirement ids as properties.

Valid for the schema that Jenkins holds reports against (junit-10.xsd), which knows properties of a
suite only: so a suite tells of every row what it came to. A SHOULD that is not kept passes and says
so. Rows that were not judged are skipped, and because a suite of skipped cases looks green, the
last case of each suite is the stage itself: it passes where the stage is certified, and never else.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Final

from udckit.conformance import StageResult, Verdict
from udckit.reports._account import Account, account_of
from udckit.reports._cases import asked_rows, by_stage, family, owned_seconds, why
from udckit.reports._format import Format, Run, of_one
from udckit.reports._printable import one_line, printable
from udckit.reports._remedy import code_for
from udckit.reports._seen import ended, utc
from udckit.reports.message import failure_lines, headline

__all__ = ["FORMAT", "junit"]

_MILLI: Final = 3


def junit(run: Run) -> str:
    """Write a run as JUnit XML."""
    account = account_of(run.record)
    root = ET.Element("testsuites", name="udckit", time=_time(account.seconds))
    seconds = owned_seconds(run.record, asked_rows(account))
    for stage, rows in by_stage(account):
        root.append(_suite(account, stage, rows, seconds))
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _suite(
    account: Account, stage: str, rows: tuple[Verdict, ...], seconds: dict[str, float]
) -> ET.Element:
    suite = ET.Element("testsuite", name=f"udckit.{stage}")
    suite.append(_properties(account, rows))
    for verdict in rows:
        suite.append(_case(account, verdict, seconds[verdict.id]))
    result = next((each for each in account.stages if each.stage == stage), None)
    if result is not None and not account.settings.only:
        suite.append(_stage_case(result))
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("time", _time(sum(seconds[each.id] for each in rows)))
    suite.set("timestamp", utc(float(account.record.header["started"])).removesuffix("Z"))
    return suite


def _properties(account: Account, rows: tuple[Verdict, ...]) -> ET.Element:
    header = account.record.header
    told = {
        "udckit": str(header["kit"]),
        "edition": str(header["edition"]),
        "target": one_line(account.settings.target),
        "role": account.settings.role,
        "reached": account.settings.reached,
        "finished": utc(ended(account.record)),
        **{each.id: _told(each) for each in rows},
    }
    properties = ET.Element("properties")
    for name, value in told.items():
        ET.SubElement(properties, "property", name=name, value=value)
    return properties


def _told(verdict: Verdict) -> str:
    waits = f", waits for {verdict.blocked_by}" if verdict.blocked_by else ""
    return f"{verdict.level} {verdict.verdict}, {verdict.subjects} judged{waits}"


def _case(account: Account, verdict: Verdict, seconds: float) -> ET.Element:
    case = ET.Element(
        "testcase",
        name=headline(verdict),
        classname=f"udckit.{verdict.stage}.{family(verdict.id)}",
        time=_time(seconds),
    )
    because = why(verdict)
    match verdict.verdict:
        case "fail" if verdict.level == "MUST":
            ET.SubElement(case, "failure", type="MUST", message=because).text = _lines(
                account, verdict
            )
        case "fail":
            told = f"a {verdict.level} that is not kept\n{_lines(account, verdict)}"
            ET.SubElement(case, "system-out").text = told
        case "error":
            fault = ET.SubElement(case, "error", type="kit", message=because)
            fault.text = "The kit's own fault, none of the target's: please report it."
        case "not_observed" | "not_applicable":
            told = f"{verdict.verdict.replace('_', ' ')}: {because}"
            ET.SubElement(case, "skipped", message=told)
    return case


def _stage_case(result: StageResult) -> ET.Element:
    case = ET.Element(
        "testcase", name=f"stage {result.stage} is certified", classname=f"udckit.{result.stage}"
    )
    if result.word == "failed":
        told = f"{len(result.failed)} MUST broken: {', '.join(result.failed)}"
        ET.SubElement(case, "failure", type="stage", message=told)
    elif result.word == "incomplete":
        needed = ", ".join(result.missing) or "the run did not reach its end"
        ET.SubElement(case, "error", type="incomplete", message=f"not observed: {needed}")
    elif result.word == "not_asked":
        ET.SubElement(case, "skipped", message="not asked for")
    return case


def _lines(account: Account, verdict: Verdict) -> str:
    lines = failure_lines(account.record, verdict)
    told = "\n".join(f"{label}: {printable(text)}" for label, text in lines)
    code = code_for(verdict.id)
    return told if code is None else f"{told}\n\n{code}"


def _time(seconds: float) -> str:
    return f"{seconds:.{_MILLI}f}"


FORMAT: Final = Format(
    "junit", "JUnit XML, for CI servers", "junit.xml", of_one("junit.xml", junit)
)
