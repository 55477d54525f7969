"""Judging a record again, offline, and saying where that comes to something else."""

from __future__ import annotations

from udckit.conformance import RunRecord, dump, rejudge
from udckit.specs import digests

__all__ = ["differences"]


def differences(record: RunRecord) -> tuple[str, ...]:
    """Name each verdict that is not byte for byte the same when it is judged again.

    Of a run that did not reach its end, only what it had judged is compared.
    """
    again = rejudge(record)
    found = []
    for each, recorded in record.verdicts.items():
        judged = again.get(each)
        before = dump(recorded.as_json())
        after = "nothing" if judged is None else dump(judged.as_json())
        if before != after:
            found.append(f"{each}: recorded {before}, judged again {after}")
    if found and dict(record.header.get("specs", {})) != dict(digests()):
        found.insert(
            0,
            f"the record was written by udckit {record.header.get('kit')} with other "
            "requirements than this one has",
        )
    return tuple(found)
