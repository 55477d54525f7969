"""One certification from the command line: before, during, after, and every way it can end."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from udckit._door import options_from
from udckit.cli._screen import complain, encoding_of, has_colours, on_terminal, width_of
from udckit.conformance import (
    EXIT,
    RECORD_NAME,
    InvocationError,
    Options,
    RunRecord,
    UnreachableError,
    certify,
    read_record,
)

__all__ = ["Manner", "run", "show"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a person wants to be told."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False

    @property
    def detail(self) -> Literal["quiet", "normal", "verbose"]:
        """The word that the report takes."""
        return "quiet" if self.quiet else "verbose" if self.verbose else "normal"


def run(typed: Mapping[str, Any], manner: Manner, *, token: str | None = None) -> int:
    """Certify as asked, tell what came of it, and give the exit code."""
    began = time.monotonic()
    asked: tuple[str, ...] = ()
    try:
        options = options_from(typed, token_at_hand=token)
        asked = options.asked_stages(options.way)
        with _interruptible():
            return _certified(options, manner)
    except InvocationError as mistake:
        code, why, asked = EXIT["invocation"], str(mistake), ()
    except UnreachableError as silence:
        code, why = EXIT["unreachable"], str(silence)
    except KeyboardInterrupt:
        code, why = EXIT["incomplete"], "ended before anything was judged"
    except Exception as fault:  # noqa: BLE001 - whatever else comes up here is the kit's own fault
        if manner.verbose:
            traceback.print_exc()
        kind = type(fault).__name__
        code, why = EXIT["kit"], f"the kit itself failed ({kind}: {fault}); please report it"
    complain(why)
    if manner.json:
        from udckit.reports import as_text, empty_summary  # noqa: PLC0415 - not before a request

        seconds = time.monotonic() - began
        click.echo(as_text(empty_summary(code, why, incomplete=asked, seconds=seconds)))
    return code


def _certified(options: Options, manner: Manner) -> int:
    path = options.report_dir / RECORD_NAME
    listening = _Listening(manner)
    try:
        with listening.progress(), contextlib.redirect_stdout(sys.stderr):  # an app may print
            record = certify(options, (listening,))
    except KeyboardInterrupt:
        if not listening.began:
            raise
        return _ended_early(path, manner)
    except SystemExit as ended:
        raise InvocationError(f"The app ended this process: {ended!r}.") from ended
    return show(record, path, manner)


def show(
    record: RunRecord, path: Path, manner: Manner, *, rejudged: tuple[str, ...] | None = None
) -> int:
    """Print what a record came to, in the manner that was asked for; give its exit code."""
    from udckit.reports import account_of, as_text, summary, terminal  # noqa: PLC0415 - as above

    if manner.json:
        click.echo(as_text(summary(record, path, rejudged=rejudged)))
    else:
        text = terminal(
            record,
            path=path,
            width=width_of(),
            colour=has_colours(sys.stdout),
            encoding=encoding_of(sys.stdout),
            detail=manner.detail,
        )
        click.echo(text, nl=False, color=True)
    return account_of(record).exit_code


def _ended_early(path: Path, manner: Manner) -> int:
    from udckit.reports import account_of, as_text, summary  # noqa: PLC0415 - as above

    record = read_record(path)
    account = account_of(record)
    judged = len(account.asked)
    complain(
        f"ended early: {judged} of {judged + account.unjudged} requirements were judged; "
        f"`udckit report {path}` shows them."
    )
    if manner.json:
        click.echo(as_text(summary(record, path)))
    return account.exit_code


class _Listening:
    """Hears the lines of the record: says the plan, and counts for the progress line."""

    def __init__(self, manner: Manner) -> None:
        self.began = False
        self._silent = manner.json or manner.quiet
        self._progress: Any = None

    def __call__(self, line: dict[str, Any]) -> None:
        if line["kind"] == "header":
            self.began = True
            if not self._silent:
                from udckit.reports.plan import plan  # noqa: PLC0415 - nothing is printed in JSON

                if self._progress is not None:
                    self._progress.erase()
                click.echo(plan(line), err=True)
        if self._progress is not None:
            self._progress(line)

    @contextlib.contextmanager
    def progress(self) -> Iterator[None]:
        """Keep a line of the terminal up to date, where there is one."""
        write = on_terminal()
        if write is None or self._silent:
            yield
            return
        from udckit.reports.progress import Progress  # noqa: PLC0415 - as above

        with Progress(write) as self._progress:
            yield


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let a SIGTERM end the run as Ctrl-C does: the record whole, the droplet stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
