"""One exploration from the command line: what is said before, during and after."""

from __future__ import annotations

import json
import secrets
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from udckit._door import options_from
from udckit.cli._screen import complain
from udckit.conformance import (
    EXIT,
    InvocationError,
    Options,
    Probe,
    Recorder,
    UnreachableError,
    reach,
)
from udckit.conformance.certify import asked_through, settings_of
from udckit.conformance.generated.exploring import KINDS, Explored, explore, sent_again
from udckit.conformance.generated.finding import Finding, read_finding
from udckit.specs import requirement

__all__ = ["run"]

_RECORD: Final = "explore.jsonl"
_FOLDER: Final = "findings"
_SEEDS: Final = 2**31


def run(typed: Mapping[str, Any], *, token: str | None) -> int:
    """Explore, or send a finding again; tell what came of it, and give the exit code."""
    said = dict(typed)
    replay, as_json = said.pop("replay"), said.pop("as_json")
    requests, seconds = said.pop("requests"), said.pop("max_time")
    kinds = tuple((said.pop("kinds") or ",".join(KINDS)).split(","))
    if said.get("seed") is None:
        said["seed"] = secrets.randbelow(_SEEDS)
    try:
        finding = None if replay is None else read_finding(replay)
        if finding is not None:
            said["role"] = finding.role
        _must_be_known(kinds)
        options = options_from(said, token_at_hand=token)
        visit = _Visit(options, as_json=as_json)
        if finding is not None:
            return visit.again(finding)
        return visit.explore(requests, seconds, kinds)
    except InvocationError as mistake:
        complain(str(mistake))
        return EXIT["invocation"]
    except UnreachableError as silence:
        complain(str(silence))
        return EXIT["unreachable"]
    except KeyboardInterrupt:
        complain("ended early, before anything was saved")
        return EXIT["incomplete"]
    except Exception as fault:  # noqa: BLE001 - whatever else comes up here is the kit's own fault
        traceback.print_exc()
        complain(f"the kit itself failed ({type(fault).__name__}: {fault}); please report it")
        return EXIT["kit"]


def _must_be_known(kinds: tuple[str, ...]) -> None:
    for each in kinds:
        if each not in KINDS:
            raise InvocationError(f"{each!r} is no kind of case. Known: {', '.join(KINDS)}.")


class _Visit:
    """A target that is reached for one exploration."""

    def __init__(self, options: Options, *, as_json: bool) -> None:
        self._options = options
        self._json = as_json

    def explore(self, requests: int, seconds: float, kinds: tuple[str, ...]) -> int:
        """Explore, save what is found, and tell it."""
        folder = self._options.report_dir / _FOLDER
        with reach(self._options) as reached:
            settings = settings_of(self._options, reached)
            self._say(f"exploring {reached.url}, a {settings.role}, with --seed {settings.seed}")
            recorder = Recorder(self._record())
            with asked_through(self._options, settings, reached, recorder) as source:
                explored = explore(
                    settings,
                    lambda: Probe(settings, source, reached.authority.tokens),
                    requests=requests,
                    seconds=seconds,
                    kinds=kinds,
                    told=lambda one: self._say(f"  {one.rows[0]}: {one.observed}"),
                )
            recorder.close()
        paths = [each.save(folder) for each in explored.findings]
        self._show(explored, paths)
        if explored.ended_early:
            complain("ended early; what was found so far is saved, as large as it was found")
            return EXIT["incomplete"]
        broken = any(requirement(each.rows[0]).level == "MUST" for each in explored.findings)
        return EXIT["broken"] if broken else EXIT["certified"]

    def again(self, finding: Finding) -> int:
        """Send a finding again, and say whether it is still there."""
        if finding.is_walked:
            raise InvocationError(
                "What this finding shows takes time, or services of the kit's that listen, and its "
                "requests alone do not show it. Walk there again: udckit explore TARGET "
                f"--kinds machines --seed {finding.seed}"
            )
        with reach(self._options) as reached:
            settings = settings_of(self._options, reached)
            recorder = Recorder(self._record())
            with asked_through(self._options, settings, reached, recorder) as source:
                probe = Probe(settings, source, reached.authority.tokens)
                again = sent_again(finding, settings, probe)
            recorder.close()
        if self._json:
            click.echo(json.dumps({"rows": list(finding.rows), "still_there": again is not None}))
        elif again is None:
            click.echo(f"gone: {finding.rows[0]} expected {finding.expected}, and so it is")
        else:
            click.echo(_told(finding))
            click.echo(f"still there: {again.observed}")
        return EXIT["certified"] if again is None else EXIT["broken"]

    def _record(self) -> Path:
        return self._options.report_dir / _RECORD

    def _say(self, text: str) -> None:
        if not self._json:
            click.echo(text, err=True)

    def _show(self, explored: Explored, paths: list[Path]) -> None:
        if self._json:
            told = {
                "seed": self._options.seed,
                "requests": explored.requests,
                "findings": [each.as_json() for each in explored.findings],
                "files": [str(path) for path in paths],
                "not_explored": explored.why,
            }
            click.echo(json.dumps(told))
            return
        for finding, path in zip(explored.findings, paths, strict=True):
            click.echo(_told(finding))
            how = f"--replay {path}"
            if finding.is_walked:
                how = f"--kinds machines --seed {finding.seed}"
            click.echo(f"  replay    udckit explore TARGET {how}\n")
        for why in explored.why:
            click.echo(f"not explored: {why}")
        count = len(explored.findings)
        came = "nothing was found" if not count else f"{count} cause{'s' if count > 1 else ''}"
        click.echo(f"{came} · {explored.requests} requests · seed {self._options.seed}")


def _told(finding: Finding) -> str:
    row = requirement(finding.rows[0])
    lines = [
        f"✗ {row.id} {row.level}  {row.text}",
        f"  expected  {finding.expected}",
        f"  observed  {finding.observed}",
    ]
    lines += [f"  {'curl' if not n else '':<8}  {each}" for n, each in enumerate(finding.commands)]
    if finding.times > 1:
        lines.append(f"  seen      {finding.times} times, of one cause")
    return "\n".join([*lines, f"  fix       {row.fix}"])
