"""What is said of known failures: that they stand, that they passed, that their time is up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from udckit.reports._account import Account

__all__ = ["Known", "known_failures", "known_note"]

Word = Literal["excused", "stale", "expired", "unseen", "not_asked"]


@dataclass(frozen=True, slots=True)
class Known:
    """One entry of the list, what became of it in this run, and that as a sentence."""

    id: str
    word: Word
    reason: str
    expires: str
    says: str


def known_failures(account: Account) -> Iterator[Known]:
    """Tell every entry of the list, in its own order."""
    for each in account.settings.known_failures:
        day = each.expires.isoformat()
        word, says = _told(account, each.id, day)
        yield Known(each.id, word, each.reason, day, says)


def known_note(account: Account, requirement: str) -> str | None:
    """Say why a failure was expected; None for one that nobody listed, or listed for too long."""
    found = (each for each in known_failures(account) if each.id == requirement)
    return next((f"{each.reason} ({each.says})" for each in found), None)


def _told(account: Account, each: str, day: str) -> tuple[Word, str]:
    ruling = account.ruling
    if each in ruling.expired:
        return "expired", f"the list let it stand until {day}, and that is over: mend it"
    if each in ruling.stale:
        return "stale", "it passes, and is listed as a known failure: take it off the list"
    if each in ruling.excused:
        return "excused", f"a known failure until {day}: the exit code leaves it out"
    if each in ruling.unseen:
        return "unseen", "a known failure that could not be judged"
    verdict = account.record.verdicts.get(each)
    if verdict is not None and verdict.verdict == "not_applicable":
        return "unseen", "a known failure that does not apply to this target"
    return "not_asked", "a known failure that was not asked for"
