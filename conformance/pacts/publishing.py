"""What may go to a broker: the whole of one consumer's version, and nothing that it cannot keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from udckit.conformance.errors import InvocationError, Violation
from udckit.conformance.pacts._document import PactFile, read_pact
from udckit.conformance.pacts._sent import Brokered, Publication, Result
from udckit.conformance.pacts.two_way import disagreements
from udckit.conformance.pacts.verification import Finding

__all__ = ["pact_files", "publication_of", "results_of"]

_PLATFORM: Final = frozenset({"registry", "orchestrator"})


def pact_files(paths: Iterable[Path]) -> tuple[PactFile, ...]:
    """Read pact files, and those of folders; raise InvocationError where there are none."""
    files: list[Path] = []
    for path in paths:
        files += sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        told = ", ".join(map(str, paths))
        raise InvocationError(f"There is no pact in {told}: `udckit pact record` writes them.")
    return tuple(map(read_pact, files))


def publication_of(
    pacts: Sequence[PactFile], *, version: str | None, branch: str | None, build_url: str | None
) -> Publication:
    """Put a consumer's contracts together for one publication.

    Without a version that which a recording wrote into them is taken.

    Raises:
        InvocationError: they are of several consumers, of no version, or of a recording that did
            not see all.
        Violation: one asks for what the contract does not promise.
    """
    consumers = sorted({pact.consumer for pact in pacts})
    if len(consumers) != 1:
        raise InvocationError(
            f"These pacts are of several consumers ({', '.join(consumers)}), and a version is of "
            "one: publish each by itself."
        )
    for pact in pacts:
        if missing := pact.marks.get("incomplete"):
            raise InvocationError(
                f"{pact.path} is of a recording that did not see all ({missing}): record it again. "
                "Part of a contract is never published."
            )
    versions = {pact.marks["version"] for pact in pacts if "version" in pact.marks}
    if version is None and len(versions) == 1:
        version = versions.pop()
    if not version:
        raise InvocationError(
            "Under which version? Give --version, best the commit: --version $(git rev-parse HEAD)."
        )
    wrong = [
        one
        for pact in pacts
        for one in disagreements(pact)
        if pact.provider in _PLATFORM or one.at != "request"
    ]
    if wrong:
        raise Violation(
            expected="pacts that ask for what the contract promises, and for nothing else",
            observed="; ".join(map(str, wrong)),
        )
    return Publication(consumers[0], version, branch, build_url, tuple(pacts))


def results_of(
    brokered: Sequence[Brokered], findings: Sequence[Finding]
) -> tuple[list[Result], list[str]]:
    """Give the results that may be published, and why there is none of the other pacts.

    `findings` are those of the pacts, one after the other. A pact of which something was not
    judged has no result, unless something else in it failed: whatever was sent would be a guess.
    """
    results: list[Result] = []
    untold: list[str] = []
    left = list(findings)
    for one in brokered:
        count = len(one.pact.interactions)
        own, left = left[:count], left[count:]
        words = {each.verdict for each in own}
        missing = [each for each in own if each.verdict in {"not_observed", "error"}]
        if "fail" in words or ("pass" in words and not missing):
            results.append(Result(one, "fail" not in words, tuple(map(_test, own))))
            continue
        why = f"{missing[0].description}: {missing[0].reason}" if missing else "nothing was judged"
        untold.append(
            f"no result is published for {one.pact.consumer}: {len(missing)} of {count} "
            f"interactions were not judged ({why})"
        )
    return results, untold


def _test(finding: Finding) -> dict[str, object]:
    """Give what the broker keeps of one interaction."""
    told = [f"expected {each.expected}; observed {each.observed}" for each in finding.mismatches]
    ids = sorted({each for one in finding.mismatches for each in one.requirements})
    return {
        "interactionDescription": finding.description,
        "success": finding.verdict != "fail",
        "requirements": ids,
        "mismatches": [{"description": each} for each in told],
    }
