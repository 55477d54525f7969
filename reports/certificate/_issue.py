"""Issuing: only for a record that earns it, and only after judging it again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from udckit.conformance import EXIT, STAGES, InvocationError, read_record
from udckit.reports._account import Account, account_of
from udckit.reports._seen import ended, utc
from udckit.reports.certificate._envelope import sealed
from udckit.reports.certificate._errors import NotIssuedError
from udckit.reports.certificate._keys import PrivateKey
from udckit.reports.certificate._statement import Subject, statement
from udckit.reports.rejudging import differences

__all__ = ["DAYS", "issue"]

DAYS: Final = 90
"""Days for which a certificate holds unless another number is given."""

_A_DAY: Final = 86_400
_MOST_DAYS: Final = 366


def issue(
    path: Path,
    key: PrivateKey,
    *,
    now: float,
    subjects: Sequence[Subject] = (),
    stages: Sequence[str] = (),
    days: int = DAYS,
) -> bytes:
    """Certify a record: every stage that it was asked for, or only those named.

    It is dated by the run's end, so that signing an old record again does not make it younger, and
    signing twice gives the same bytes. The record is judged again first: whoever signs vouches for
    verdicts, not for what a file says.

    Raises:
        InvocationError: no record, an unknown stage, or days that are no term.
        NotIssuedError: a stage is not certified, the run is too old, or judging again differs.
    """
    if not 1 <= days <= _MOST_DAYS:
        raise InvocationError(f"A certificate holds between 1 and {_MOST_DAYS} days, not {days}.")
    content = _content(path)
    record = read_record(path)
    account = account_of(record)
    covers = _covered(account, stages)
    if ended(record) + days * _A_DAY <= now:
        raise NotIssuedError(
            f"The run ended at {utc(ended(record))}; a certificate of {days} days would be expired "
            "already. Certify again.",
            exit_code=account.exit_code,
        )
    if found := differences(record):
        raise NotIssuedError(
            f"Judging the record again comes to something else, so it is not signed: {found[0]}",
            exit_code=account.exit_code,
        )
    digest = hashlib.sha256(content).hexdigest()
    facts = statement(account, digest, covers=covers, subjects=subjects, days=days)
    return sealed(facts, key)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as trouble:
        raise InvocationError(f"The record {path} cannot be read: {trouble}") from trouble


def _code(words: Mapping[str, str], stages: Iterable[str]) -> int:
    """Give the exit code of a run that ended with 0 for its known failures alone."""
    return EXIT["broken" if "failed" in {words[stage] for stage in stages} else "incomplete"]


def _covered(account: Account, stages: Sequence[str]) -> tuple[str, ...]:
    """Name the stages to certify; raise where one of them is not."""
    for stage in stages:
        if stage not in STAGES:
            raise InvocationError(f"{stage!r} is no stage. Known: {', '.join(STAGES)}.")
    words = account.words
    wanted = stages or [stage for stage in STAGES if words[stage] != "not_asked"]
    if not wanted or not account.ended:
        why = "ended early" if not account.ended else "asked for no stage"
        raise NotIssuedError(
            f"No certificate is given: the run was {why}.", exit_code=EXIT["incomplete"]
        )
    lacking = [
        f"{stage} is {words[stage].replace('_', ' ')}"
        for stage in wanted
        if words[stage] != "certified"
    ]
    if lacking:
        certified = [stage for stage in STAGES if words[stage] == "certified"]
        hint = f" --stages {','.join(certified)} would certify what is." if certified else ""
        raise NotIssuedError(
            f"No certificate is given: {', '.join(lacking)}.{hint}",
            exit_code=account.exit_code or _code(words, wanted),
        )
    return tuple(stage for stage in STAGES if stage in wanted)
