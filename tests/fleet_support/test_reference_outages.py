"""The reference droplet loses a real database and a real Redis, and gets them back."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from pathlib import Path

import pytest
from leaning.services import real_postgres, real_redis
from sqlalchemy.exc import SQLAlchemyError

from fleet_support import member, require
from udckit.conformance import Options, certify
from udckit.conformance.backing import read_dependencies
from udckit.conformance.scenario.outage_scenario import OUTAGE_ROWS


def test_reference_droplet_survives_the_loss_of_postgresql_and_redis(tmp_path: Path) -> None:
    require("reference_droplet")
    with real_postgres() as database, real_redis() as redis:
        declared = {"database": {"url": database}, "redis": {"url": redis}}
        options = Options(
            launch=member("reference_droplet").command,
            only=tuple(sorted(OUTAGE_ROWS - {"UDC-HEALTH-010"})),
            dependencies=read_dependencies(declared, "a test"),
            report_dir=tmp_path,
        )
        record = certify(options)

    asked = {row: each for row, each in record.verdicts.items() if row in options.only}
    assert {
        row: (each.verdict, each.observed or each.message) for row, each in asked.items()
    } == dict.fromkeys(options.only, ("pass", ""))


def test_reference_droplet_misses_the_file_of_its_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("reference_droplet")
    monkeypatch.syspath_prepend(str(member("reference_droplet").folder.parent))
    kept = importlib.import_module("reference_droplet.database")
    file, aside = tmp_path / "jobs.db", tmp_path / "aside.db"

    async def lose_and_find() -> list[bool]:
        database = kept.Database(f"sqlite:///{file}")
        seen = [await database.check()]
        file.rename(aside)
        with contextlib.suppress(SQLAlchemyError):
            seen.append(await database.check())
        aside.replace(file)
        seen.append(await database.check())
        await database.close()
        return seen

    assert asyncio.run(lose_and_find()) == [True, True]
