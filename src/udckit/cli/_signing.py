"""Signing what a run showed: afterwards from its record, or as the last step of the run."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from udckit.cli._run import Manner, run
from udckit.cli._screen import complain
from udckit.conformance import EXIT, RECORD_NAME, InvocationError
from udckit.reports import certificate as certificates
from udckit.reports.certificate import PrivateKey, Subject

__all__ = ["Wanted", "run_and_sign", "sign_run"]

_PASSWORD: Final = "UDCKIT_KEY_PASSWORD"  # noqa: S105 - the name of a variable

_WHY: Final = {
    EXIT["broken"]: "a MUST is broken, or the list of known failures tells no truth",
    EXIT["kit"]: "the kit itself failed",
    EXIT["incomplete"]: "the run is incomplete",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The certificate that somebody wants: `key` is a path, `image` and `commit` are claims."""

    key: Path
    image: str | None = None
    commit: str | None = None
    stages: tuple[str, ...] = ()
    days: int | None = None
    output: Path | None = None

    def private_key(self) -> PrivateKey:
        """Read the key; its password is in the environment."""
        return certificates.read_private_key(self.key, password=os.environ.get(_PASSWORD))

    def subjects(self) -> list[Subject]:
        """Give what the signer claims, beside the service that the kit saw."""
        claims = [certificates.image(self.image)] if self.image else []
        return claims + ([certificates.commit(self.commit)] if self.commit else [])


def sign_run(record: Path, wanted: Wanted) -> tuple[int, str]:
    """Sign a record's certificate; give the exit code and what is to be said."""
    try:
        content = certificates.issue(
            record,
            wanted.private_key(),
            now=time.time(),
            subjects=wanted.subjects(),
            stages=wanted.stages,
            days=certificates.DAYS if wanted.days is None else wanted.days,
        )
        path = wanted.output or record.with_name("certificate.json")
        path.write_bytes(content)
    except (InvocationError, OSError) as mistake:
        return EXIT["invocation"], str(mistake)
    except certificates.NotIssuedError as refusal:
        return refusal.exit_code or EXIT["broken"], str(refusal)
    return EXIT["certified"], f"certificate  {path}"


def run_and_sign(
    typed: Mapping[str, Any], manner: Manner, *, token: str | None, wanted: Wanted
) -> int:
    """Certify as asked and sign what is certified; give the exit code.

    A key or a claim that cannot be read is said before anything is sent.
    """
    try:
        wanted.private_key()
        wanted.subjects()
    except InvocationError as mistake:
        complain(str(mistake))
        return EXIT["invocation"]
    code = run(typed, manner, token=token)
    if code != EXIT["certified"]:
        if code in _WHY:
            complain(f"No certificate is given: {_WHY[code]}. {_LATER}")
        return code
    code, told = sign_run(Path(typed["report_dir"] or "udckit-report") / RECORD_NAME, wanted)
    if code:
        complain(told)
    else:
        click.echo(told, err=manner.json or manner.quiet)
    return code


_LATER: Final = "`udckit cert sign --stages …` signs from the record what stages are certified."
