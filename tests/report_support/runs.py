"""Real runs to report: a right droplet, and whatever else a test wants to see told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from report_support.droplets import Speaker, speaking
from udckit import fakes
from udckit.conformance import Options, RunRecord, certify, dump
from udckit.reports._format import Run, read_run

__all__ = ["run_of", "run_of_a_right_droplet", "run_of_lines"]


def run_of_a_right_droplet(folder: Path) -> Run:
    """Certify the kit's own droplet, stage shape, against the kit's own Registry."""
    with (
        fakes.FakeRegistry() as registry,
        fakes.FakeOrchestrator(registry=registry) as orchestrator,
        fakes.FakeDroplet(registry=registry, orchestrator=orchestrator) as droplet,
    ):
        certify(
            Options(url=droplet.url, registry=registry.url, stages=("shape",), report_dir=folder)
        )
    return read_run(folder / "run.jsonl")


def run_of(speaker: Speaker, folder: Path, **more: Any) -> Run:
    """Judge one of the droplets of the field by its URL alone, stage shape."""
    with speaking(speaker) as url:
        certify(Options(url=url, stages=("shape",), report_dir=folder, **more))
    return read_run(folder / "run.jsonl")


def run_of_lines(lines: list[dict[str, Any]], folder: Path | None = None) -> Run:
    """Make a run of the lines of a record; on disk where a folder is given."""
    if folder is None:
        return Run(RunRecord.of(lines))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "run.jsonl"
    path.write_text("".join(dump(line) + "\n" for line in lines), encoding="utf-8")
    return read_run(path)
