"""What is held of every role: right ones are certified, wrong ones fail where they are wrong."""

from __future__ import annotations

from typing import Final

from faults.fault import Fault, all_faults
from faults.role_stand import Role, RoleStand, own_rows
from faults.scanner import record_text, secrets_in
from faults.stand import Seen
from udckit.conformance import STAGES, dump, rejudge
from udckit.specs import catalogue

__all__ = [
    "JUDGED",
    "is_certified_in_shape",
    "is_let_be",
    "is_of_later_stages",
    "is_seen",
    "keeps_its_own_rows",
    "unkilled",
]

JUDGED: Final = ("shape", "security")
"""The stages whose rows are judged on the wire alone."""

_MAY_LACK: Final = frozenset({"OPS-METRICS-001", "ERR-002"})
"""SHOULDs that a right one need not keep: /metrics, and the error form (CONF-16)."""


_KILLED_ELSEWHERE: Final = frozenset({"REG-KEY-004", "ORCH-UDC-001"})
"""Rows that a start of the target shows, which the proxy has no part in: their own tests do."""


def is_certified_in_shape(stand: RoleStand) -> None:
    """Hold that the stage is certified, every gating row observed, and no false alarm raised."""
    seen = stand.run(stages=("shape",))

    assert [each.word for each in seen.outcomes.stages] == [
        "certified",
        "not_asked",
        "not_asked",
        "not_asked",
    ]
    assert seen.errors() == []
    assert blamed(seen) - _MAY_LACK == set()
    for row in catalogue().values():
        if row.stage == "shape" and row.gate == "always" and stand.role in row.roles:
            assert seen.word(row.id) == "pass", seen.said(row.id)
    _judges_again_alike(seen)


def keeps_its_own_rows(stand: RoleStand) -> None:
    """Hold that each row that only this role has passes, SHOULDs included."""
    rows = [row for row in own_rows(stand.role, *JUDGED) if not row.endswith("-UDC-001")]
    seen = stand.run(only=tuple(rows))

    assert [seen.said(row) for row in rows if seen.word(row) != "pass"] == []
    _judges_again_alike(seen)


def _judges_again_alike(seen: Seen) -> None:
    again = rejudge(seen.record)
    assert {name: dump(each.as_json()) for name, each in again.items()} == {
        name: dump(each.as_json()) for name, each in seen.record.verdicts.items()
    }


def is_seen(stand: RoleStand, fault: Fault, *, attributed: bool) -> None:
    """Hold that a fault fails the rows that it kills; `attributed`: and no other of the role's."""
    whole = any(row.endswith("-UDC-001") for row in fault.kills)
    alone = not attributed or is_of_later_stages(fault)
    rows = fault.kills if alone else own_rows(stand.role, *JUDGED)
    seen = stand.run(fault, stages=("shape",)) if whole else stand.run(fault, only=rows)

    assert secrets_in(record_text(seen.record)) == []
    assert seen.struck, f"{fault.id} struck nothing: {fault.source} says where it should"
    assert seen.errors() == []
    assert [seen.said(row) for row in fault.kills if seen.word(row) != "fail"] == [], fault.story
    if attributed and not alone:
        more = blamed(seen) - {*fault.kills, *fault.also} - _MAY_LACK
        assert [seen.said(row) for row in sorted(more)] == [], fault.story


def is_of_later_stages(fault: Fault) -> bool:
    """True where its rows are those of integration and resilience: they are judged alone."""
    return not any(catalogue()[row].stage in JUDGED for row in fault.kills)


def blamed(seen: Seen) -> set[str]:
    """Name the rows of any level that said fail."""
    return {name for name, verdict in seen.outcomes.verdicts.items() if verdict.verdict == "fail"}


def unkilled(role: Role) -> list[str]:
    """Name the rows of a role that no fault of its catalogue kills."""
    killed = {row for fault in all_faults(role) for row in fault.kills}
    return [
        row for row in own_rows(role, *STAGES) if row not in killed and row not in _KILLED_ELSEWHERE
    ]


def is_let_be(stand: RoleStand, oddity: Fault) -> None:
    """Hold that a legal oddity breaks no MUST, and no SHOULD but those that it says."""
    seen = stand.run(oddity, only=own_rows(stand.role, *JUDGED))

    assert seen.struck, f"{oddity.id} struck nothing"
    assert seen.errors() == []
    assert [seen.said(row) for row in sorted(blamed(seen) - set(oddity.also))] == [], oddity.story
    _judges_again_alike(seen)
