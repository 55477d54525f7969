"""`udckit report`: a run again, from its record alone."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command()
@click.argument(
    "path",
    metavar="[RUN.jsonl]",
    type=click.Path(path_type=Path),
    default=Path("udckit-report/run.jsonl"),
)
@click.option("--rejudge", is_flag=True, help="Judge it again, offline, and compare byte for byte.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("-q", "--quiet", is_flag=True, help="One line for each stage.")
@click.option("-v", "--verbose", is_flag=True, help="Every row, and the readings it rests on.")
def command(path: Path, *, rejudge: bool, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Show a run again from its record, udckit-report/run.jsonl unless another is given.

    A run that was ended early is called incomplete. The exit code is that of the run; with
    --rejudge it is 3 where judging the record again comes to anything else.
    """
    from udckit.cli._run import Manner, show  # noqa: PLC0415 - --help imports no room
    from udckit.cli._screen import complain  # noqa: PLC0415 - as above
    from udckit.conformance import EXIT, InvocationError, read_record  # noqa: PLC0415 - as above
    from udckit.reports import differences  # noqa: PLC0415 - as above

    context = click.get_current_context()
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
