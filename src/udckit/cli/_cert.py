"""`udckit cert`: keys, certificates, and whether one may be believed."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final, NoReturn

import click

__all__ = ["command"]

_PASSWORD: Final = "UDCKIT_KEY_PASSWORD"  # noqa: S105 - the name of a variable
_REFUSED: Final = 1

_path = click.Path(path_type=Path)


@click.group()
def command() -> None:
    """Sign what a run showed, and verify such a certificate, offline.

    Who holds the key is what makes a certificate worth anything: the platform's CI, not the
    author of the droplet. docs/certificates.md says why.

    \b
    udckit cert keygen platform.key           once; give platform.key.pub to everybody
    udckit cert sign udckit-report/run.jsonl --key platform.key --commit $(git rev-parse HEAD)
    udckit cert verify udckit-report/certificate.json --key platform.key.pub --stages shape

    The password of an encrypted key is read from UDCKIT_KEY_PASSWORD.
    """  # noqa: D301 - click reads its \b


@command.command()
@click.argument("path", type=_path)
def keygen(path: Path) -> None:
    """Make an Ed25519 key pair: PATH for the signer alone, PATH.pub for everybody.

    With UDCKIT_KEY_PASSWORD in the environment the private key is encrypted. Nothing is ever
    overwritten.
    """
    from udckit.conformance import InvocationError  # noqa: PLC0415 - --help imports no room
    from udckit.reports.certificate import generate, read_public_key  # noqa: PLC0415 - as above

    try:
        private, public = generate(path, password=os.environ.get(_PASSWORD))
        key_id = read_public_key(public).id
    except InvocationError as mistake:
        _end(str(mistake), 2)
    click.echo(f"private key  {private}   (keep it; whoever has it can certify)")
    click.echo(f"public key   {public}   (give it to whoever verifies)")
    click.echo(f"key id       {key_id}")


@command.command()
@click.argument("record", type=_path, default=Path("udckit-report/run.jsonl"))
@click.option("--key", required=True, type=_path, metavar="FILE", help="The private key.")
@click.option("-o", "--output", type=_path, metavar="FILE", help="certificate.json beside it.")
@click.option("--image", metavar="NAME@sha256:…", help="Claim that this image was tested.")
@click.option("--commit", metavar="SHA", help="Claim that this git commit was tested.")
@click.option("--stages", metavar="S,S", default="", help="Only these of the certified stages.")
@click.option(
    "--days", type=int, metavar="N", help="Days from the run's end until it expires (90)."
)
def sign(
    record: Path,
    key: Path,
    output: Path | None,
    image: str | None,
    commit: str | None,
    stages: str,
    days: int | None,
) -> None:
    """Certify a run from its record, udckit-report/run.jsonl unless another is given.

    The record is judged again first. Nothing is signed for a stage that is failed or incomplete.
    An image and a commit are claims of the signer's, for the kit did not see them; the certificate
    says so.
    """
    from udckit.cli._signing import Wanted, sign_run  # noqa: PLC0415 - --help imports no room

    named = tuple(word.strip() for word in stages.split(",") if word.strip())
    code, told = sign_run(record, Wanted(key, image, commit, named, days, output))
    _end(told, code)


@command.command()
@click.argument("certificate", type=_path, default=Path("udckit-report/certificate.json"))
@click.option("--key", required=True, type=_path, metavar="FILE", help="The signer's public key.")
@click.option("--stages", metavar="S,S", default="", help="Refuse one that lacks any of these.")
@click.option("--subject", metavar="X", help="Refuse one of another image, commit or name.")
@click.option("--rejudge", type=_path, metavar="RUN.jsonl", help="Judge its record again, too.")
def verify(
    certificate: Path, key: Path, stages: str, subject: str | None, rejudge: Path | None
) -> None:
    """Say whether a certificate may be believed: exit code 0 where it may, 1 where not.

    Nothing is asked of any network. With --rejudge the verdicts are judged again from the record
    whose digest the certificate carries.
    """
    from udckit.cli._screen import encoding_of, has_colours, width_of  # noqa: PLC0415 - as above
    from udckit.conformance import InvocationError  # noqa: PLC0415 - --help imports no room
    from udckit.reports import certificate as certificates  # noqa: PLC0415 - as above

    wanted = tuple(word.strip() for word in stages.split(",") if word.strip())
    try:
        found = certificates.verify(
            certificate.read_bytes(),
            certificates.read_public_key(key),
            now=time.time(),
            demand=certificates.Demand(wanted, subject),
            record=rejudge,
        )
    except certificates.RefusedError as refusal:
        _end(f"refused: {refusal}", _REFUSED)
    except (InvocationError, OSError) as mistake:
        _end(str(mistake), 2)
    text = certificates.told(
        found,
        width=width_of(),
        colour=has_colours(sys.stdout),
        encoding=encoding_of(sys.stdout),
    )
    click.echo(text, nl=False, color=True)
    if rejudge is not None:
        click.echo("judged again: the same statement, from the record that was certified")


def _end(told: str, code: int) -> NoReturn:
    from udckit.cli._screen import complain  # noqa: PLC0415 - as above

    if code:
        complain(told)
    else:
        click.echo(told)
    sys.exit(code)
