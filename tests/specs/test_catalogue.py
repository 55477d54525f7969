"""The catalogue holds every requirement of the contract, whole and in order."""

import dataclasses
import hashlib
import json
import re

import pytest

from udckit.specs import (
    UnknownRequirementError,
    catalogue,
    checklist,
    readings,
    requirement,
)

FACTS = "1779ebe0f21056703627a6960cc3e99aaa56ca3710c12167a4c1e6e4e73c3dc3"
CAPABILITIES = {
    "async-messages",
    "cors",
    "database",
    "database-or-redis",
    "external-apis",
    "key-client",
    "log",
    "metrics",
    "openapi",
    "peers",
    "rate-limits-tested",
    "redis",
    "reply-to-sender",
    "request-metrics",
    "signing-key",
    "tls",
}
SENTENCE_END = re.compile(r"[.!?](?:\s|$)")


def test_catalogue_holds_every_imported_fact() -> None:
    facts = [
        [sorted(value) if isinstance(value, frozenset) else value for value in row]
        for row in (
            [getattr(row, field.name) for field in dataclasses.fields(row) if field.name != "fix"]
            for row in catalogue().values()
        )
    ]
    text = json.dumps(facts, ensure_ascii=False)

    assert hashlib.sha256(text.encode()).hexdigest() == FACTS


def test_catalogue_has_the_counts_of_the_contract() -> None:
    rows = catalogue().values()

    assert len(rows) == 256
    assert sum(row.level == "MUST" for row in rows) == 148
    assert sum(row.level == "SHOULD" for row in rows) == 101
    assert sum(row.level == "MAY" for row in rows) == 7
    assert sum(row.excluded is not None for row in rows) == 16


def test_catalogue_keeps_the_order_of_the_contract() -> None:
    ids = list(catalogue())

    assert ids[:2] == ["UDC-ALL-001", "UDC-ALL-002"]
    assert ids.index("UDC-HEALTH-019") == ids.index("UDC-HEALTH-001") + 1
    assert ids[-1] == "OPS-BOOT-001"


def test_rows_use_the_words_of_the_contract() -> None:
    for row in catalogue().values():
        assert row.level in {"MUST", "SHOULD", "MAY"}, row.id
        assert row.reason, row.id
        assert set(row.reason) <= set("CMSXR"), row.id
        assert row.roles, row.id
        assert row.roles <= {"droplet", "registry", "orchestrator"}, row.id
        assert row.stage in {"shape", "security", "integration", "resilience", "none"}, row.id
        assert row.gate.removeprefix("if-") in {"always", "never"} | CAPABILITIES, row.id
        assert set(row.observe) <= {"probe", "journal", "fault", "log", "trigger", "none"}, row.id


def test_rows_point_at_what_there_is() -> None:
    slugs = {box.slug for box in checklist()}
    for row in catalogue().values():
        assert set(row.needs) <= set(catalogue()), row.id
        assert row.id not in row.needs
        assert set(row.readings) <= set(readings()), row.id
        assert row.checklist is None or row.checklist in slugs, row.id


def test_rows_that_gate_are_musts() -> None:
    assert {row.level for row in catalogue().values() if row.gate != "never"} == {"MUST"}


def test_rows_that_nothing_observes_are_excluded_and_say_why() -> None:
    for row in catalogue().values():
        unseen = row.stage == "none"
        assert (row.excluded is not None) == unseen, row.id
        assert (row.observe == ("none",)) == unseen, row.id


def test_needs_never_run_in_a_circle() -> None:
    done: set[str] = set()

    def walk(id_: str, path: tuple[str, ...]) -> None:
        assert id_ not in path, f"{' → '.join(path)} → {id_}"
        if id_ not in done:
            for need in catalogue()[id_].needs:
                walk(need, (*path, id_))
            done.add(id_)

    for id_ in catalogue():
        walk(id_, ())


def test_fixes_are_two_concrete_sentences_at_most() -> None:
    for row in catalogue().values():
        assert 20 < len(row.fix) <= 340, row.id
        assert len(SENTENCE_END.findall(row.fix)) <= 2, row.id
        assert row.fix.endswith("."), row.id
        assert row.fix != row.text, row.id


def test_fixes_are_written_for_each_row_by_itself() -> None:
    fixes = [row.fix for row in catalogue().values()]

    assert len(set(fixes)) == len(fixes)


def test_requirement_is_found_by_its_id() -> None:
    assert requirement("UDC-HEALTH-002").stage == "shape"
    assert str(requirement("UDC-HEALTH-002")) == (
        "UDC-HEALTH-002 MUST  `status` is one of healthy, degraded, unhealthy"
    )


def test_unknown_requirement_suggests_near_misses() -> None:
    with pytest.raises(UnknownRequirementError, match=r"Did you mean UDC-HEALTH-002") as caught:
        requirement("UDC-HEALT-002")

    assert caught.value.near[0] == "UDC-HEALTH-002"


def test_unknown_requirement_far_from_all_suggests_nothing() -> None:
    with pytest.raises(UnknownRequirementError, match=r"There is no requirement 'zzz'\.$"):
        requirement("zzz")


def test_catalogue_is_the_same_object_and_cannot_be_changed() -> None:
    assert catalogue() is catalogue()
    with pytest.raises(TypeError):
        catalogue()["UDC-NEW-001"] = requirement("UDC-ALL-001")  # type: ignore[index] # the claim itself
