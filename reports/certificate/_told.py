"""A certificate as a person reads it: what it says, of what, until when, and what it does not."""

from __future__ import annotations

from typing import Final

from udckit.reports._page import Page
from udckit.reports._printable import one_line
from udckit.reports.certificate._verify import Certificate

__all__ = ["told"]

_LABELS: Final = 18
_MOST: Final = 12


def told(
    certificate: Certificate,
    *,
    width: int = 80,
    colour: bool = False,
    encoding: str | None = "utf-8",
) -> str:
    """Give it as a screen of text."""
    facts = certificate.facts
    page = Page(width)
    stages = ", ".join(certificate.covers)
    page.line(("✓ ", "green"), (f"certified: {stages}", "bold"), f" until {facts['expires']}")
    for number, each in enumerate(certificate.subjects):
        algorithm, digest = each.digest
        seen = "claimed by the signer, not seen" if each.claimed else "seen by the kit"
        label = "of" if number == 0 else ""
        text = f"{one_line(each.name)} ({seen}; {algorithm} {digest[:16]}…)"
        page.labelled((label, "dim"), text, indent=2, width=_LABELS)
    for label, text in (
        ("where", f"{one_line(facts['target'])}, a {facts['role']}, reached: {facts['reached']}"),
        ("when", f"{facts['began']} to {facts['issued']}"),
        ("by", _by(certificate)),
        ("record", f"sha256 {certificate.digest_of('run.jsonl')}"),
        ("key", certificate.key_id),
    ):
        page.labelled((label, "dim"), text, indent=2, width=_LABELS)
    for stage in certificate.covers:
        counts = facts["stages"][stage]["verdicts"]
        listed = ", ".join(f"{n} {word.replace('_', ' ')}" for word, n in counts.items() if n)
        page.labelled((stage, "dim"), listed, indent=2, width=_LABELS)
    for each in facts["shouldsNotMet"]:
        page.labelled(
            ("SHOULD not met", "dim"), f"{each['id']} {each['text']}", indent=2, width=_LABELS
        )
    silent = facts["doesNotSpeakFor"]
    for each in silent[:_MOST]:
        text = f"{each['what']}: {one_line(each['why'])}"
        page.labelled(("does not speak for", "dim"), text, indent=2, width=_LABELS + 1)
    if len(silent) > _MOST:
        page.line(f"and {len(silent) - _MOST} more things that it does not speak for", indent=2)
    return page.render(colour=colour, encoding=encoding)


def _by(certificate: Certificate) -> str:
    resources = {each["name"]: each for each in certificate.statement["predicate"]["configuration"]}
    kit = resources["udckit"]
    return (
        f"{kit['uri']} (sha256 {kit['digest']['sha256'][:16]}…), edition "
        f"{certificate.facts['edition']}, seed {certificate.facts['seed']}"
    )
