"""Known failures in udckit.toml, and signing as the last step of a run, as a user meets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from udckit.fakes import FakeDroplet, FakeRegistry
from udckit.reports import summary_schema

Run = Callable[..., Any]
List = Callable[..., None]

TODAY = datetime.now(UTC).date()


@pytest.fixture
def listed(tmp_path: Path) -> List:
    """Write one known failure into udckit.toml."""

    def write(each: str, days: int = 30) -> None:
        (tmp_path / "udckit.toml").write_text(
            f'[[known-failures]]\nid = "{each}"\nreason = "billing mends it"\n'
            f"expires = {TODAY + timedelta(days=days)}\n"
        )

    return write


def test_listed_failure_changes_the_exit_code_and_nothing_else(
    udckit: Run, anything: str, listed: List
) -> None:
    listed("UDC-HEALTH-002")

    run = udckit("certify", anything, "--only", "UDC-HEALTH-002", "--json")

    told = json.loads(run.stdout)
    jsonschema_rs.validator_for(dict(summary_schema())).validate(told)
    assert run.returncode == told["exit_code"] == 0
    assert [each["word"] for each in told["known_failures"]] == ["excused"]
    words = {each["id"]: each["verdict"] for each in told["verdicts"]}
    assert words["UDC-HEALTH-002"] == "fail"

    again = udckit("report")
    assert again.returncode == 0
    assert again.stdout.startswith("nothing broken but what is known")
    assert "known     billing mends it (a known failure until" in again.stdout


def test_listed_row_that_passes_and_one_listed_too_long_are_exit_code_one(
    udckit: Run, anything: str, listed: List
) -> None:
    words = ("certify", anything, "--only", "UDC-HEALTH-001")

    listed("UDC-HEALTH-001")
    stale = udckit(*words)
    listed("UDC-HEALTH-001", days=-1)
    late = udckit(*words)

    assert (stale.returncode, late.returncode) == (1, 1)
    assert stale.stdout.startswith("mend the list: UDC-HEALTH-001: it passes")
    assert late.stdout.startswith("mend the list: UDC-HEALTH-001: the list let it stand until")


def test_failed_stage_is_never_signed_whatever_is_known(
    udckit: Run, anything: str, listed: List, tmp_path: Path
) -> None:
    udckit("cert", "keygen", "platform.key")
    listed("UDC-HEALTH-002")

    run = udckit("certify", anything, "--only", "UDC-HEALTH-002", "--sign", "platform.key")

    assert run.returncode not in {0, 2}
    assert "No certificate is given" in run.stderr
    assert not (tmp_path / "udckit-report" / "certificate.json").exists()


def test_run_that_is_certified_is_signed_and_the_certificate_verified(
    udckit: Run, droplet: FakeDroplet, registry: FakeRegistry
) -> None:
    udckit("cert", "keygen", "platform.key")

    run = udckit(
        *("certify", droplet.url, "--registry", registry.url, "--stages", "shape"),
        *("--sign", "platform.key", "--commit", "a" * 40),
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1].split() == ["certificate", "udckit-report/certificate.json"]

    words = ("cert", "verify", "--key", "platform.key.pub", "--stages", "shape")
    told = udckit(*words, "--rejudge", "udckit-report/run.jsonl", "--subject", "a" * 40)
    assert told.returncode == 0, told.stderr
    assert "claimed by the signer, not seen" in told.stdout
    assert "judged again: the same statement" in told.stdout


def test_key_and_claims_are_looked_at_before_anything_is_sent(
    udckit: Run, anything: str, tmp_path: Path
) -> None:
    no_key = udckit("certify", anything, "--sign", "nowhere.key")
    no_sign = udckit("certify", anything, "--commit", "a" * 40)
    udckit("cert", "keygen", "platform.key")
    short = udckit("certify", anything, "--sign", "platform.key", "--commit", "abc")

    assert (no_key.returncode, no_sign.returncode, short.returncode) == (2, 2, 2)
    assert "nowhere.key" in no_key.stderr
    assert "give --sign KEY" in no_sign.stderr
    assert "no whole git commit id" in short.stderr
    assert not (tmp_path / "udckit-report").exists()
