"""What a verification came to, for people and for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from udckit.cli._screen import encoding_of, has_colours, width_of
from udckit.conformance.pacts import Finding, Mismatch, exit_code_of
from udckit.reports import Page, printable
from udckit.specs import catalogue

__all__ = ["tell", "tell_as_json"]

_LABELS: Final = 10
_MARKS: Final = {
    "pass": ("✓", "green"),
    "fail": ("✗", "bold red"),
    "error": ("!", "magenta"),
    "not_observed": ("?", "yellow"),
    "not_applicable": ("-", "dim"),
}
_WORST: Final = ("fail", "error", "not_observed", "pass", "not_applicable")

Breaks = dict[Mismatch, list[Finding]]


def tell(who: str, findings: Sequence[Finding]) -> None:
    """Print what is broken, for whom, under which requirement, and what to change."""
    page = Page(width_of())
    broken = _broken(findings)
    if broken:
        first = next(iter(broken))
        told = f"expected {first.expected}; observed {first.observed}"
        ids = f"{first.requirements[0]}  " if first.requirements else ""
        page.line(("mend first: ", "bold red"), (ids, "bold"), printable(told), hang=2)
    elif exit_code_of(findings) == 0:
        page.line(("every consumer gets what it needs", "bold green"))
    page.line((printable(who), "bold"), ", held to what its consumers need")
    page.blank()
    for consumer in dict.fromkeys(one.consumer for one in findings):
        own = [one for one in findings if one.consumer == consumer]
        word = next(word for word in _WORST if any(one.verdict == word for one in own))
        mark, style = _MARKS[word]
        kept = sum(one.verdict == "pass" for one in own)
        page.line((f"{mark} ", style), f"{printable(consumer)}: {kept} of {len(own)} kept")
    for mismatch, struck in broken.items():
        _tell_broken(page, mismatch, struck)
    rest = [one for one in findings if one.verdict not in {"pass", "fail"}]
    if rest:
        page.blank()
    for one in rest:
        mark, style = _MARKS[one.verdict]
        word = one.verdict.replace("_", " ")
        waits = f" [waits for {one.blocked_by}]" if one.blocked_by else ""
        told = f"{one.consumer}: {one.description}: {word}, {one.reason}{waits}"
        page.line((f"{mark} ", style), printable(told), hang=2)
    text = page.render(colour=has_colours(sys.stdout), encoding=encoding_of(sys.stdout))
    click.echo(text, nl=False, color=True)


def _broken(findings: Sequence[Finding]) -> Breaks:
    """Put together what is the same thing to mend, MUST before the rest."""
    found: Breaks = {}
    for one in findings:
        for mismatch in one.mismatches:
            found.setdefault(mismatch, []).append(one)
    rows = catalogue()

    def soft(mismatch: Mismatch) -> bool:
        return not any(rows[each].level == "MUST" for each in mismatch.requirements)

    return dict(sorted(found.items(), key=lambda each: soft(each[0])))


def _tell_broken(page: Page, mismatch: Mismatch, struck: Sequence[Finding]) -> None:
    page.blank()
    row = catalogue()[mismatch.requirements[0]] if mismatch.requirements else None
    head = f"{row.id} {row.level}  {row.text}" if row else "no requirement speaks of this"
    page.line(("✗ ", "bold red"), (head, "bold"), hang=2)
    lines = [
        ("breaks", "; ".join(f"{one.consumer}: {one.description}" for one in struck)),
        ("expected", mismatch.expected),
        ("observed", mismatch.observed),
    ]
    if struck[0].replay:
        lines.append(("replay", struck[0].replay))
    if row is not None:
        lines.append(("fix", row.fix))
    if more := mismatch.requirements[1:]:
        lines.append(("also", ", ".join(more)))
    asked = dict.fromkeys(told for one in struck for told in one.unpromised)
    lines += [("but", f"the consumer asks for what no contract promises: {each}") for each in asked]
    for label, text in lines:
        write = page.unbroken if label == "replay" else page.labelled
        write((label, "dim"), printable(text), indent=2, width=_LABELS)


def tell_as_json(
    provider: str, url: str | None, findings: Sequence[Finding], code: int, more: Mapping[str, Any]
) -> None:
    """Print one JSON object."""
    facts = {
        "provider": provider,
        "url": url,
        "exit_code": code,
        "findings": [_facts(one) for one in findings],
        **more,
    }
    click.echo(json.dumps(facts, ensure_ascii=True))


def _facts(one: Finding) -> dict[str, Any]:
    return {
        "consumer": one.consumer,
        "interaction": one.description,
        "verdict": one.verdict,
        "reason": one.reason,
        "blocked_by": one.blocked_by,
        "unpromised": list(one.unpromised),
        "replay": one.replay or None,
        "mismatches": [
            {
                "requirements": list(each.requirements),
                "expected": each.expected,
                "observed": each.observed,
                "fix": catalogue()[each.requirements[0]].fix if each.requirements else None,
            }
            for each in one.mismatches
        ],
    }
