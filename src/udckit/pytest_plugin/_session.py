"""A pytest session that is a certification: one run of the engine, one item a requirement."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Generator
from dataclasses import replace
from typing import Any, Final

import pytest

from udckit.conformance import (
    EXIT,
    RECORD_NAME,
    InvocationError,
    Options,
    RunRecord,
    Settings,
    UnreachableError,
    certify,
    reach,
    read_record,
    wanted_rows,
)
from udckit.pytest_plugin._items import Contract, RequirementItem, reports_of
from udckit.pytest_plugin._selection import (
    drop_foreign_selection,
    in_one_process,
    named_on_command_line,
    select,
)
from udckit.reports import Progress, account_of, plan, printable, terminal

__all__ = ["Certification"]

_WIDEST: Final = 120


class Certification:
    """The plugin of a session that certifies. It is registered only where a target was given."""

    def __init__(self, config: pytest.Config, options: Options) -> None:
        self._config = config
        self._options = options
        self._notes: list[str] = []
        self._record: RunRecord | None = None
        self._code: int | None = None
        self._trouble: str | None = None

    # Before: the session is ours alone

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        drop_foreign_selection(config)
        if in_one_process(config):
            self._notes.append("certification is one process, so it runs in one in spite of -n")

    def pytest_report_header(self) -> list[str]:
        notes = ["udckit: runs the contract, and no test of this project", *self._notes]
        return [notes[0], *(f"udckit: {note}" for note in notes[1:])]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        self._settle_stages()
        options = self._options
        named = named_on_command_line(self._config)
        if named:
            options = self._options = replace(options, only=named)
        ids = wanted_rows(
            Settings(
                "",
                role=options.role,
                stages=options.asked_stages(options.way),
                only=options.only,
            )
        )
        items = select(session, Contract.of(session, ids))
        if len(items) < len(ids):
            self._options = replace(options, only=tuple(item.name for item in items))
        return True

    def _settle_stages(self) -> None:
        """Fix the stages before anything is collected: fakes that are up allow more of them."""
        way = self._options.way
        if way == "url":
            try:
                with reach(self._options) as reached:
                    way = reached.way
            except (InvocationError, UnreachableError):
                return  # the run says so, as it does of every other target
        self._options = replace(self._options, stages=self._options.asked_stages(way))

    # The run: the engine first, then pytest hears of each row

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if session.config.option.collectonly or not session.items:
            return None
        self._judge()
        if self._record is None:
            return True
        for item in session.items:
            if isinstance(item, RequirementItem):
                self._tell(item, self._record)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
        return True

    def _judge(self) -> None:
        path = self._options.report_dir / RECORD_NAME
        began: list[bool] = []

        def hear(line: dict[str, Any]) -> None:
            if line["kind"] == "header":
                began.append(True)
                progress.erase()
                self._say(f"udckit: {plan(line)}")
            progress(line)

        with warnings.catch_warnings(), Progress(self._on_terminal()) as progress:
            warnings.simplefilter("ignore")
            try:
                self._record = certify(self._options, (hear,))
                self._code = account_of(self._record).exit_code
            except InvocationError as mistake:
                self._code, self._trouble = EXIT["invocation"], str(mistake)
            except UnreachableError as silence:
                self._code, self._trouble = EXIT["unreachable"], str(silence)
            except KeyboardInterrupt:
                self._code = EXIT["incomplete"]
                if began:
                    self._record = read_record(path)
                    self._code = account_of(self._record).exit_code
                raise
            except SystemExit as ended:
                self._code = EXIT["invocation"]
                self._trouble = f"The app ended this process: {ended!r}."
            except Exception as fault:  # noqa: BLE001 - whatever else comes up is the kit's own
                self._code = EXIT["kit"]
                self._trouble = f"the kit itself failed; please report it: {fault!r}"
                if self._config.option.verbose > 0:
                    self._trouble += f"\n{traceback.format_exc()}"

    def _tell(self, item: RequirementItem, record: RunRecord) -> None:
        hook = item.ihook
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in reports_of(item, record.verdicts.get(item.name), record):
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    # After: one screen, and udckit's exit code

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._trouble is not None:
            told = "\n".join(map(printable, self._trouble.split("\n")))
            terminalreporter.write_line(f"udckit: {told}", red=True)
        if self._record is None:
            return
        terminalreporter.section("udckit", sep="=")
        verbosity = self._config.option.verbose
        text = terminal(
            self._record,
            path=self._options.report_dir / RECORD_NAME,
            width=min(self._config.get_terminal_writer().fullwidth, _WIDEST),
            colour=terminalreporter.hasmarkup,
            detail="verbose" if verbosity > 0 else "quiet" if verbosity < 0 else "normal",
        )
        for line in text.splitlines():
            terminalreporter.write_line(line)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, Any, Any]:
        result = yield
        if self._code is not None:
            session.exitstatus = self._code
        elif not (session.config.option.collectonly or session.exitstatus == EXIT["kit"]):
            session.exitstatus = EXIT["invocation"]
        return result

    def _say(self, text: str) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self._config.option.verbose >= 0:
            reporter.ensure_newline()
            reporter.write_line(text)

    def _on_terminal(self) -> Any:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or not reporter.isatty:
            return None
        writer = self._config.get_terminal_writer()
        return lambda text: writer.write(text, flush=True)
