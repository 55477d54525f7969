"""A record judged again, offline, comes to the same verdicts byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import Fault, all_faults
from faults.stand import Seen, Stand, shown, stand

from udckit.conformance import InvocationError, RunRecord, dump, read_record, rejudge

DROPLET = "fake_droplet"
FAULTS = [fault for fault in all_faults() if shown(DROPLET).issuperset(fault.needs)]


@pytest.fixture(scope="module")
def droplet() -> Iterator[Stand]:
    with stand(DROPLET) as up:
        yield up


def lines_of(record: RunRecord) -> dict[str, str]:
    return {name: dump(each.as_json()) for name, each in record.verdicts.items()}


def lines_again(record: RunRecord) -> dict[str, str]:
    return {name: dump(each.as_json()) for name, each in rejudge(record).items()}


def from_disk(seen: Seen, path: Path) -> RunRecord:
    """Give the record as another process would read it."""
    lines = [seen.record.header, *seen.record.others, *seen.record.tokens.values()]
    lines += [each.as_json() for each in seen.record.exchanges.values()]
    lines += [each.as_json() for each in seen.record.verdicts.values()]
    path.write_text("".join(f"{dump(line)}\n" for line in lines), encoding="utf-8")
    return read_record(path)


def test_right_droplet_comes_to_the_same_again(droplet: Stand, tmp_path: Path) -> None:
    record = from_disk(droplet.run(), tmp_path / "run.jsonl")

    assert lines_again(record) == lines_of(record)


@pytest.mark.parametrize("fault", [pytest.param(each, id=each.id) for each in FAULTS])
def test_faulty_droplet_comes_to_the_same_again(
    fault: Fault, droplet: Stand, tmp_path: Path
) -> None:
    record = from_disk(droplet.run(fault, only=fault.kills), tmp_path / "run.jsonl")

    assert lines_again(record) == lines_of(record)


@pytest.mark.parametrize("fault", [pytest.param(each, id=each.id) for each in FAULTS[::12]])
def test_whole_stage_under_a_fault_comes_to_the_same_again(
    fault: Fault, droplet: Stand, tmp_path: Path
) -> None:
    record = from_disk(droplet.run(fault), tmp_path / "run.jsonl")

    assert lines_again(record) == lines_of(record)


def test_judging_again_sees_what_the_record_says_and_nothing_else(droplet: Stand) -> None:
    """An answer that is changed in the record changes its verdicts: they are judged, not copied."""
    record = droplet.run().record
    text = "\n".join(dump(each.as_json()) for each in record.exchanges.values())
    changed = text.replace('\\"status\\":\\"healthy\\"', '\\"status\\":\\"ok\\"')
    lines = [json.loads(line) for line in changed.split("\n")]
    verdicts = [each.as_json() for each in record.verdicts.values()]

    again = rejudge(
        RunRecord.of([record.header, *record.others, *record.tokens.values(), *lines, *verdicts])
    )

    assert record.verdicts["UDC-HEALTH-002"].verdict == "pass"
    assert again["UDC-HEALTH-002"].verdict == "fail"
    assert again["UDC-STATE-002"].verdict == "pass"


def test_record_that_lacks_an_exchange_is_refused_in_words(droplet: Stand) -> None:
    record = droplet.run(only=("UDC-HEALTH-002",)).record
    blind = RunRecord(record.header, None, {}, record.verdicts, {}, record.others)

    with pytest.raises(InvocationError, match="lacks exchange 1"):
        rejudge(blind)
