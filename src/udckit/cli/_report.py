"""`udckit report`: a run again, from its record alone."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]

_path = click.Path(path_type=Path)


@click.command()
@click.argument("paths", metavar="[RUN.jsonl]...", nargs=-1, type=_path)
@click.option("--format", "name", metavar="FORMAT", help="Write it for others; see below.")
@click.option("-o", "--output", type=_path, metavar="FILE", help="Where --format writes.")
@click.option("--against", type=_path, metavar="RUN.jsonl", help="What changed since that run.")
@click.option("--rejudge", is_flag=True, help="Judge it again, offline, and compare byte for byte.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="One line for each stage.")
@click.option("-v", "--verbose", is_flag=True, help="Every row, and the readings it rests on.")
def command(
    paths: tuple[Path, ...],
    *,
    name: str | None,
    output: Path | None,
    against: Path | None,
    rejudge: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Show a run again from its record, udckit-report/run.jsonl unless another is given.

    A run that was ended early is called incomplete. The exit code is that of the run; with
    --rejudge it is 3 where judging the record again comes to anything else.

    \b
    FORMAT
      allure   a folder of Allure results      html     one HTML file for people
      badge    an SVG badge with its date      junit    JUnit XML, for CI servers
      board    many runs on one HTML page      sarif    SARIF 2.1.0, for code scanning
      dialect  what it speaks, what to change  summary  Markdown for a pull request
    It goes to standard output, or to -o FILE; the exit code is then 0.

    With --against the exit code is 1 where a MUST is broken that was not.
    """  # noqa: D301 - click reads its \b
    context = click.get_current_context()
    paths = paths or (Path("udckit-report/run.jsonl"),)
    if name is not None:
        from udckit.cli._report_formats import written  # noqa: PLC0415 - --help imports no room

        context.exit(written(name, paths, output))
    if len(paths) > 1:
        raise click.UsageError("One record at a time; --format board puts many on one page.")
    if against is not None:
        from udckit.cli._report_formats import against as compared  # noqa: PLC0415 - as above

        context.exit(compared(paths[0], against))
    _show(context, paths[0], rejudge=rejudge, as_json=as_json, quiet=quiet, verbose=verbose)


def _show(
    context: click.Context,
    path: Path,
    *,
    rejudge: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    from udckit.cli._run import Manner, show  # noqa: PLC0415 - --help imports no room
    from udckit.cli._screen import complain  # noqa: PLC0415 - as above
    from udckit.conformance import EXIT, InvocationError, read_record  # noqa: PLC0415 - as above
    from udckit.reports import differences  # noqa: PLC0415 - as above

    manner = Manner(json=as_json, quiet=quiet, verbose=verbose)
    try:
        record = read_record(path)
    except InvocationError as mistake:
        complain(str(mistake))
        context.exit(EXIT["invocation"])
    found = differences(record) if rejudge else None
    code = show(record, path, manner, rejudged=found)
    if found:
        for each in found:
            complain(each)
        context.exit(EXIT["kit"])
    if found is not None and not as_json:
        click.echo(f"judged again: {len(record.verdicts)} verdicts, byte for byte the same")
    context.exit(code)
